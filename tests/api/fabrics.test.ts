// What a fabric may be called, who may change it and from which state, and what becomes of its credential.
import { createServer } from "node:net";
import { once } from "node:events";
import { freshKey, type Api } from "../support/api";
import { expect, fieldsOf, test } from "../support/fixtures";
import { mustRun } from "../support/process";
import type { Fabric, List, Problem } from "../support/types";
import type { Lab } from "../support/lab";
import { none } from "../support/read";

const invalid = { status: 400, code: "invalid", layer: 2 };
const forbidden = { status: 403, code: "forbidden", layer: 6 };

const post = (api: Api, body: object) =>
  api.ask<Fabric & Problem>("POST", "/api/fabrics/", {
    headers: { "Idempotency-Key": freshKey() },
    body,
  });

const counted = async (api: Api) => (await api.must<List<Fabric>>("GET", "/api/fabrics/")).count;

test.describe("the name of a fabric", () => {
  const refused: Record<string, [unknown, RegExp]> = {
    "that is empty": ["", /name/i],
    "of blanks": [" \t ", /name/i],
    "of 300 characters": ["x".repeat(300), /at most 100 characters/],
    "of 2,000 characters": ["x".repeat(2_000), /at most 100 characters/],
    "of 101 characters outside ASCII": ["ø".repeat(101), /100 characters/],
    "with a line break": ["lab\none", /control/],
    "with a NUL": ["lab\0", /control/],
    "with an escape sequence": ["\u001b[31mlab", /control/],
    "that turns the direction of text": ["lab\u202egpj", /control/],
    "that is a number": [7, /text/],
    "that is null": [null, /missing/],
    "that is a list": [["lab"], /text/],
  };
  for (const [what, [name, words]] of Object.entries(refused))
    test(`${what} is refused at its field`, async ({ lab }) => {
      const api = await lab.as("administrator");
      const before = await counted(api);
      const { status, body } = await post(api, { name });
      expect({ status, code: body.code, layer: body.layer }, JSON.stringify(body)).toEqual(invalid);
      expect(body.errors?.map(({ field }) => field)).toEqual(["name"]);
      expect(body.errors?.[0]?.detail).toMatch(words);
      expect(await counted(api)).toBe(before);
    });

  test("with a character that nobody sees is refused, whichever it is and wherever it stands", async ({
    lab,
  }) => {
    const api = await lab.as("administrator");
    const before = await counted(api);
    const spans: [number, number][] = [
      [0x00ad, 0x00ad],
      [0x200b, 0x200f],
      [0x202a, 0x202e],
      [0x2060, 0x2064],
      [0x2066, 0x2069],
      [0xfeff, 0xfeff],
    ];
    for (const [first, last] of spans)
      for (let point = first; point <= last; point += 1) {
        const unseen = String.fromCodePoint(point);
        for (const name of [`${unseen}lab`, `la${unseen}b`, `lab${unseen}`]) {
          const { status, body } = await post(api, { name });
          const said = `U+${point.toString(16)}: ${JSON.stringify(body)}`;
          expect({ status, code: body.code, layer: body.layer }, said).toEqual(invalid);
          expect(body.errors?.[0], said).toMatchObject({ field: "name" });
          expect(body.detail, said).toMatch(/invisible/);
        }
      }
    expect(await counted(api)).toBe(before);
    // Their neighbours are characters like others.
    for (const point of [0x00ac, 0x00ae, 0x2010, 0x2030, 0x206f + 1, 0xfefc])
      await lab.more(undefined, `seen ${freshKey().slice(0, 6)} ${String.fromCodePoint(point)}`);
  });

  test("missing is refused at its field", async ({ lab }) => {
    const api = await lab.as("administrator");
    const { status, body } = await post(api, { site: "Oslo" });
    expect({ status, fields: body.errors?.map(({ field }) => field) }).toEqual({
      status: 400,
      fields: ["name"],
    });
  });

  test("doubled is refused whatever its case and the blanks around it, in POST and in PATCH", async ({
    lab,
  }) => {
    const api = await lab.as("administrator");
    const one = await lab.more(undefined, "Nord Ære 7");
    const before = await counted(api);
    for (const name of ["Nord Ære 7", "nord ÆRE 7", "  NORD ære 7 "]) {
      const { status, body } = await post(api, { name });
      expect({ status, code: body.code }, name).toEqual({ status: 400, code: "invalid" });
      expect(body.errors?.[0]).toMatchObject({ field: "name" });
      expect(body.detail).toContain("Nord Ære 7");
    }
    const { name } = lab.fabric;
    const { headers } = await api.ask("GET", `/api/fabrics/${one.id}/`);
    const match = { "If-Match": headers.get("ETag") ?? "" };
    await api.refused(invalid, "PATCH", `/api/fabrics/${one.id}/`, {
      headers: match,
      body: { name: name.toUpperCase() },
    });
    expect(await counted(api)).toBe(before);
    // Its own name in another case is no double.
    expect((await api.editFabric(one.id, { name: "NORD ÆRE 7" })).name).toBe("NORD ÆRE 7");
  });

  const odd = [
    '<script>alert(1)</script><img src=x onerror="alert(2)">',
    "'; DROP TABLE fabrics; --",
    "100 % _under\\score_",
    "=cmd|' /C calc'!A0",
    "Ωμέγα 名前 🦔",
    "x".repeat(100),
  ];
  for (const name of odd)
    test(`${name.slice(0, 40)} is kept and given back as the text it is`, async ({ lab }) => {
      const api = await lab.as("administrator");
      const own = `${freshKey().slice(0, 6)} ${name}`.slice(0, 100);
      const { status, headers, body } = await post(api, { name: own, description: name });
      expect(status).toBe(201);
      expect(headers.get("Content-Type")).toContain("application/json");
      expect(await (await lab.as("viewer")).fabric(body.id)).toMatchObject({
        name: own,
        description: name,
      });
      const found = await api.must<List<Fabric>>("GET", `/api/fabrics/?q=${encode(own)}`);
      expect(found.results.map((it) => it.name)).toEqual([own]);
      await api.must("DELETE", `/api/fabrics/${body.id}/?name=${encode(own)}`);
      expect((await api.ask("GET", `/api/fabrics/${body.id}/`)).status).toBe(404);
    });

  test("may be used again after its fabric was deleted", async ({ lab }) => {
    const api = await lab.as("administrator");
    const first = await lab.more(undefined, "once more");
    await api.must("DELETE", `/api/fabrics/${first.id}/?name=once%20more`);
    const second = await lab.more(undefined, "once more");
    expect(second.id).toBeGreaterThan(first.id);
  });
});

