-- Everything that the record is made of. Times are milliseconds since 1970; "tick" columns count milliseconds of the
-- clock that leases run by, which no change of wall time moves. Words in CHECK are those of the closed sets.

-- The words of the catalogue of message codes; filled by the program that opens the database.
CREATE TABLE codes (
  name TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

CREATE TABLE instance (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  name TEXT NOT NULL,
  incarnation TEXT NOT NULL,
  csrf_key BLOB NOT NULL CHECK (length(csrf_key) = 32),
  setup_hash BLOB CHECK (length(setup_hash) = 32),
  setup_expires INTEGER,
  fabrics_revision INTEGER NOT NULL DEFAULT 0,
  feed_swept INTEGER NOT NULL DEFAULT 0,
  created INTEGER NOT NULL,
  CHECK ((setup_hash IS NULL) = (setup_expires IS NULL))
) STRICT;

-- The last id given out of tables whose rows are written by the thousand, so that none is ever given twice.
CREATE TABLE last_ids (
  table_name TEXT PRIMARY KEY,
  last_id INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO last_ids (table_name, last_id) VALUES ('objects', 0), ('history', 0);

CREATE TABLE users (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL CHECK (name <> ''),
  name_key TEXT NOT NULL UNIQUE,
  role TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'administrator')),
  password_hash TEXT NOT NULL,
  failures INTEGER NOT NULL DEFAULT 0,
  locked_until INTEGER,
  created INTEGER NOT NULL
) STRICT;

CREATE TABLE sessions (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  token_hash BLOB NOT NULL UNIQUE CHECK (length(token_hash) = 32),
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  created INTEGER NOT NULL,
  last_seen INTEGER NOT NULL,
  idle_ends INTEGER NOT NULL,
  absolute_ends INTEGER NOT NULL,
  method TEXT NOT NULL CHECK (method IN ('password', 'setup_code')),
  address TEXT NOT NULL,
  agent TEXT NOT NULL,
  end_reason TEXT CHECK (end_reason IN ('signed_out', 'idle', 'limit', 'revoked', 'too_many')),
  ended INTEGER,
  CHECK ((end_reason IS NULL) = (ended IS NULL))
) STRICT;
CREATE INDEX sessions_of_user ON sessions (user_id) WHERE ended IS NULL;

CREATE TABLE fabrics (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL CHECK (name <> ''),
  name_key TEXT NOT NULL UNIQUE,
  description TEXT NOT NULL,
  site TEXT NOT NULL,
  search_key TEXT NOT NULL,
  server TEXT,  -- NULL: no cluster is set up, and the next five say nothing.
  ca TEXT NOT NULL DEFAULT '',
  has_token INTEGER NOT NULL DEFAULT 0 CHECK (has_token IN (0, 1)),
  client_certificate TEXT NOT NULL DEFAULT '',
  tls_server_name TEXT NOT NULL DEFAULT '',
  namespaces TEXT NOT NULL DEFAULT '[]',
  generation INTEGER NOT NULL DEFAULT 1,
  shares_cluster INTEGER NOT NULL CHECK (shares_cluster IN (0, 1)),
  identity TEXT,
  new_identity TEXT,
  cluster_version TEXT,
  paused_since INTEGER,
  paused_by TEXT,
  pause_reason TEXT,
  pause_code TEXT REFERENCES codes (name),
  reach TEXT NOT NULL DEFAULT 'not_measured' CHECK (reach IN (
    'reachable', 'unreachable', 'refused', 'untrusted', 'not_set_up', 'checking', 'not_measured')),
  reach_as_of INTEGER,
  reach_code TEXT REFERENCES codes (name),
  reach_detail TEXT NOT NULL DEFAULT '',
  reach_ms INTEGER NOT NULL DEFAULT 0,
  created INTEGER NOT NULL,
  revision INTEGER NOT NULL DEFAULT 1,
  CHECK ((paused_since IS NULL) = (pause_reason IS NULL)),
  CHECK ((paused_since IS NULL) = (paused_by IS NULL))
) STRICT;
CREATE INDEX fabrics_of_identity ON fabrics (identity) WHERE identity IS NOT NULL;

CREATE TABLE credentials (
  fabric_id INTEGER NOT NULL REFERENCES fabrics (id) ON DELETE CASCADE,
  which TEXT NOT NULL CHECK (which IN ('token', 'client_key')),
  sealed BLOB NOT NULL,
  PRIMARY KEY (fabric_id, which)
) STRICT, WITHOUT ROWID;

