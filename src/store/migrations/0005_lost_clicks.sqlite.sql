-- Clicks that never reached the server while they were wanted, as the page that made them told later.
CREATE TABLE lost_clicks (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  fabric_id INTEGER NOT NULL REFERENCES fabrics (id) ON DELETE CASCADE,
  actor_id INTEGER NOT NULL,
  actor_name TEXT NOT NULL,
  key TEXT NOT NULL,  -- The Idempotency-Key that the click would have had.
  operation TEXT NOT NULL CHECK (operation IN ('pull', 'push', 'git-pull', 'git-push', 'compare', 'test')),
  code TEXT NOT NULL REFERENCES codes (name),
  tries INTEGER NOT NULL CHECK (tries >= 0),
  tab TEXT NOT NULL,
  page_version TEXT NOT NULL,
  clicked INTEGER NOT NULL,
  told INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX lost_clicks_once ON lost_clicks (actor_id, key);
CREATE INDEX lost_clicks_of_fabric ON lost_clicks (fabric_id, clicked);
