-- The session that took this one's place when its user signed in again. For some seconds the old token stands for it.
ALTER TABLE sessions ADD COLUMN replaced_by INTEGER;

-- Grows with every change of a user, so that two who change one notice each other.
ALTER TABLE users ADD COLUMN revision INTEGER NOT NULL DEFAULT 1;