CREATE TABLE ownership (
  fabric_id INTEGER PRIMARY KEY REFERENCES fabrics (id) ON DELETE CASCADE,
  replica TEXT NOT NULL DEFAULT '',
  epoch INTEGER NOT NULL DEFAULT 0,
  expires_tick INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE workers (
  replica TEXT NOT NULL,
  worker INTEGER NOT NULL,
  beat_tick INTEGER NOT NULL,
  PRIMARY KEY (replica, worker)
) STRICT, WITHOUT ROWID;

CREATE TABLE runs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  fabric_id INTEGER REFERENCES fabrics (id) ON DELETE SET NULL,  -- What a run did outlives its fabric.
  fabric_name TEXT NOT NULL,
  operation TEXT NOT NULL CHECK (operation IN ('pull', 'push', 'git-pull', 'git-push', 'compare', 'test')),
  scope TEXT NOT NULL,
  trigger TEXT NOT NULL CHECK (trigger IN ('manual', 'schedule', 'webhook', 'watch', 'api', 'cli')),
  actor_id INTEGER NOT NULL,
  actor_name TEXT NOT NULL,
  reason TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'ended')),
  outcome TEXT CHECK (outcome IN ('succeeded', 'partly', 'failed', 'cancelled', 'lost')),
  code TEXT REFERENCES codes (name),
  detail TEXT NOT NULL DEFAULT '',
  next TEXT NOT NULL DEFAULT '',
  epoch INTEGER NOT NULL DEFAULT 0,
  created INTEGER NOT NULL,
  started INTEGER,
  ended INTEGER,
  ended_rank INTEGER,  -- The order in which the fabric's runs ended, whatever the wall clock did.
  progress_at INTEGER,
  queued_tick INTEGER NOT NULL,
  progress_tick INTEGER,
  retry_of INTEGER,
  cancel_by TEXT NOT NULL DEFAULT '',
  created_count INTEGER NOT NULL DEFAULT 0,
  changed_count INTEGER NOT NULL DEFAULT 0,
  unchanged_count INTEGER NOT NULL DEFAULT 0,
  removed_count INTEGER NOT NULL DEFAULT 0,
  skipped_count INTEGER NOT NULL DEFAULT 0,
  failed_count INTEGER NOT NULL DEFAULT 0,
  kinds TEXT NOT NULL DEFAULT '[]',
  trace TEXT NOT NULL,
  revision INTEGER NOT NULL DEFAULT 1,
  CHECK ((state = 'ended') = (outcome IS NOT NULL)),
  CHECK ((state = 'ended') = (ended IS NOT NULL)),
  CHECK ((state = 'ended') = (ended_rank IS NOT NULL)),
  CHECK (state <> 'running' OR (started IS NOT NULL AND epoch > 0))
) STRICT;
CREATE UNIQUE INDEX runs_one_running ON runs (fabric_id) WHERE state = 'running' AND operation <> 'test';
CREATE UNIQUE INDEX runs_one_queued ON runs (fabric_id, operation, scope) WHERE state = 'queued';
CREATE INDEX runs_of_fabric ON runs (fabric_id, id);
CREATE INDEX runs_open ON runs (fabric_id, id) WHERE state <> 'ended';
CREATE INDEX runs_last ON runs (fabric_id, ended_rank) WHERE state = 'ended';
CREATE INDEX runs_ended ON runs (ended) WHERE state = 'ended';

-- An ended run never changes; only its revision may still be announced, and its fabric may go.
CREATE TRIGGER runs_ended_stay BEFORE UPDATE OF
  id, fabric_name, operation, scope, trigger, actor_id, actor_name, reason, state, outcome, code, detail,
  next, epoch, created, started, ended, ended_rank, progress_at, queued_tick, progress_tick, retry_of, cancel_by,
  created_count, changed_count, unchanged_count, removed_count, skipped_count, failed_count, kinds, trace
ON runs WHEN OLD.state = 'ended'
BEGIN
  SELECT RAISE(ABORT, 'an ended run never changes');
END;

