// The words for every closed set of the contract. A value without a word does not compile.
import type {
  Authority,
  ChangeKind,
  Coverage,
  HeadlineState,
  HealthCheck,
  LastRun,
  LayerState,
  Match,
  Operation,
  Outcome,
  Permission,
  Presence,
  Reach,
  Role,
  Rung,
  RungState,
  RunState,
  Trigger,
  Verdict,
} from "../api/types";

// How a state looks: its glyph and the colour of ui/tokens.css that belongs to it.
export type Tone = "good" | "warn" | "bad" | "busy" | "quiet" | "plain";

export interface Word {
  glyph: string;
  word: string;
  tone: Tone;
}

const good = (word: string): Word => ({ glyph: "✓", word, tone: "good" });
const differs = (word: string): Word => ({ glyph: "≠", word, tone: "warn" });
const partly = (word: string): Word => ({ glyph: "◐", word, tone: "warn" });
const bad = (word: string): Word => ({ glyph: "✕", word, tone: "bad" });
const busy = (word: string): Word => ({ glyph: "↻", word, tone: "busy" });
const untold = (word: string): Word => ({ glyph: "?", word, tone: "quiet" });
const open = (word: string): Word => ({ glyph: "○", word, tone: "quiet" });
const none = (word: string): Word => ({ glyph: "–", word, tone: "quiet" });

export const operationName: Record<Operation, string> = {
  pull: "Sync from Fabric",
  push: "Sync to Kubernetes",
  "git-pull": "Sync from Git",
  "git-push": "Commit to Git",
  compare: "Compare",
  test: "Test connection",
};

export const direction: Record<Operation, string> = {
  pull: "cluster → record",
  push: "record → cluster",
  "git-pull": "Git → record",
  "git-push": "record → Git",
  compare: "nothing is written",
  test: "nothing is written",
};

export const headline: Record<HeadlineState, Word> = {
  not_set_up: none("Not set up"),
  paused: { glyph: "‖", word: "Paused", tone: "quiet" },
  cannot_tell: untold("Cannot tell"),
  failing: bad("Failing"),
  differs: differs("Differs"),
  in_sync: good("In sync"),
  declared_only: { glyph: "◌", word: "Declared only", tone: "plain" },
  read: { glyph: "●", word: "Read", tone: "plain" },
  not_measured: open("Not measured"),
};

export const reach: Record<Reach, Word> = {
  reachable: good("Reachable"),
  unreachable: bad("Unreachable"),
  refused: bad("Refused"),
  untrusted: bad("Untrusted"),
  not_set_up: none("Not set up"),
  checking: busy("Checking"),
  not_measured: open("Not measured"),
};

export const match: Record<Match, Word> = {
  matches: good("Matches"),
  differs: differs("Differs"),
  nothing_to_compare: none("Nothing to compare"),
  cannot_compare: untold("Cannot compare"),
  comparing: busy("Comparing"),
  not_measured: open("Not measured"),
};

export const lastRun: Record<LastRun, Word> = {
  none_yet: open("None yet"),
  queued: { glyph: "…", word: "Queued", tone: "busy" },
  running: busy("Running"),
  succeeded: good("Succeeded"),
  partly: partly("Partly"),
  failed: bad("Failed"),
  cancelled: none("Cancelled"),
  lost: bad("Lost"),
};

export const outcome: Record<Outcome, Word> = {
  succeeded: lastRun.succeeded,
  partly: lastRun.partly,
  failed: lastRun.failed,
  cancelled: lastRun.cancelled,
  lost: lastRun.lost,
};

// What the server needs, in System health.
export const check: Record<HealthCheck["name"], string> = {
  database: "Database",
  workers: "Workers",
  page: "Page in the server",
  log: "Database log",
  writing: "Writing",
};

// How something is found that was looked at.
export const found = {
  good: good("Good"),
  warn: { glyph: "!", word: "Mind this", tone: "warn" },
  bad: bad("Not right"),
} satisfies Record<string, Word>;

// A run that has ended is said by its outcome.
export const runState: Record<RunState, Word> = {
  queued: lastRun.queued,
  running: lastRun.running,
  ended: none("Ended"),
};

export const layerState: Record<LayerState, Word> = {
  passed: good("Passed"),
  partly: partly("Partly"),
  failed: bad("Failed"),
  running: busy("Running"),
  not_reached: open("Not reached"),
  not_applicable: none("Not applicable"),
};

