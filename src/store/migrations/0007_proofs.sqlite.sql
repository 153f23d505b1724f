-- What must not hang on the wall clock, which people set and networks correct.
-- Of a kind's last complete list: the run that read it, and the tick at which it was asked for.
ALTER TABLE kinds ADD COLUMN read_by INTEGER;
ALTER TABLE kinds ADD COLUMN read_tick INTEGER;
-- The time that what is kept by age is held against, and the tick at which it was that. NULL before the first sweep.
ALTER TABLE instance ADD COLUMN kept_now INTEGER;
ALTER TABLE instance ADD COLUMN kept_tick INTEGER;

-- Wrong passwords for names without an account, by a slot that the name gives: as those of users, so that nobody learns
-- which names have one.
CREATE TABLE stranger_tries (
  slot INTEGER PRIMARY KEY,
  failures INTEGER NOT NULL,
  locked_until INTEGER
) STRICT;
