-- What a worker takes: tests, or all other runs. Its rows are signs of life, made anew at each start.
DROP TABLE workers;
CREATE TABLE workers (
  replica TEXT NOT NULL,
  worker INTEGER NOT NULL,
  for_tests INTEGER NOT NULL CHECK (for_tests IN (0, 1)),
  beat_tick INTEGER NOT NULL,
  PRIMARY KEY (replica, worker)
) STRICT, WITHOUT ROWID;

-- Counted up by who wants to know whether anything is kept; it means nothing else.
ALTER TABLE instance ADD COLUMN probes INTEGER NOT NULL DEFAULT 0;

-- The latest run of each operation is never forgotten; it is found here.
CREATE INDEX runs_last_of ON runs (fabric_id, operation, ended_rank) WHERE state = 'ended';
