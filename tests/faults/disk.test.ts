// A disk that fails at one read, write or flush or from one on for ever, or is full (row Q02): it is said, nothing that
// was acknowledged is lost, and the server goes on by itself.
import { expect, test } from "../support/fixtures";
import { freshKey, type Api } from "../support/api";
import { until } from "../support/process";
import { expectCatalogue } from "../support/sentence";
import type { Fabric, Problem, Run } from "../support/types";
import { thorough } from "../support/tree";
import type { Tracer } from "../support/tracer";

const isFault = ({ status }: { status: number }) => status >= 400;

function expectStorageError(problem: Problem): void {
  expect(problem, JSON.stringify(problem)).toMatchObject({ code: "storage_error", layer: 9 });
  expectCatalogue(problem);
}

async function rename(api: Api, fabric: Fabric, description: string) {
  const path = `/api/fabrics/${fabric.id}/`;
  const read = await api.ask<Fabric & Problem>("GET", path);
  if (isFault(read)) return read;
  const headers = { "If-Match": read.headers.get("ETag") ?? "" };
  return await api.ask<Fabric & Problem>("PATCH", path, { headers, body: { description } });
}

test("Q02: whichever read, write or flush fails while a fabric is changed, the answer says so, and the next one holds", async ({
  hedgerow,
}) => {
  test.slow();
  const { server } = hedgerow;
  server.allowedInLog.push(/storage_error|SQLite 10|disk I\/O/);
  const tracer = await server.restartTraced();
  const api = await server.as("administrator");
  const fabric = await api.addFabric("on a bad disk");
  let refused = 0;
  for (let at = 1, reached = at; reached >= at; at += 1) {
    const before = (await api.fabric(fabric.id)).description;
    const wanted = `change ${at}`;
    await tracer.failDisk(at);
    const answer = await rename(api, fabric, wanted);
    reached = await tracer.askedOfDisk();
    await tracer.letGo();
    if (isFault(answer)) {
      expect(answer.status, answer.text).toBe(503);
      expectStorageError(answer.body);
      refused += 1;
    }
    // By itself: what stands there is one of the two, and what was said to be done is done.
    const { description } = await until("an answer", async () => {
      const again = await api.ask<Fabric>("GET", `/api/fabrics/${fabric.id}/`);
      return isFault(again) ? undefined : again.body;
    });
    expect(isFault(answer) ? [before, wanted] : [wanted], `fault ${at}`).toContain(description);
    expect((await rename(api, fabric, `after ${at}`)).status, `after fault ${at}`).toBe(200);
  }
  expect(refused, "some of them hurt").toBeGreaterThan(0);
  expect((await server.command(["check"])).code).toBe(0);
});

test("Q02: whichever read, write or flush fails in a sync, the run says so or is whole, and the next one is", async ({
  hedgerow,
  cluster,
}, info) => {
  test.setTimeout(thorough ? 900_000 : 240_000);
  const { server } = hedgerow;
  server.allowedInLog.push(/storage_error|SQLite 10|disk I\/O/);
  const tracer = await server.restartTraced();
  const api = await server.as("administrator");
  const seen = new Map<string, number>();
  const step = thorough ? 1 : 30;
  let at = 1;
  for (let reached = at; reached >= at; at += step) {
    const fabric = await hedgerow.fabric({ cluster, name: `fault ${at}` });
    await api.editFabric(fabric.id, { shares_cluster: true });
    await tracer.failDisk(at);
    const path = `/api/fabrics/${fabric.id}/runs/`;
    const headers = { "Idempotency-Key": `fault-at-${at}` };
    const body = { operation: "pull" };
    const click = () => api.ask<{ run: Run } & Problem>("POST", path, { headers, body });
    const answer = await click();
    if (isFault(answer)) expectStorageError(answer.body);
    const run = await until("the end of the run", async () => {
      // The same click once more: it is that run, or there was none.
      const again = await click();
      if (isFault(again)) return undefined;
      const told = await api.ask<Run>("GET", `/api/runs/${again.body.run.id}/`);
      return !isFault(told) && told.body.state === "ended" ? told.body : undefined;
    });
    reached = await tracer.askedOfDisk();
    await tracer.letGo();
    const word = run.outcome === "succeeded" ? "succeeded" : (run.code ?? "none");
    seen.set(word, (seen.get(word) ?? 0) + 1);
    expect(["succeeded", "storage_error", "lost"], run.summary).toContain(word);
    const { outcome } = await api.pull(fabric.id);
    expect(outcome, `after fault ${at}`).toBe("succeeded");
    expect((await api.objects(fabric.id)).count, `after fault ${at}`).toBe(48);
    // The record stays as small as at the first of them.
    await api.must("DELETE", `/api/fabrics/${fabric.id}/?name=${encodeURIComponent(fabric.name)}`);
  }
  info.annotations.push({ type: "amount", description: `${at} instants` });
  expect(seen.get("succeeded"), "not each of them hurts").toBeGreaterThan(0);
  expect((await server.command(["check"])).code).toBe(0);
});

