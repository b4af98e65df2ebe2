-- Profiles and runs.
--
-- A profile's position is a 53-bit hash of its user_id, so the order of positions is one fixed random
-- order of all users, whatever order they were stored in. Every index ends in the position (it is the
-- rowid), so a filtered page is a walk along one index, and a random draw is a walk from a random
-- place. Documents live apart: what is filtered stays narrow.

CREATE TABLE profiles (
  position     INTEGER PRIMARY KEY,
  user_id      TEXT NOT NULL,
  country      TEXT NOT NULL,
  geo_location TEXT NOT NULL,
  device_type  TEXT NOT NULL,
  source       TEXT NOT NULL,
  cpu_ms       REAL NOT NULL,
  memory_mb    REAL NOT NULL,
  network_kb   REAL NOT NULL,
  period_s     REAL NOT NULL
) STRICT;

CREATE UNIQUE INDEX profiles_by_user_id ON profiles (user_id);
CREATE INDEX profiles_by_country ON profiles (country);
CREATE INDEX profiles_by_geo_location ON profiles (geo_location);
CREATE INDEX profiles_by_device_type ON profiles (device_type);
CREATE INDEX profiles_by_source ON profiles (source);
CREATE INDEX profiles_by_cpu_ms ON profiles (cpu_ms);
CREATE INDEX profiles_by_memory_mb ON profiles (memory_mb);
CREATE INDEX profiles_by_network_kb ON profiles (network_kb);
CREATE INDEX profiles_by_period_s ON profiles (period_s);

CREATE TABLE profile_documents (
  position INTEGER PRIMARY KEY,
  document TEXT NOT NULL
) STRICT;

CREATE TABLE profile_labels (
  label    TEXT NOT NULL,
  position INTEGER NOT NULL,
  PRIMARY KEY (label, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE profile_actions (
  action   TEXT NOT NULL,
  position INTEGER NOT NULL,
  PRIMARY KEY (action, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE runs (
  number     INTEGER PRIMARY KEY,
  id         TEXT NOT NULL UNIQUE,
  kind       TEXT NOT NULL,
  name       TEXT NOT NULL,
  status     TEXT NOT NULL,
  started_at TEXT NOT NULL,
  report     TEXT
) STRICT;

-- Numbers that were given out, so that two processes never give out the same one.
CREATE TABLE counters (
  name  TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
