-- What a profile may be asked for stands in blocks. A block is one of 64 equal stretches of positions;
-- within it each profile has a slot, and each term has the set of its slots as one blob: bits where it
-- is common, a list where it is rare. So two conditions that are common each and rarely meet cost a few
-- megabytes of bits, not a look at every profile of the rarer one. Amounts stand by slot, too: no index
-- of theirs has to be kept in order.
--
-- A place is (number × 64 + block), the number being that of a term or of an amount. A slot that is
-- free has the position -1. The numbers in blobs are little-endian.

CREATE TABLE profile_blocks (
  block     INTEGER PRIMARY KEY,
  positions BLOB NOT NULL
) STRICT;

-- By slot: sixteen bits in the order of the amounts, which decide nearly always, and the doubles.
CREATE TABLE profile_amounts (
  place  INTEGER PRIMARY KEY,
  coarse BLOB NOT NULL,
  exact  BLOB NOT NULL
) STRICT;

CREATE TABLE profile_slots (
  place INTEGER PRIMARY KEY,
  slots BLOB NOT NULL
) STRICT;
