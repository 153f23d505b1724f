// The settings as people have them, and what tests make of them: a tenth of every deadline.
// Every setting there is, as people have it. What is empty has no default.
export const defaults: Record<string, string> = {
  "http.address": "127.0.0.1",
  "http.port": "8080",
  "http.base_path": "",
  "http.origins": "",
  "http.allow_plain": "false",
  "http.trusted_proxies": "",
  "http.tls_certificate": "",
  "http.tls_key": "",
  "http.io_threads": "1",
  "http.worker_threads": "8",
  "http.heavy_threads": "2",
  "http.deadlines.first_byte": "10s",
  "http.deadlines.header": "10s",
  "http.deadlines.body": "30s",
  "http.deadlines.write": "30s",
  "http.deadlines.idle": "75s",
  "http.deadlines.linger": "2s",
  "http.deadlines.unwind": "200ms",
  "http.deadlines.accept_pause": "100ms",
  "http.deadlines.stop": "10s",
  "http.limits.headers": String(32 * 1024),
  "http.limits.target": String(8 * 1024),
  "http.limits.body": String(1024 * 1024),
  "http.limits.connections": "12000",
  "http.limits.queue": "256",
  "http.limits.heavy_queue": "32",
  "http.limits.bodies_held": String(256 * 1024 * 1024),
  "database.path": "",
  "database.busy_wait": "5s",
  "database.write_wait": "5s",
  "database.read_wait": "5s",
  "database.statement_max": "30s",
  "database.snapshot_max": "30s",
  "database.check_max": "1h",
  "database.probe_wait": "2s",
  "database.readers": "4",
  "database.size_max": "0",
  "database.log_checkpoint": String(64 * 1024 * 1024),
  "database.log_alarm": String(256 * 1024 * 1024),
  "security.key_file": "",
  "sessions.idle": "1h",
  "sessions.absolute": "1d",
  "sessions.per_user": "10",
  "sessions.handover": "10s",
  "sessions.touch_after": "30s",
  "sessions.setup_code": "1d",
  "sign_in.free_failures": "5",
  "sign_in.first_lock": "1s",
  "sign_in.longest_lock": "15m",
  "sign_in.pending_lock": "15s",
  "sign_in.devices": "20",
  "sign_in.address_burst": "60",
  "sign_in.address_refill": "1s",
  "sign_in.hash_memory_mib": "64",
  "sign_in.hash_wait": "10s",
  "outbound.allow": "",
  "outbound.proxy": "",
  "outbound.proxy_user": "",
  "outbound.proxy_password_file": "",
  "outbound.direct": "",
  "outbound.deadlines.dns": "5s",
  "outbound.deadlines.connect": "5s",
  "outbound.deadlines.tls": "5s",
  "outbound.deadlines.first_byte": "15s",
  "outbound.deadlines.floor_span": "10s",
  "outbound.deadlines.total": "30s",
  "outbound.retries.tries": "3",
  "outbound.retries.pause": "500ms",
  "cluster.page_size": "0",
  "cluster.concurrency": "6",
  "cluster.namespaces_max": "200",
  "cluster.item_bytes_max": String(16 * 1024 * 1024),
  "cluster.page_bytes_max": String(64 * 1024 * 1024),
  "cluster.list_bytes_max": String(256 * 1024 * 1024),
  "cluster.reading_bytes_max": String(512 * 1024 * 1024),
  "cluster.keep_idle": "1m",
  "cluster.ladder_total": "10s",
  "runs.workers": "4",
  "runs.no_progress": "1m",
  "runs.no_worker": "1m",
  "runs.stack_wait": "500ms",
  "runs.lease": "15s",
  "runs.renew": "5s",
  "runs.reap": "3s",
  "runs.look": "1s",
  "runs.beat": "5s",
  "runs.stop": "10s",
  "runs.progress": "250ms",
  "runs.chunk_time": "50ms",
  "runs.chunk_rows": "5000",
  "runs.fresh_for": "10m",
  "retention.runs": "90d",
  "retention.history": "400d",
  "retention.history_versions": "50",
  "retention.request_keys": "1d",
  "retention.changes": "1h",
  "retention.changes_most": "100000",
  "retention.sessions": "7d",
  "retention.devices": "90d",
  "retention.connection_tests": "1d",
  "retention.sweep": "1h",
  "retention.chunk": "1000",
  "events.heartbeat": "5s",
  "events.bytes_held": String(256 * 1024),
  "page.answer": "15s",
  "page.ask_again": "10m",
  "page.same_click": "1s",
  "page.live": "12s",
  "page.poll": "5s",
  "page.worker": "5s",
  "page.hidden": "30s",
  "page.hidden_poll": "1m",
  "page.pause": "1s",
  "page.pause_longest": "15s",
  "page.slow": "3s",
  "page.stuck": "10s",
  "page.warn": "2m",
  "page.renew": "5m",
  "page.stands": "1m",
  "page.untold": "1d",
  "log.level": "info",
};

// Spans that nobody waits for: lives of what is kept, locks, and shares of work. And the waits for this machine's own
// disk, which is no quicker in a test: a tenth of those would measure the machine.
const noDeadlines = [
  ...["sessions.idle", "sessions.absolute", "sessions.touch_after", "sessions.setup_code"],
  ...["sign_in.first_lock", "sign_in.longest_lock", "sign_in.pending_lock"],
  ...["sign_in.address_refill", "http.deadlines.accept_pause", "cluster.keep_idle"],
  ...["runs.progress", "runs.chunk_time", "runs.fresh_for", "page.same_click"],
  "page.untold",
];
const isDeadline = (name: string) =>
  !/^(retention|database)\./.test(name) && !noDeadlines.includes(name);

const unitMs: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

export function msOf(span: string): number | undefined {
  const [, count, unit] = /^(\d+)(ms|s|m|h|d)$/.exec(span) ?? [];
  return unit === undefined ? undefined : Number(count) * (unitMs[unit] ?? NaN);
}

// A share of the spans whose names match.
const shareOf = (part: number, which: RegExp): Record<string, string> =>
  Object.fromEntries(
    Object.entries(defaults).flatMap(([name, said]) => {
      const ms = which.test(name) ? msOf(said) : undefined;
      return ms === undefined ? [] : [[name, `${ms * part}ms`]];
    }),
  );

export const tenthOf = (which: RegExp) => shareOf(0.1, which);
// For the tests that prove a time that people were promised.
export const asPeopleHaveThem = (which: RegExp) => shareOf(1, which);

export const tenth = Object.fromEntries(
  Object.entries(tenthOf(/./)).filter(([name]) => isDeadline(name)),
);