const encode = encodeURIComponent;

test.describe("adding a fabric", () => {
  test("with one key makes one, and the same key with another body is refused", async ({ lab }) => {
    const api = await lab.as("administrator");
    const headers = { "Idempotency-Key": freshKey() };
    const body = { name: `twice ${freshKey().slice(0, 6)}` };
    const first = await api.ask<Fabric>("POST", "/api/fabrics/", { headers, body });
    const again = await api.ask<Fabric>("POST", "/api/fabrics/", { headers, body });
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.body.id).toBe(first.body.id);
    expect(first.headers.get("Idempotency-Replayed")).toBeNull();
    expect(again.headers.get("Idempotency-Replayed")).toBe("true");
    const reused = { status: 422, code: "key_reused", layer: 2 };
    const other = { name: `${body.name} other` };
    await api.refused(reused, "POST", "/api/fabrics/", { headers, body: other });
  });

  for (const key of [undefined, "short", "x".repeat(65), "with blanks in it"])
    test(`with the key ${key} is refused before anything is made`, async ({ lab }) => {
      const api = await lab.as("administrator");
      const before = await counted(api);
      const headers = { ...(key !== undefined && { "Idempotency-Key": key }) };
      const problem = await api.refused(invalid, "POST", "/api/fabrics/", {
        headers,
        body: { name: freshKey() },
      });
      expect(problem.errors?.[0]?.field).toBe("Idempotency-Key");
      expect(await counted(api)).toBe(before);
    });

  test("contacts nothing, and without a connection its runs say not_configured", async ({
    lab,
  }) => {
    const fabric = await lab.more();
    expect(fabric.headline.state).toBe("not_set_up");
    expect(fabric.cluster).toBeNull();
    expect(fabric.counts.objects, "not measured is not zero").toBeNull();
    const api = await lab.as("operator");
    const missing = { status: 409, code: "not_configured", layer: 7 };
    const path = `/api/fabrics/${fabric.id}/runs/`;
    for (const operation of ["pull", "test"])
      await api.refused(missing, "POST", path, {
        headers: { "Idempotency-Key": freshKey() },
        body: { operation },
      });
    expect((await api.must<List<unknown>>("GET", path)).count).toBe(0);
    // Set up, it is read.
    const { cluster, fields } = await lab.another();
    const administrator = await lab.as("administrator");
    await administrator.editFabric(fabric.id, { cluster: fields, shares_cluster: true });
    await lab.expectGood(fabric, { created: 48 });
    expect(cluster.lists("connections")).toBeGreaterThan(0);
  });
});

