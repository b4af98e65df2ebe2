-- Rollouts: what was decided, in the order it was decided, and what it left behind.
--
-- A rollout's state changes only together with a line of its journal, in one transaction that also
-- checks the epoch of the writer. Whoever takes a rollout over raises the epoch, so that a controller
-- which was thought dead can never write again.

CREATE TABLE rollouts (
  number       INTEGER PRIMARY KEY,
  id           TEXT NOT NULL UNIQUE,
  name         TEXT NOT NULL,
  version      TEXT,
  target       TEXT NOT NULL,
  router       TEXT NOT NULL,
  -- The whole policy as a document, frozen at the start.
  policy       TEXT NOT NULL,
  started_at   TEXT NOT NULL,
  started_by   TEXT NOT NULL,
  ended_at     TEXT,
  -- The state of the machine; `document` is all of it as JSON.
  state        TEXT NOT NULL,
  document     TEXT NOT NULL,
  run          TEXT,
  epoch        INTEGER NOT NULL,
  -- Who controls it: `host:pid`, and when it last said so (milliseconds since 1970).
  holder       TEXT,
  heartbeat_ms INTEGER NOT NULL
) STRICT;

-- One rollout moves a router, and one probes a target.
CREATE UNIQUE INDEX rollouts_by_open_router ON rollouts (router) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX rollouts_by_open_target ON rollouts (target) WHERE ended_at IS NULL;

CREATE TABLE journal (
  rollout  TEXT NOT NULL,
  seq      INTEGER NOT NULL,
  epoch    INTEGER NOT NULL,
  at       TEXT NOT NULL,
  kind     TEXT NOT NULL,
  actor    TEXT NOT NULL,
  document TEXT NOT NULL,
  PRIMARY KEY (rollout, seq)
) STRICT, WITHOUT ROWID;

-- What people asked for: kept until the controller answered, whichever process that is.
CREATE TABLE words (
  number  INTEGER PRIMARY KEY,
  rollout TEXT NOT NULL,
  at      TEXT NOT NULL,
  act     TEXT NOT NULL,
  by      TEXT NOT NULL,
  reason  TEXT,
  answer  TEXT
) STRICT;
CREATE INDEX words_by_rollout ON words (rollout, number);

CREATE TABLE readings (
  rollout  TEXT NOT NULL,
  at_ms    INTEGER NOT NULL,
  document TEXT NOT NULL,
  PRIMARY KEY (rollout, at_ms)
) STRICT, WITHOUT ROWID;

-- The evidence as it was last saved, so that a restart goes on with it.
CREATE TABLE evidence (
  rollout  TEXT PRIMARY KEY,
  document TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE alerts (
  number        INTEGER PRIMARY KEY,
  id            TEXT NOT NULL UNIQUE,
  key           TEXT NOT NULL UNIQUE,
  rollout       TEXT NOT NULL,
  kind          TEXT NOT NULL,
  state         TEXT NOT NULL,
  severity      TEXT NOT NULL,
  since         TEXT NOT NULL,
  resolved_at   TEXT,
  title         TEXT NOT NULL,
  runbook       TEXT,
  investigation TEXT
) STRICT;

-- One line for each channel and each change of an alert's state, until it was delivered.
CREATE TABLE deliveries (
  number     INTEGER PRIMARY KEY,
  alert      TEXT NOT NULL,
  change     TEXT NOT NULL,
  channel    TEXT NOT NULL,
  body       TEXT NOT NULL,
  state      TEXT NOT NULL,
  tries      INTEGER NOT NULL,
  next_at_ms INTEGER NOT NULL,
  problem    TEXT,
  UNIQUE (alert, change, channel)
) STRICT;
CREATE INDEX deliveries_by_state ON deliveries (state, next_at_ms);

CREATE TABLE investigations (
  number   INTEGER PRIMARY KEY,
  id       TEXT NOT NULL UNIQUE,
  rollout  TEXT,
  run      TEXT NOT NULL,
  at       TEXT NOT NULL,
  title    TEXT NOT NULL,
  document TEXT NOT NULL
) STRICT;
CREATE INDEX investigations_by_rollout ON investigations (rollout, number);
CREATE INDEX investigations_by_run ON investigations (run, number);

-- Who asked for what.
CREATE TABLE audit (
  number  INTEGER PRIMARY KEY,
  at      TEXT NOT NULL,
  who     TEXT NOT NULL,
  what    TEXT NOT NULL,
  subject TEXT NOT NULL,
  status  INTEGER NOT NULL,
  detail  TEXT
) STRICT;