export const rungState: Record<RungState, Word> = {
  passed: good("Passed"),
  failed: bad("Failed"),
  running: busy("Measuring"),
  not_reached: open("Not reached"),
};

export const rung: Record<Rung, string> = {
  address: "Address is found",
  tcp: "Connection opens",
  tls: "Certificate is trusted",
  http: "Server answers",
  kubernetes: "It is a Kubernetes API server",
  credentials: "Credentials are accepted",
  identity: "Cluster identity",
  kinds: "Hedgehog kinds are there",
  rights: "Rights to read them",
};

export const trigger: Record<Trigger, string> = {
  manual: "by hand",
  schedule: "by schedule",
  webhook: "by webhook",
  watch: "by the watch",
  api: "by the API",
  cli: "from the command line",
};

export const coverage: Record<Coverage, Word> = {
  readable: good("Readable"),
  not_readable: bad("Not readable"),
  not_served: none("Not served"),
  out_of_scope: none("Out of scope"),
  not_measured: open("Not measured"),
};

export const authority: Record<Authority, string> = {
  git: "Git decides",
  record: "The record decides",
  cluster: "Watched only",
  ignored: "Ignored",
};

export const verdict: Record<Verdict, Word> = {
  watched: { glyph: "●", word: "Watched", tone: "plain" },
  unknown: untold("Unknown"),
  in_sync: good("In sync"),
  never_there: differs("Never there"),
  removed_in_cluster: differs("Removed in the cluster"),
  foreign: differs("Foreign"),
  removal_wanted: differs("Removal wanted"),
  never_agreed: differs("Differs, never agreed"),
  desired_ahead: differs("Desired ahead"),
  cluster_ahead: differs("Cluster ahead"),
  conflict: bad("Conflict"),
  rules_changed: differs("Rules changed"),
};

export const verdictMeaning: Record<Verdict, string> = {
  watched: "Nothing declares this object; the record follows the cluster.",
  unknown: "Its kind was not read to the end, so nothing can be said.",
  in_sync: "The cluster has what is desired.",
  never_there: "It is desired; the cluster never had it.",
  removed_in_cluster: "It is desired and was there; the cluster has it no more.",
  foreign: "The cluster has it; nobody desires it.",
  removal_wanted: "It is desired no more; the cluster still has it.",
  never_agreed: "Both sides have it and they never agreed.",
  desired_ahead: "The desired side has moved since both agreed.",
  cluster_ahead: "The cluster has moved since both agreed.",
  conflict: "Both sides have moved since they agreed.",
  rules_changed: "Neither side has moved; the rules of comparing have.",
};

export const changeKind: Record<ChangeKind, Word> = {
  created: { glyph: "+", word: "Created", tone: "plain" },
  changed: { glyph: "≠", word: "Changed", tone: "plain" },
  removed: { glyph: "−", word: "Removed", tone: "plain" },
};

export const presence: Record<Presence, string> = {
  present: "In the cluster",
  out_of_scope: "Out of scope",
  removed: "Removed",
  any: "All of them",
};

// An object whose namespace is not read any more.
export const outOfScope: Word = none("Out of scope");
export const outOfScopeMeaning =
  "This fabric does not read its namespace any more, so the record says nothing of it since.";

export const role: Record<Role, string> = {
  viewer: "Viewer",
  operator: "Operator",
  administrator: "Administrator",
};

// What it takes to start such a run, and to stop it.
export const permissionFor: Record<Operation, Permission> = {
  pull: "fabric.sync",
  push: "fabric.push",
  "git-pull": "fabric.sync",
  "git-push": "git.push",
  compare: "fabric.sync",
  test: "fabric.sync",
};

export const permissionMeaning: Record<Permission, string> = {
  "fabric.view": "see fabrics, runs and objects",
  "fabric.sync": "read a cluster into the record",
  "fabric.edit": "add, change and delete fabrics",
  "fabric.push": "write to a cluster",
  "fabric.prune": "remove from a cluster",
  "fabric.approve": "approve plans",
  "fabric.credentials": "replace credentials",
  "git.push": "write to a repository",
  "users.manage": "manage users",
  "settings.manage": "change settings",
  "audit.view": "read the audit log",
};
