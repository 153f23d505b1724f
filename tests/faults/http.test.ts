// What strangers do to the port itself (rows B): slowness, size, another language, two meanings.
import { connect } from "node:net";
import { mkdirSync } from "node:fs";
import { certify } from "../support/certificate";
import { expect, test } from "../support/fixtures";
import { portOf, say, sayByTls } from "../support/raw_http";
import { TestServer } from "../support/server";

const get = "GET /livez HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";

async function answers(url: string, count: number): Promise<number[]> {
  const took: number[] = [];
  for (let n = 0; n < count; n += 1) {
    const began = performance.now();
    const { status } = await fetch(new URL("/livez", url));
    expect(status).toBe(200);
    took.push(performance.now() - began);
  }
  return took.sort((a, b) => a - b);
}

const p99 = (sorted: readonly number[]) => sorted[Math.floor(sorted.length * 0.99)] ?? 0;

const slow: Record<string, [string, string]> = {
  "say nothing": ["", ""],
  "never end a header": ["GET /livez HTTP/1.1\r\nHost: h\r\nX-Slow: ", "a"],
  "never end a body": [
    "POST /api/session/ HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 4000\r\n\r\n{",
    " ",
  ],
};

for (const [what, [first, drip]] of Object.entries(slow))
  test(`B07: 500 clients that ${what} are cut, and the others are answered meanwhile`, async ({
    hedgerow,
  }) => {
    const { url } = hedgerow.server;
    await answers(url, 20);
    const before = p99(await answers(url, 200));
    const open = new Set<number>();
    const sockets = Array.from({ length: 500 }, (_, n) => {
      open.add(n);
      const socket = connect(portOf(url));
      socket.on("close", () => open.delete(n)).on("error", () => undefined);
      if (first) socket.write(first);
      return socket;
    });
    const dripping = setInterval(() => {
      if (drip) for (const socket of sockets) if (!socket.destroyed) socket.write(drip);
    }, 200);
    const during = p99(await answers(url, 200));
    // Twice as long, with room for a machine that does other things too.
    expect(during).toBeLessThan(Math.max(2 * before, 150));
    await expect.poll(() => open.size, { timeout: 20_000 }).toBe(0);
    clearInterval(dripping);
    expect(p99(await answers(url, 50))).toBeLessThan(Math.max(2 * before, 150));
  });

test("B09: what is too long or too deep is refused by name, and the port goes on", async ({
  hedgerow,
}) => {
  const { url } = hedgerow.server;
  const head = (line: string, more = "") => `${line} HTTP/1.1\r\nHost: h\r\n${more}`;
  const json = "Content-Type: application/json\r\nOrigin: http://h\r\n";
  const deep = `${"[".repeat(10_000)}${"]".repeat(10_000)}`;
  const cases: [string, RegExp][] = [
    [head(`GET /api/fabrics/?q=${"x".repeat(16_384)}`) + "\r\n", /^HTTP\/1.1 414 .*uri_too_long/s],
    [
      head("GET /livez", `X-Long: ${"x".repeat(65_536)}\r\n`) + "\r\n",
      /^HTTP\/1.1 431 .*headers_too_large/s,
    ],
    [
      head("POST /api/session/", `${json}Content-Length: 10485760\r\n`) + "\r\n",
      /^HTTP\/1.1 413 .*too_large/s,
    ],
    [
      head("POST /api/session/", `${json}Content-Length: ${deep.length}\r\nConnection: close\r\n`) +
        `\r\n${deep}`,
      /^HTTP\/1.1 400 .*invalid/s,
    ],
  ];
  for (const [bytes, words] of cases) expect((await say(url, bytes)).text).toMatch(words);
  expect((await say(url, get)).text).toMatch(/^HTTP\/1.1 200 /);
});

const twofold: Record<string, string> = {
  "a length and chunks": "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  "two lengths": "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
  "two hosts": "Host: other\r\n\r\n",
  "a coding nobody knows": "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
  "a chunk with a minus": "Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n",
  "a folded line": "X-A: b\r\n c\r\n\r\n",
  "a space before a colon": "X-A : b\r\n\r\n",
};

for (const [what, rest] of Object.entries(twofold))
  test(`a request with ${what} has no two meanings: it is refused and the connection ends`, async ({
    hedgerow,
  }) => {
    const { url } = hedgerow.server;
    // A second request lies behind it, as smugglers have it.
    const { text, ended } = await say(
      url,
      `POST /api/session/ HTTP/1.1\r\nHost: h\r\n${rest}${get}`,
    );
    expect(text).toMatch(/^HTTP\/1.1 (400|501) /);
    expect(text.split("HTTP/1.1 ").length, "one answer").toBe(2);
    expect(ended).toBe(true);
  });

test("requests sent at once are answered in their order", async ({ hedgerow }) => {
  const { url } = hedgerow.server;
  const one = (path: string) => `GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`;
  const { text } = await say(url, one("/version") + one("/livez") + one("/api/fabrics/") + get);
  const statuses = [...text.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => status);
  expect(statuses).toEqual(["200", "200", "401", "200"]);
});

test("B11: HTTP on a port of TLS, and TLS on a port of HTTP, get one sentence and no redirect", async ({
  hedgerow,
  serverTemplate,
}, info) => {
  mkdirSync(info.outputPath("tls"), { recursive: true });
  const certificate = info.outputPath("tls", "server.crt");
  const key = info.outputPath("tls", "server.key");
  await certify(certificate, key);
  const server = await TestServer.start(serverTemplate, {
    "http.tls_certificate": certificate,
    "http.tls_key": key,
  });
  const plain = await say(server.url, get);
  expect(plain.text).toMatch(/^HTTP\/1.1 400 /);
  expect(plain.text).not.toMatch(/^Location:/im);
  expect((await sayByTls(server.url, get)).text).toMatch(/^HTTP\/1.1 200 /);
  await server.remove();
  const wrong = await sayByTls(hedgerow.server.url, get);
  expect(wrong).toEqual({ text: "", ended: true });
  expect((await say(hedgerow.server.url, get)).text).toMatch(/^HTTP\/1.1 200 /);
});
