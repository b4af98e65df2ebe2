-- What the baseline of a target measured in each of its runs, so that one which left its own
-- history is noticed before a canary is compared with it.
CREATE TABLE baseline_figures (
  number INTEGER PRIMARY KEY,
  target TEXT NOT NULL,
  action TEXT NOT NULL,
  metric TEXT NOT NULL,
  run    TEXT NOT NULL,
  at     TEXT NOT NULL,
  value  REAL NOT NULL,
  pairs  INTEGER NOT NULL,
  UNIQUE (target, action, metric, run)
) STRICT;

-- What a request of an action cost the baseline, by regression and by counting bytes.
CREATE TABLE action_costs (
  number     INTEGER PRIMARY KEY,
  target     TEXT NOT NULL,
  action     TEXT NOT NULL,
  run        TEXT NOT NULL,
  at         TEXT NOT NULL,
  cpu_ms     REAL,
  low_ms     REAL,
  high_ms    REAL,
  network_kb REAL,
  UNIQUE (target, action, run)
) STRICT;
CREATE INDEX action_costs_by_action ON action_costs (action, number);