test.describe("with a second's patience", () => {
  test.use({ settings: { "database.write_wait": "1s" } });

  const refused = (answer: { status: number; body: Problem }) => {
    expect(answer.status, JSON.stringify(answer.body)).toBe(503);
    expect(["storage_busy", "storage_error"]).toContain(answer.body.code);
    expectCatalogue(answer.body);
  };

  test("Q02: a disk that answers no flush holds nobody longer than the deadlines, nor who reads or probes, and all goes on when it does", async ({
    hedgerow,
  }) => {
    const { server } = hedgerow;
    const tracer = await server.restartTraced();
    const api = await server.as("administrator");
    const fabric = await api.addFabric("on a slow disk");
    const path = `/api/fabrics/${fabric.id}/`;
    const { headers } = await api.ask("GET", path);
    const ifMatch = { "If-Match": headers.get("ETag") ?? "" };
    await tracer.holdFlush();
    const began = performance.now();
    const took = () => performance.now() - began;
    const wishes = Array.from({ length: 30 }, (_, at) => `wish ${at}`);
    const clicks = wishes.map(async (description) => {
      refused(await api.ask<Problem>("PATCH", path, { headers: ifMatch, body: { description } }));
    });
    await until("the writer to stand still", async () =>
      (await tracer.held()) > 0 ? true : undefined,
    );
    const stranger = server.stranger();
    expect((await stranger.ask("GET", "/livez")).status).toBe(200);
    expect(took(), "whatever all others wait for").toBeLessThan(900);
    await Promise.all(clicks);
    expect(took(), "and nobody waits for those before").toBeLessThan(6_000);
    expect((await stranger.ask("GET", "/readyz")).text).toContain("[-]writing failed");
    expect((await api.fabric(fabric.id)).description, "of what is not known nothing is shown").toBe(
      "",
    );
    const writing = await api.check("writing");
    expect(writing.good, writing.detail).toBe(false);
    expect(writing.detail).toMatch(/writing one change for \d+ s/);
    await tracer.letGo();
    await until("all to go on", async () => ((await api.check("writing")).good ? true : undefined));
    expect((await stranger.ask("GET", "/readyz")).status).toBe(200);
    expect((await rename(api, fabric, "after")).status).toBe(200);
    expect((await server.command(["check"])).code).toBe(0);
  });

  test("P01 Q02: a server whose disk answers no flush ends within its time when it is asked to, and says so", async ({
    hedgerow,
  }) => {
    const { server } = hedgerow;
    const tracer = await server.restartTraced();
    const api = await server.as("administrator");
    const fabric = await api.addFabric("on a slow disk");
    await tracer.holdFlush();
    refused(await rename(api, fabric, "kept or not"));
    const asked = performance.now();
    expect(await server.stop()).toBe(3);
    expect(performance.now() - asked).toBeLessThan(15_000);
    expect(server.logged("stopped")[0]).toMatchObject({ clean: false });
    await server.begin();
    const { description } = await (await server.as("administrator")).fabric(fabric.id);
    expect(["", "kept or not"]).toContain(description);
    expect((await server.command(["check"])).code).toBe(0);
  });
});

// From one instant on for ever: what is said meanwhile, and at which of them it is tried.
interface Lasting {
  from: (tracer: Tracer, n: number) => Promise<void>;
  code: "storage_error" | "storage_full";
  status: number;
  step: number;
}

const lasting: Record<string, Lasting> = {
  "is full": {
    from: (tracer, n) => tracer.fillDisk(n),
    ...{ code: "storage_full", status: 507, step: thorough ? 1 : 30 },
  },
  "takes no write": {
    from: (tracer, n) => tracer.failDiskFrom(n, "writes"),
    ...{ code: "storage_error", status: 503, step: thorough ? 1 : 30 },
  },
  "flushes nothing": {
    from: (tracer, n) => tracer.failDiskFrom(n, "flushes"),
    ...{ code: "storage_error", status: 503, step: 1 },
  },
};

for (const [what, { from, code, status, step }] of Object.entries(lasting))
  test(`Q02: a disk that ${what} from any instant of a sync on is said as ${code} for as long as it lasts, and then all goes on`, async ({
    hedgerow,
    cluster,
  }, info) => {
    test.setTimeout(thorough ? 900_000 : 240_000);
    const { server } = hedgerow;
    server.allowedInLog.push(/storage_(error|full)|SQLite 1[03]|disk I\/O|disk is full/);
    const tracer = await server.restartTraced();
    const api = await server.as("administrator");
    let tried = 0;
    for (let at = 1; ; at += step) {
      const fabric = await hedgerow.fabric({ cluster, name: `fault ${at}` });
      await api.editFabric(fabric.id, { shares_cluster: true });
      await from(tracer, at);
      const path = `/api/fabrics/${fabric.id}/runs/`;
      const headers = { "Idempotency-Key": `fault-from-${at}` };
      const wish = { headers, body: { operation: "pull" } };
      const click = () => api.ask<{ run: Run } & Problem>("POST", path, wish);
      const first = await click();
      const met = await until("the fault, or an end without it", async () => {
        if ((await tracer.askedOfDisk()) >= at) return true;
        const { body } = await api.ask<Fabric>("GET", `/api/fabrics/${fabric.id}/`);
        return body.working === null ? false : undefined;
      });
      if (met) {
        tried += 1;
        const refused = { status, code, layer: 9 };
        await api.refused(refused, "POST", path, {
          ...wish,
          headers: { "Idempotency-Key": freshKey() },
        });
        expect((await api.check("writing")).good, `fault ${at}`).toBe(false);
      }
      await tracer.letGo();
      const run = await until("the end of the run", async () => {
        const again = await click();
        if (isFault(again)) return undefined;
        const told = await api.run(again.body.run.id);
        return told.state === "ended" ? told : undefined;
      });
      if (!isFault(first)) expect(run.id, "the same click").toBe(first.body.run.id);
      const word = run.outcome === "succeeded" ? "succeeded" : (run.code ?? "none");
      expect(["succeeded", code, "lost"], run.summary).toContain(word);
      expect((await api.pull(fabric.id)).outcome, `after fault ${at}`).toBe("succeeded");
      expect((await api.objects(fabric.id)).count, `after fault ${at}`).toBe(48);
      if (!met) break;
    }
    info.annotations.push({ type: "amount", description: `${tried} instants` });
    expect(tried, "more than one instant").toBeGreaterThan(2);
    expect((await server.command(["check"])).code).toBe(0);
  });
