-- What a profile may be asked for by value (a label, an action, a place, a device, a source) stands
-- in one table of pairs of whole numbers: less than half the size of an index of texts, and a million
-- profiles are written to it in order. A user_id needs no index: its position is computed from it.

CREATE TABLE terms (
  id    INTEGER PRIMARY KEY,
  kind  TEXT NOT NULL,
  value TEXT NOT NULL,
  UNIQUE (kind, value)
) STRICT;

CREATE TABLE profile_terms (
  term     INTEGER NOT NULL,
  position INTEGER NOT NULL,
  PRIMARY KEY (term, position)
) STRICT, WITHOUT ROWID;

INSERT INTO terms (kind, value)
  SELECT DISTINCT 'label', label FROM profile_labels
  UNION ALL SELECT DISTINCT 'action', action FROM profile_actions
  UNION ALL SELECT DISTINCT 'country', country FROM profiles
  UNION ALL SELECT DISTINCT 'geo_location', geo_location FROM profiles
  UNION ALL SELECT DISTINCT 'device_type', device_type FROM profiles
  UNION ALL SELECT DISTINCT 'source', source FROM profiles;

INSERT INTO profile_terms
  SELECT t.id, l.position FROM profile_labels l JOIN terms t ON t.kind = 'label' AND t.value = l.label
  UNION ALL
  SELECT t.id, a.position FROM profile_actions a
    JOIN terms t ON t.kind = 'action' AND t.value = a.action
  UNION ALL
  SELECT t.id, p.position FROM profiles p JOIN terms t ON t.kind = 'country' AND t.value = p.country
  UNION ALL
  SELECT t.id, p.position FROM profiles p
    JOIN terms t ON t.kind = 'geo_location' AND t.value = p.geo_location
  UNION ALL
  SELECT t.id, p.position FROM profiles p
    JOIN terms t ON t.kind = 'device_type' AND t.value = p.device_type
  UNION ALL
  SELECT t.id, p.position FROM profiles p JOIN terms t ON t.kind = 'source' AND t.value = p.source
  ORDER BY 1, 2;

DROP TABLE profile_labels;
DROP TABLE profile_actions;
DROP INDEX profiles_by_user_id;
DROP INDEX profiles_by_country;
DROP INDEX profiles_by_geo_location;
DROP INDEX profiles_by_device_type;
DROP INDEX profiles_by_source;
ALTER TABLE profiles DROP COLUMN country;
ALTER TABLE profiles DROP COLUMN geo_location;
ALTER TABLE profiles DROP COLUMN device_type;
ALTER TABLE profiles DROP COLUMN source;
