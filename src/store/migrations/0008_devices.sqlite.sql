-- Browsers in which a user has signed in, by the hash of what their cookie holds: wrong passwords from there are counted by
-- themselves, so that strangers who guess lock out strangers alone.
CREATE TABLE devices (
  token_hash BLOB NOT NULL,
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  used INTEGER NOT NULL,
  failures INTEGER NOT NULL DEFAULT 0,
  locked_until INTEGER,
  PRIMARY KEY (token_hash, user_id)
) STRICT;
CREATE INDEX devices_of_user ON devices (user_id, used);
