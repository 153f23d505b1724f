// A record with a long past (row P17): what people look at costs no more for it, and what is too old goes in chunks
// while others work.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "../support/fixtures";
import { middle, timed } from "../support/others";
import { expectRead } from "../support/read";
import { until } from "../support/process";
import type { TestServer } from "../support/server";
import { inFull } from "../support/tree";

const many = inFull ? 1_000_000 : 200_000;
const chunk = 1_000;

// Runs that ended a second after each other, the first of them a hundred days ago and more.
const past = (fabric: number) => `
  PRAGMA synchronous = OFF;
  INSERT INTO runs (fabric_id, fabric_name, operation, scope, trigger, actor_id, actor_name, reason, state, outcome,
    created, started, ended, ended_rank, queued_tick, trace)
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${many})
  SELECT ${fabric}, 'long ago', 'pull', '', 'api', 1, 'operator', '', 'ended', 'succeeded',
    t.at + i * 1000, t.at + i * 1000, t.at + i * 1000, i, 0, r.trace
  FROM n, (SELECT (unixepoch() - 100 * 86400 - ${many}) * 1000 AS at) t,
    (SELECT json_group_array(json('{"state":"passed"}')) AS trace
     FROM (SELECT 1 FROM sqlite_schema LIMIT 9)) r`;

// The middle one of some.
const times = 9;
async function timeOf(ask: () => Promise<unknown>): Promise<number> {
  const took: number[] = [];
  for (let time = 0; time < times; time += 1) took.push(await timed(ask));
  return middle(took);
}

const runsIn = async (server: TestServer) =>
  (await server.record.rows<{ n: number }>("SELECT count(*) AS n FROM runs"))[0]?.n ?? 0;

test.use({ settings: { "retention.runs": "1000d" } });

test(
  "P17: with a long past pages answer as before, and what is too old is forgotten in chunks while others work",
  { tag: "@long" },
  async ({ hedgerow, cluster }, info) => {
    test.setTimeout(inFull ? 900_000 : 180_000);
    info.annotations.push({ type: "amount", description: `${many} runs` });
    const { server } = hedgerow;
    const fabric = await hedgerow.fabric({ cluster });
    const api = await server.as("operator");
    const few = await hedgerow.fabric({ cluster, name: "few" });
    const administrator = await server.as("administrator");
    for (const { id } of [fabric, few])
      await administrator.editFabric(id, { shares_cluster: true });
    expectRead(await api.pull(few.id), { created: 48 });
    const syncs = () => timeOf(() => api.pull(few.id));
    const before = await syncs();
    await server.restart(() => server.record.change(past(fabric.id)));
    expect(await runsIn(server)).toBe(many + 1 + times);
    expectRead(await api.pull(fabric.id), { created: 48 });
    const after = await syncs();
    info.annotations.push({ type: "a sync", description: `${after} ms, before ${before} ms` });
    expect(after, "the past costs a sync nothing").toBeLessThan(2 * before + 20);
    const young = (await runsIn(server)) - many;

    const pages = ["", "kinds/", "objects/?limit=50"];
    for (const page of pages) {
      const of = (id: number) => timeOf(() => api.must("GET", `/api/fabrics/${id}/${page}`));
      const with_ = await of(fabric.id);
      const without = await of(few.id);
      info.annotations.push({ type: page, description: `${with_} ms, without ${without} ms` });
      expect(with_, `${page}: the past costs nothing`).toBeLessThan(3 * without + 5);
    }
    // These say how many there are, and counting a million takes its time.
    for (const page of [
      "/api/runs/?limit=50",
      `/api/fabrics/${fabric.id}/runs/?limit=50`,
      "/api/fabrics/",
    ]) {
      const took = await timeOf(() => api.must("GET", page));
      info.annotations.push({ type: page, description: `${took} ms` });
      expect(took, page).toBeLessThan(200);
    }

    await server.restart(() => {
      const folder = join(dirname(server.settings), "conf.d");
      mkdirSync(folder);
      writeFileSync(join(folder, "keep.toml"), 'retention.runs = "90d"\n');
      return Promise.resolve();
    });
    // Of two hundred thousand the first thirty chunks show it.
    const enough = inFull ? young : Math.max(young, many - 30 * chunk);
    const seen = new Set<number>();
    let clicks = 0;
    await until(
      "the past to be forgotten",
      async () => {
        const left = await runsIn(server);
        seen.add(left - clicks);
        if (left - clicks <= enough) return true;
        const { run } = await api.start(few.id);
        clicks += 1;
        expect((await api.ended(run.id)).outcome, "others work").toBe("succeeded");
        return undefined;
      },
      inFull ? 600_000 : 60_000,
    );
    info.annotations.push({ type: "worked meanwhile", description: String(clicks) });
    expect(seen.size, "not at once").toBeGreaterThan(2);
    for (const left of seen)
      expect(left <= young || (many + young - left) % chunk === 0, `${left} left`).toBe(true);
    expect((await api.fabric(fabric.id)).facts.last_run.state).toBe("succeeded");
    expect((await server.command(["check"])).code).toBe(0);
  },
);
