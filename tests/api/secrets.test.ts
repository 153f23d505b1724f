// What was given to Hedgerow in confidence occurs nowhere again: every answer of every other test is looked through
// as well, here what they do not see.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { freshKey } from "../support/api";
import { mustRun } from "../support/process";
import { keep, keptSecrets } from "../support/secrets";
import { passwords } from "../support/server";
import type { Fabric } from "../support/types";
import { expect, test } from "../support/fixtures";
import { statusBody } from "../support/lab";
import { none } from "../support/read";
import { listen } from "./stream";

const formsOf = (secret: string) => [
  secret,
  Buffer.from(secret).toString("base64").replace(/=+$/, ""),
];

test("tokens, keys and passwords occur in no file, log line, event, metric or answer", async ({
  lab,
}) => {
  const administrator = await lab.as("administrator");
  const stream = await listen(lab.server.url, await lab.as("viewer"), "fabrics");
  const { fabric, cluster } = await lab.another();
  const words =
    "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=lab -days 2";
  const pem = await mustRun("openssl", [...words.split(" "), "-keyout", "-", "-out", "-"]);
  const cut = pem.indexOf("-----BEGIN CERTIFICATE-----");
  const client_key = pem.slice(0, cut);
  keep("a line of a client key", client_key.split("\n")[1] ?? "");
  const fields = { server: lab.gate.url, ca: cluster.connection.ca };
  const certified = await lab.more({ ...fields, client_cert: pem.slice(cut), client_key });
  const canary = keep("a token that no cluster knows", `canary-${freshKey()}`);
  const refused = await lab.more({ ...fields, token: canary });
  for (const id of [fabric.id, certified.id, refused.id]) {
    await lab.pull({ id });
    await administrator.ended((await administrator.start(id, "test")).run.id);
  }
  await administrator.climb({ ...fields, token: canary });
  await administrator.ask("PATCH", `/api/fabrics/${refused.id}/`, {
    headers: { "If-Match": '"0"' },
    body: { cluster: { token: canary } },
  });
  const wrongPassword = keep("a wrong password", `wrong ${freshKey()}`);
  await lab.server
    .stranger()
    .ask("POST", "/api/session/", { body: { username: "viewer", password: wrongPassword } });
  await lab.server.stranger().signIn("viewer", passwords.viewer);
  await stream.until((it) => it.name === "change");
  await stream.until((it) => it.name === "hb");
  const metrics = await lab.server.stranger().ask("GET", "/metrics");
  expect(metrics.text).toContain("hedgerow_http_requests_total");

  const folder = dirname(lab.server.database);
  const places: [string, Buffer][] = readdirSync(folder)
    .filter((name) => name !== "hedgerow.key")
    .map((name) => [name, readFileSync(join(folder, name))]);
  places.push(["the event stream", Buffer.from(stream.text)]);
  places.push(["the metrics", Buffer.from(metrics.text)]);
  places.push(["the log", Buffer.from(lab.server.log)]);
  expect(places.length).toBeGreaterThan(5);
  const found = places.flatMap(([place, bytes]) =>
    [...keptSecrets()]
      .filter(([secret]) => formsOf(secret).some((form) => bytes.includes(form)))
      .map(([, name]) => `${name} in ${place}`),
  );
  expect(found).toEqual([]);
  // The measure itself: what is no secret is found.
  expect(places.some(([, bytes]) => bytes.includes(fabric.name))).toBe(true);
  stream.close();
});

const telltales: [number, string, string][] = [
  [403, "Forbidden", "cluster_forbidden"],
  [500, "InternalError", "cluster_error"],
];
for (const [status, reason, code] of telltales)
  test(`a token that the cluster writes into its own ${status} is not repeated`, async ({
    lab,
  }) => {
    const { token } = lab.cluster.connection;
    const said = JSON.parse(statusBody(status, reason)) as object;
    const body = JSON.stringify({ ...said, message: `no: Authorization: Bearer ${token}` });
    const match = { path: "/switches$" };
    await lab.gate.rule({ name: "telltale", match, action: { answer: { status, body } } });
    const run = await lab.fails({ code, layer: 9, outcome: "partly" });
    expect(run.counts).toEqual({ ...none, unchanged: 41 });
    expect(lab.server.log).not.toContain(token);
  });

test("nobody but who began a connection test reads its rungs", async ({ lab }) => {
  const administrator = await lab.as("administrator");
  const { id } = await administrator.climb(lab.fields);
  const path = `/api/connection-tests/${id}/`;
  const missing = { status: 404, code: "not_found", layer: 2 };
  for (const role of ["viewer", "operator"] as const)
    await (await lab.as(role)).refused(missing, "GET", path);
  expect((await administrator.ask<Fabric>("GET", path)).status).toBe(200);
});
