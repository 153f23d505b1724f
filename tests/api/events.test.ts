// The event stream: beats that carry the truth's revisions, changes of what was asked for, and an honest end.
import type { Run } from "../support/types";
import { expect, test } from "../support/fixtures";
import { listen } from "./stream";

interface Beat {
  server_time: string;
  revisions: Record<string, number>;
}
interface Changed {
  topic: string;
  id: number;
  revision: number;
}

test("beats at once and again, with the revisions that the snapshots carry", async ({ lab }) => {
  const api = await lab.as("viewer");
  const topic = `fabric/${lab.fabric.id}`;
  const stream = await listen(lab.server.url, api, topic);
  const first = (await stream.until((it) => it.name === "hb")).data as Beat;
  expect(first.revisions[topic]).toBe((await api.fabric(lab.fabric.id)).revision);
  expect(Math.abs(Date.parse(first.server_time) - Date.now())).toBeLessThan(5_000);
  await stream.until((it) => it.name === "hb", 1);
  stream.close();
});

test("tells of a run and its fabric while it happens, and of nothing else", async ({ lab }) => {
  const other = await lab.more(lab.fields);
  const topic = `fabric/${lab.fabric.id}`;
  const viewer = await lab.as("viewer");
  const stream = await listen(lab.server.url, viewer, topic);
  await stream.until((it) => it.name === "hb");
  await lab.expectGood(other, { created: 48 });
  const run: Run = await lab.expectGood();
  const { revision } = await viewer.fabric(lab.fabric.id);
  const isLast = (it: { name: string; data: unknown }) =>
    it.name === "change" && (it.data as Changed).revision === revision;
  const { data } = await stream.until(isLast);
  expect(data).toEqual({ topic: "fabric", id: lab.fabric.id, revision });
  const changes = stream.told.filter(({ name }) => name === "change");
  expect(new Set(changes.map((it) => (it.data as Changed).id))).toEqual(new Set([lab.fabric.id]));
  const revisions = changes.map((it) => (it.data as Changed).revision);
  expect(revisions).toEqual([...revisions].sort((a, b) => a - b));
  expect(run.outcome).toBe("succeeded");
  stream.close();
});

test("ends with session_ended when its session does", async ({ lab }) => {
  const api = await lab.server.fresh("viewer");
  const stream = await listen(lab.server.url, api, "fabrics");
  await stream.until((it) => it.name === "hb");
  await api.must("DELETE", "/api/session/");
  await stream.until((it) => it.name === "session_ended");
  await expect.poll(() => stream.ended).toBe(true);
  expect(stream.told.at(-1)?.name).toBe("session_ended");
});

test("refuses topics that are none, and parameters that it does not know", async ({ lab }) => {
  const api = await lab.as("viewer");
  for (const topics of ["nothing", "fabric/x", "fabric/-1", "run/0"]) {
    const expected = { status: 400, code: "invalid", layer: 2 };
    await api.refused(expected, "GET", `/api/events/?topics=${topics}`);
  }
  const unknown = { status: 400, code: "unknown_parameter", layer: 2 };
  await api.refused(unknown, "GET", "/api/events/?topic=fabrics");
});
