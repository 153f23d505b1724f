// Pages of somebody else in the same browser (rows D): what they send by the signed-in person's cookie does nothing.
import { createServer, type Server } from "node:http";
import { once } from "node:events";
import { expect, test } from "../support/fixtures";
import type { Gate } from "../support/gate";

// A web server of a stranger's, at whatever name the browser is led by.
async function stranger(page: string): Promise<{ port: number; server: Server }> {
  const server = createServer((_, answer) => {
    answer.writeHead(200, { "Content-Type": "text/html" }).end(page);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return { port: address && typeof address === "object" ? address.port : 0, server };
}

// What the stranger's page does once it is open.
const form = (action: string, value: string, target = "_self") =>
  `<form method="post" action="${action}" enctype="text/plain" target="${target}">` +
  `<input name='${value.slice(0, -1)},"x":"' value='"}'></form><script>document.forms[0].submit()</script>`;
const fetching = (url: string, body: string) =>
  `<script>fetch(${JSON.stringify(url)}, {method: "POST", mode: "no-cors", credentials: "include", ` +
  `headers: {"Content-Type": "text/plain"}, body: ${JSON.stringify(body)}}).finally(() => {document.title = "done"})</script>`;

// By host name, so that other names are its neighbours.
const byName = (url: string, host: string) => url.replace("127.0.0.1", host);

const pull = '{"operation":"pull"}';
const attacks: Record<string, { host: string; page: (runs: string) => string }> = {
  "D06: a neighbour of the same site": {
    host: "evil.hedgerow.lab",
    page: (runs) => fetching(runs, pull),
  },
  "D06: a neighbour's form": { host: "evil.hedgerow.lab", page: (runs) => form(runs, pull) },
  "D08: a sandboxed frame": {
    host: "hedgerow.lab",
    page: (runs) =>
      `<iframe sandbox="allow-scripts allow-forms" srcdoc='${form(runs, pull).replaceAll("'", "&#39;")}'></iframe>`,
  },
};

async function expectRefused(frontGate: Gate, path: string): Promise<void> {
  const statuses = async () => (await frontGate.requests("POST", path)).map(({ status }) => status);
  await expect.poll(statuses, { message: "the attack arrived" }).not.toEqual([]);
  for (const status of await statuses()) expect([401, 403, 415]).toContain(status);
}

for (const [who, { host, page: attack }] of Object.entries(attacks))
  test(`${who} starts nothing in the name of who is signed in`, async ({
    hedgerow,
    cluster,
    page,
    frontGate,
  }) => {
    const fabric = await hedgerow.fabric({ cluster });
    page.comeBy(byName(frontGate.url, "hedgerow.lab"));
    await page.signIn("operator").open(fabric);
    page.allow(/Failed to load resource|frame-ancestors|net::ERR|contract:/);
    const runs = `/api/fabrics/${fabric.id}/runs/`;
    const { port, server } = await stranger(attack(page.at(runs)));
    const tab = await page.context().newPage();
    await tab.goto(`http://${host}:${port}/`);
    await expectRefused(frontGate, "/runs/$");
    const api = await hedgerow.server.as("viewer");
    expect((await api.fabric(fabric.id)).recent_runs).toEqual([]);
    expect(cluster.lists("connections")).toBe(0);
    await tab.close();
    await page.sync().click();
    await expect(page.watched()).toContainText("48 created");
    server.close();
  });

test("D10: a stranger's page cannot sign its visitor in as somebody else", async ({
  hedgerow,
  cluster,
  page,
  frontGate,
}) => {
  const fabric = await hedgerow.fabric({ cluster });
  page.comeBy(byName(frontGate.url, "hedgerow.lab"));
  await page.signIn("viewer").open(fabric);
  const credentials = '{"username":"operator","password":"seven lamps on the north quay"}';
  const before = (await frontGate.requests("POST", "/api/session/$")).length;
  for (const host of ["evil.hedgerow.lab", "127.0.0.1"])
    for (const attack of [form, fetching]) {
      const { port, server } = await stranger(attack(page.at("/api/session/"), credentials));
      const tab = await page.context().newPage();
      await tab.goto(`http://${host}:${port}/`);
      const seen = () => frontGate.requests("POST", "/api/session/$");
      await expect.poll(async () => (await seen()).length).toBeGreaterThan(before);
      for (const { status } of (await seen()).slice(before)) expect([403, 415]).toContain(status);
      await tab.close();
      server.close();
    }
  await page.reload();
  await expect(page.getByRole("button", { name: "viewer" })).toBeVisible();
  await expect(page.headline()).toContainText("Not measured");
});