test.describe("changing a fabric", () => {
  test("without If-Match is refused, with a stale one as changed_meanwhile, and the first change stays", async ({
    lab,
  }) => {
    const api = await lab.as("administrator");
    const { id } = await lab.more();
    const path = `/api/fabrics/${id}/`;
    const body = { site: "Bergen" };
    await api.refused({ status: 428, code: "if_match_required", layer: 2 }, "PATCH", path, {
      body,
    });
    const { headers } = await api.ask("GET", path);
    const seen = headers.get("ETag") ?? "";
    expect(seen).toMatch(/^"\d+"$/);
    const carol = await api.ask<Fabric>("PATCH", path, {
      headers: { "If-Match": seen },
      body: { site: "Oslo" },
    });
    expect(carol.status).toBe(200);
    expect(carol.headers.get("ETag")).not.toBe(seen);
    const stale = { status: 412, code: "changed_meanwhile", layer: 8 };
    for (const match of [seen, '"0"', "rubbish", '"x"', `W/${carol.headers.get("ETag")}`])
      await api.refused(stale, "PATCH", path, { headers: { "If-Match": match }, body });
    expect((await api.fabric(id)).site).toBe("Oslo");
    expect((await api.editFabric(id, body)).site).toBe("Bergen");
  });

  test("takes what it names and leaves the rest", async ({ lab }) => {
    const api = await lab.as("administrator");
    const { id } = await lab.more(lab.fields);
    await api.editFabric(id, { description: "the one in the cellar", site: "Oslo" });
    const after = await api.editFabric(id, { site: "" });
    expect(after).toMatchObject({ description: "the one in the cellar", site: "" });
    expect(after.cluster).toMatchObject({
      server: lab.gate.url,
      has_token: true,
      namespaces: [lab.cluster.namespace],
    });
  });

  test("is refused to less than an administrator, by the names of right and fabric", async ({
    lab,
  }) => {
    const path = `/api/fabrics/${lab.fabric.id}/`;
    const { headers } = await (await lab.as("viewer")).ask("GET", path);
    const match = { "If-Match": headers.get("ETag") ?? "" };
    for (const role of ["viewer", "operator"] as const) {
      const api = await lab.as(role);
      const named = encode(lab.fabric.name);
      const refusals = [
        await api.refused(forbidden, "PATCH", path, { headers: match, body: { site: "X" } }),
        await api.refused(forbidden, "DELETE", `${path}?name=${named}`),
        await api.refused(forbidden, "POST", `${path}resume/`),
      ];
      for (const { detail } of refusals) {
        expect(detail).toContain("fabric.edit");
        expect(detail).toContain(lab.fabric.name);
        expect(detail).toContain("fabric.view");
      }
    }
  });

  test("with a new kubeconfig keeps the namespaces that it does not name", async ({ lab }) => {
    const api = await lab.as("administrator");
    const { fabric, cluster } = await lab.another();
    const kubeconfig = kubeconfigOf(lab, cluster.connection.token);
    const after = await api.editFabric(fabric.id, { cluster: { kubeconfig } });
    expect(after.cluster?.namespaces).toEqual([cluster.namespace]);
    await lab.expectGood(fabric);
  });
});

function kubeconfigOf(lab: Lab, token: string): string {
  const ca = Buffer.from(lab.cluster.connection.ca).toString("base64");
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      { name: "lab", cluster: { server: lab.gate.url, "certificate-authority-data": ca } },
    ],
    users: [{ name: "reader", user: { token } }],
    contexts: [{ name: "lab", context: { cluster: "lab", user: "reader" } }],
    "current-context": "lab",
  });
}