-- What was made may be gone by now, so nothing ties the key to it.
CREATE TABLE request_keys (
  user_id INTEGER NOT NULL,
  route TEXT NOT NULL,
  key TEXT NOT NULL,
  body_hash BLOB NOT NULL CHECK (length(body_hash) = 32),
  made TEXT NOT NULL CHECK (made IN ('run', 'fabric', 'connection_test', 'user')),
  made_id INTEGER NOT NULL,
  joined INTEGER NOT NULL CHECK (joined IN (0, 1)),
  created INTEGER NOT NULL,
  PRIMARY KEY (user_id, route, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX request_keys_age ON request_keys (created);

CREATE TABLE kinds (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  fabric_id INTEGER NOT NULL REFERENCES fabrics (id) ON DELETE CASCADE,
  group_name TEXT NOT NULL,
  kind TEXT NOT NULL,
  version TEXT NOT NULL,
  plural TEXT NOT NULL,
  namespaced INTEGER NOT NULL CHECK (namespaced IN (0, 1)),
  coverage TEXT NOT NULL DEFAULT 'not_measured' CHECK (coverage IN (
    'readable', 'not_readable', 'not_served', 'out_of_scope', 'not_measured')),
  code TEXT REFERENCES codes (name),
  detail TEXT NOT NULL DEFAULT '',
  remedy TEXT NOT NULL DEFAULT '',
  as_of INTEGER,
  resource_version TEXT NOT NULL DEFAULT '',
  rewound INTEGER,  -- Since when its versions are known to have gone back; NULL once somebody confirmed that.
  UNIQUE (fabric_id, kind, group_name)
) STRICT;

-- What the cluster had when it was last seen; its document is that of the object's latest history row with one.
CREATE TABLE objects (
  id INTEGER PRIMARY KEY,
  fabric_id INTEGER NOT NULL REFERENCES fabrics (id) ON DELETE CASCADE,
  kind_id INTEGER NOT NULL REFERENCES kinds (id) ON DELETE CASCADE,
  namespace TEXT NOT NULL,
  name TEXT NOT NULL,
  version TEXT NOT NULL,
  uid TEXT NOT NULL,
  resource_version TEXT NOT NULL,
  digest BLOB NOT NULL CHECK (length(digest) = 32),
  raw_hash INTEGER NOT NULL,
  deleting INTEGER NOT NULL CHECK (deleting IN (0, 1)),
  first_seen INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  removed INTEGER,
  -- Of when it was last proven, once its namespace is not read any more; NULL again when it is read or removed.
  out_of_scope INTEGER,
  CHECK (removed IS NULL OR out_of_scope IS NULL)
) STRICT;
CREATE UNIQUE INDEX objects_identity ON objects (kind_id, namespace, name);
-- One for each order of a list of what is present; the last serves the numbers per kind as well.
CREATE INDEX objects_by_name ON objects (fabric_id, name) WHERE removed IS NULL AND out_of_scope IS NULL;
CREATE INDEX objects_by_namespace ON objects (fabric_id, namespace) WHERE removed IS NULL AND out_of_scope IS NULL;
CREATE INDEX objects_by_change ON objects (fabric_id, changed) WHERE removed IS NULL AND out_of_scope IS NULL;
CREATE INDEX objects_by_kind ON objects (fabric_id, kind_id) WHERE removed IS NULL AND out_of_scope IS NULL;

-- A run's rows go before its objects' history does, so nothing ties the two.
CREATE TABLE history (
  id INTEGER PRIMARY KEY,
  object_id INTEGER NOT NULL REFERENCES objects (id) ON DELETE CASCADE,
  run_id INTEGER NOT NULL,
  at INTEGER NOT NULL,
  change TEXT NOT NULL CHECK (change IN ('created', 'changed', 'removed')),
  uid TEXT NOT NULL,
  resource_version TEXT NOT NULL,
  document TEXT,
  CHECK ((change = 'removed') = (document IS NULL))
) STRICT;
CREATE INDEX history_of_object ON history (object_id, id);
CREATE INDEX history_of_run ON history (run_id, id);

CREATE TABLE changes (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  topic TEXT NOT NULL CHECK (topic IN ('fabric', 'run', 'fabrics', 'connection_test')),
  subject INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  at INTEGER NOT NULL
) STRICT;

CREATE TABLE audit (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  actor_id INTEGER NOT NULL,
  actor_name TEXT NOT NULL,
  action TEXT NOT NULL CHECK (action <> ''),
  subject_kind TEXT NOT NULL,
  subject INTEGER NOT NULL,
  subject_name TEXT NOT NULL,
  result TEXT NOT NULL,
  request TEXT NOT NULL,
  address TEXT NOT NULL,
  run_id INTEGER,
  details TEXT NOT NULL
) STRICT;
CREATE TRIGGER audit_stays BEFORE UPDATE ON audit
BEGIN
  SELECT RAISE(ABORT, 'an audit row never changes');
END;
CREATE TRIGGER audit_remains BEFORE DELETE ON audit
BEGIN
  SELECT RAISE(ABORT, 'an audit row is never removed');
END;

CREATE TABLE connection_tests (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  actor_id INTEGER NOT NULL,
  server TEXT NOT NULL,
  contexts TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'ended')),
  outcome TEXT CHECK (outcome IN ('succeeded', 'partly', 'failed', 'cancelled', 'lost')),
  rungs TEXT NOT NULL DEFAULT '[]',
  created INTEGER NOT NULL,
  revision INTEGER NOT NULL DEFAULT 1,
  CHECK ((state = 'ended') = (outcome IS NOT NULL))
) STRICT;
