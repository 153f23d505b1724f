// Pages of somebody else in the same browser (rows D): what they send by the signed-in person's cookie does nothing.
import { readFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { once } from "node:events";
import { certified } from "../support/certificate";
import { expect, test } from "../support/fixtures";
import { byHost } from "../support/person";
import { freePort, TestServer } from "../support/server";

// A web server of a stranger's, at whatever name the browser is led by.
async function stranger(
  page: string,
  tls?: { key: Buffer; cert: Buffer },
): Promise<{ port: number; server: Server }> {
  const answer: RequestListener = (_, answer) => {
    answer.writeHead(200, { "Content-Type": "text/html" }).end(page);
  };
  const server = tls ? createTlsServer(tls, answer) : createServer(answer);
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  return { port: address && typeof address === "object" ? address.port : 0, server };
}

// What the stranger's page does once it is open.
const form = (action: string, value: string) =>
  `<form method="post" action="${action}" enctype="text/plain">` +
  `<input name='${value.slice(0, -1)},"x":"' value='"}'></form><script>document.forms[0].submit()</script>`;
const fetching = (url: string, body: string) =>
  `<script>fetch(${JSON.stringify(url)}, {method: "POST", mode: "no-cors", credentials: "include", ` +
  `headers: {"Content-Type": "text/plain"}, body: ${JSON.stringify(body)}})</script>`;
// Of a page that has no origin.
const framed = (action: string, value: string) =>
  `<iframe sandbox="allow-scripts allow-forms" srcdoc='${form(action, value).replaceAll("'", "&#39;")}'></iframe>`;
const hidden = (action: string, value: string) =>
  `<meta name="referrer" content="no-referrer">${form(action, value)}`;

// By host name, so that other names are its neighbours.

// What was said to those who posted there and were refused.
const refusals = ({ log }: TestServer, route: string) =>
  log
    .split("\n")
    .filter((line) => line.includes('"event":"request_failed"'))
    .map((line) => JSON.parse(line) as { method: string; route: string; code: string })
    .filter((line) => line.method === "POST" && line.route === route)
    .map(({ code }) => code);

const runs = "/api/fabrics/{id}/runs/";
const pull = '{"operation":"pull"}';
const evil = "evil.hedgerow.lab";
const attacks = {
  "D06: a neighbour of the same site": { host: evil, attack: fetching, code: "origin_refused" },
  "D06: a neighbour's form": { host: evil, attack: form, code: "origin_refused" },
  "D08: a form that hides where it is": { host: evil, attack: hidden, code: "origin_refused" },
  // The browser itself keeps the cookie from it.
  "D08: a sandboxed frame": { host: "hedgerow.lab", attack: framed, code: "session_missing" },
};

test.describe("with a log that tells every refusal", () => {
  test.use({ settings: { "log.level": "debug" } });

  for (const [who, { host, attack, code }] of Object.entries(attacks))
    test(`${who} starts nothing in the name of who is signed in`, async ({
      hedgerow,
      cluster,
      page,
    }) => {
      const fabric = await hedgerow.fabric({ cluster });
      page.comeBy(byHost(hedgerow.server.url));
      await page.signIn("operator").open(fabric);
      page.allow(/Failed to load resource|frame-ancestors|net::ERR|contract:/);
      const { port, server } = await stranger(
        attack(page.at(`/api/fabrics/${fabric.id}/runs/`), pull),
      );
      const tab = await page.context().newPage();
      await tab.goto(`http://${host}:${port}/`);
      await expect.poll(() => refusals(hedgerow.server, runs)).toEqual([code]);
      const api = await hedgerow.server.as("viewer");
      expect((await api.fabric(fabric.id)).recent_runs).toEqual([]);
      expect(cluster.lists("connections")).toBe(0);
      await tab.close();
      await page.sync().click();
      await expect(page.watched()).toContainText("48 created");
      server.close();
    });

  test("D08 D10: a stranger's page cannot sign its visitor in as somebody else", async ({
    hedgerow,
    cluster,
    page,
  }) => {
    const fabric = await hedgerow.fabric({ cluster });
    page.comeBy(byHost(hedgerow.server.url));
    await page.signIn("viewer").open(fabric);
    const credentials = '{"username":"operator","password":"seven lamps on the north quay"}';
    const expected: string[] = [];
    for (const host of [evil, "127.0.0.1"])
      for (const attack of [form, fetching, framed, hidden]) {
        const { port, server } = await stranger(attack(page.at("/api/session/"), credentials));
        const tab = await page.context().newPage();
        await tab.goto(`http://${host}:${port}/`);
        expected.push("origin_refused");
        await expect.poll(() => refusals(hedgerow.server, "/api/session/")).toEqual(expected);
        await tab.close();
        server.close();
      }
    await page.reload();
    await expect(page.getByRole("button", { name: "viewer" })).toBeVisible();
    await expect(page.headline()).toContainText("Not measured");
  });
});

test.describe("by TLS", () => {
  test.use({ ignoreHTTPSErrors: true });

  test("D06: a neighbour is refused by what the browser says of it, even where its origin is allowed", async ({
    serverTemplate,
    page,
  }, info) => {
    const { certificate, key, settings } = await certified(info);
    const tls = { cert: readFileSync(certificate), key: readFileSync(key) };
    const ownPort = await freePort();
    const own = `https://hedgerow.lab:${ownPort}`;
    const neighbour = await stranger(fetching(`${own}/api/fabrics/1/runs/`, pull), tls);
    const server = await TestServer.start(serverTemplate, {
      ...{ "http.port": ownPort, "log.level": "debug" },
      ...settings,
      "http.origins": [own, `https://${evil}:${neighbour.port}`],
    });
    page.comeBy(own);
    await page.signIn("operator");
    const tab = await page.context().newPage();
    await tab.goto(`https://${evil}:${neighbour.port}/`);
    await expect.poll(() => refusals(server, runs)).toEqual(["origin_refused"]);
    await tab.close();
    await page.reload();
    await expect(page.getByRole("button", { name: "operator" })).toBeVisible();
    // A page that is still open would complain of the server's end.
    await page.close();
    neighbour.server.close();
    await server.remove();
  });
});