async function otherCa(): Promise<string> {
  const words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=other";
  const out = await mustRun("openssl", [...words.split(" "), "-days", "2", "-keyout", "/dev/null"]);
  return out.slice(out.indexOf("-----BEGIN CERTIFICATE-----"));
}

test.describe("a stored credential", () => {
  test("H08: is asked for again when server, CA or expected name change, and the new place gets no byte", async ({
    lab,
  }) => {
    const api = await lab.as("administrator");
    const { fabric, cluster } = await lab.another();
    let callers = 0;
    const thief = createServer((socket) => {
      callers += 1;
      socket.destroy();
    }).listen(0, "127.0.0.1");
    await once(thief, "listening");
    const { port } = thief.address() as { port: number };

    const again = { status: 422, code: "credential_required_again", layer: 7 };
    const path = `/api/fabrics/${fabric.id}/`;
    const { headers } = await api.ask("GET", path);
    const match = { "If-Match": headers.get("ETag") ?? "" };
    const moves = [
      { server: `https://127.0.0.1:${port}` },
      { server: `${lab.gate.url}/prefix` },
      { ca: await otherCa() },
      { tls_server_name: "elsewhere.example" },
    ];
    for (const moved of moves) {
      const problem = await api.refused(again, "PATCH", path, {
        headers: match,
        body: { cluster: moved },
      });
      expect(problem.errors?.[0]?.field).toBe("cluster.token");
    }
    expect((await api.fabric(fabric.id)).cluster?.server).toBe(lab.gate.url);
    await lab.expectGood(fabric);
    expect(callers, "connections to the new place").toBe(0);

    // Given again, the change is made; the same place needs nothing.
    const { token } = cluster.connection;
    const { server } = cluster.connection;
    await api.editFabric(fabric.id, { cluster: { server, token } });
    await lab.expectGood(fabric);
    await api.editFabric(fabric.id, { cluster: { server, namespaces: [cluster.namespace] } });
    await lab.expectGood(fabric);
    thief.close();
  });

  test("with the CA of somebody else fails layer 7 as tls_untrusted, and the right one heals it", async ({
    lab,
  }) => {
    const api = await lab.as("administrator");
    const { fabric, cluster } = await lab.another();
    const { token, ca } = cluster.connection;
    await api.editFabric(fabric.id, { cluster: { ca: await otherCa(), token } });
    await lab.fails({ code: "tls_untrusted", layer: 7, outcome: "failed" }, fabric);
    expect((await api.fabric(fabric.id)).facts.reach.state).toBe("untrusted");
    await lab.expectWhole(fabric);
    await api.editFabric(fabric.id, { cluster: { ca, token } });
    await lab.expectGood(fabric);
  });

  test("is never given back, only that it is there", async ({ lab }) => {
    const { text } = await (
      await lab.as("administrator")
    ).ask("GET", `/api/fabrics/${lab.fabric.id}/`);
    expect(text).not.toContain(lab.cluster.connection.token);
    expect(text).toContain('"has_token":true');
  });
});

test.describe("two fabrics on one cluster", () => {
  test("are refused as cluster_in_use until somebody confirms it", async ({ lab }) => {
    const api = await lab.as("administrator");
    const { fields } = await lab.another();
    const body = { name: `twin ${freshKey().slice(0, 6)}`, cluster: fields };
    const { body: twin } = await post(api, body);
    const inUse = { code: "cluster_in_use", layer: 7, outcome: "failed" };
    const run = await lab.fails(inUse, twin);
    expect(run.counts).toEqual(none);
    expect((await api.fabric(twin.id)).counts.objects).toBeNull();
    await api.editFabric(twin.id, { shares_cluster: true });
    await lab.expectGood(twin, { created: 48 });
  });
});

test.describe("the namespaces of a fabric", () => {
  for (const name of ["", "Upper", "a/b", "..", "-x", "x".repeat(64), "a b", "ns\n"])
    test(`cannot be ${JSON.stringify(name)}`, async ({ lab }) => {
      const api = await lab.as("administrator");
      const cluster = { ...fieldsOf(lab.cluster.connection), namespaces: [name] };
      const problem = await api.refused(invalid, "POST", "/api/fabrics/", {
        headers: { "Idempotency-Key": freshKey() },
        body: { name: freshKey(), cluster },
      });
      expect(problem.errors?.[0]?.field).toBe("cluster.namespaces");
    });
});
