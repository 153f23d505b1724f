// What strangers do to the port itself (rows B): slowness, size, another language, two meanings.
import { once } from "node:events";
import { connect } from "node:net";
import { certified } from "../support/certificate";
import { expect, hedgerowOf, test, type OwnNamespace } from "../support/fixtures";
import { asPeopleAsk, p99Compared, spending } from "../support/others";
import { portOf, say, sayByTls, type Came } from "../support/raw_http";
import { readFabric } from "../support/read";
import { TestServer, type Settings } from "../support/server";
import type { Problem } from "../support/types";

const get = "GET /livez HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";

// Somebody signed in to a server whose fabric was read.
async function peopleOf(server: TestServer, cluster: OwnNamespace) {
  const { fabric } = await readFabric(hedgerowOf(server), { cluster });
  return asPeopleAsk(server, await server.fresh("viewer"), fabric.id);
}

const slow: Record<string, [string, string]> = {
  "say nothing": ["", ""],
  "never end a header": ["GET /livez HTTP/1.1\r\nHost: h\r\nX-Slow: ", "a"],
  "never end a body": [
    "POST /api/session/ HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 4000\r\n\r\n{",
    " ",
  ],
};

test.describe("with deadlines that outlast the look", () => {
  const lasting = ["first_byte", "header", "body"].map((it) => [`http.deadlines.${it}`, "25s"]);
  test.use({ settings: Object.fromEntries(lasting) as Settings });

  for (const [what, [first, drip]] of Object.entries(slow))
    test(
      `B07: 500 clients that ${what} are cut, and the others' p99 stays within twice that of a server without them`,
      { tag: what === "never end a header" ? [] : "@long" },
      async ({ hedgerow, serverTemplate, cluster }, info) => {
        test.setTimeout(120_000);
        const { url } = hedgerow.server;
        const control = await TestServer.start(serverTemplate);
        const there = await peopleOf(control, cluster);
        const here = await peopleOf(hedgerow.server, cluster);
        const asks = here.map((ask, at) => [ask, there[at] ?? ask] as const);
        const before = await p99Compared(asks, 1);
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
        const took = spending([hedgerow.server, control]);
        const during = await p99Compared(asks, 7);
        const [spent, spentThere] = took().map(({ usual }) => usual) as [number, number];
        expect(open.size, "all of them were there all the time").toBe(500);
        const cost = `${spent} ms of processor time, the other server ${spentThere} ms`;
        for (const [when, { words }] of Object.entries({ before, during, cost: { words: cost } }))
          info.annotations.push({ type: when, description: words });
        // What attackers take of the cores the other server feels as well, and shows nothing of it.
        expect(spent / spentThere, cost).toBeLessThan(2);
        expect(during.ratio, during.words).toBeLessThan(2);
        await expect.poll(() => open.size, { timeout: 40_000 }).toBe(0);
        clearInterval(dripping);
        const after = await p99Compared(asks, 7);
        expect(after.ratio, after.words).toBeLessThan(2);
        await control.remove();
      },
    );
});

test("how long a header may take, and how long it may be, are settings", async ({
  hedgerow,
  serverTemplate,
}) => {
  const stricter = await TestServer.start(serverTemplate, {
    "http.deadlines.first_byte": "300ms",
    "http.deadlines.header": "300ms",
    "http.deadlines.body": "300ms",
    "http.limits.headers": 2_000,
    "http.limits.target": 1_000,
    "http.limits.body": 500,
    "http.limits.connections": 3,
  });
  const status = async (url: string, bytes: string) =>
    /^HTTP\/1\.1 (\d+)/.exec((await say(url, bytes)).text)?.[1];
  const held = Array.from({ length: 3 }, () =>
    connect(portOf(stricter.url)).on("error", () => undefined),
  );
  const idle = "GET /livez HTTP/1.1\r\nHost: h\r\n\r\n";
  for (const socket of held) {
    socket.write(idle);
    await once(socket, "data");
  }
  expect(await status(stricter.url, get), "one more than the settings allow").toBe("503");
  for (const socket of held) socket.destroy();
  await expect.poll(() => status(stricter.url, get)).toBe("200");
  const long = (bytes: number) => `X-Long: ${"x".repeat(bytes)}\r\n`;
  const post = (length: number) =>
    `POST /api/session/ HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`;
  const asked: Record<string, string> = {
    "a long header": get.replace("\r\n\r\n", `\r\n${long(2_500)}\r\n`),
    "a long path": get.replace("/livez", `/livez?exclude=${"x".repeat(1_500)}`),
    "a large body": post(600) + " ".repeat(600),
  };
  const refused = { "a long header": "431", "a long path": "414", "a large body": "413" };
  for (const [what, bytes] of Object.entries(asked)) {
    expect(await status(stricter.url, bytes), what).toBe(refused[what as keyof typeof refused]);
    expect(["200", "400", "403"], what).toContain(await status(hedgerow.server.url, bytes));
  }
  for (const begun of ["", "GET /livez HTTP/1.1\r\nHost: h\r\n", post(100) + "{"]) {
    const began = performance.now();
    expect((await say(stricter.url, begun)).ended).toBe(true);
    expect(performance.now() - began).toBeLessThan(900);
  }
  await stricter.remove();
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
  "a length and chunks, the other way round":
    "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
  "two lengths that agree": "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
  "a length of two words": "Content-Length: 5, 5\r\n\r\nhello",
  "a length with a plus": "Content-Length: +5\r\n\r\nhello",
  "a length in hex": "Content-Length: 0x5\r\n\r\nhello",
  "chunks named twice": "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  "chunks after something else": "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
  "chunks spelled otherwise": "Transfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n",
  "a chunk beyond all numbers":
    "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nhello\r\n0\r\n\r\n",
  "a chunk with a prefix": "Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n",
  "a chunk without its end": "Transfer-Encoding: chunked\r\n\r\n5\r\nhelloX0\r\n\r\n",
  "a chunk ended by a line feed alone": "Transfer-Encoding: chunked\r\n\r\n5\nhello\n0\n\n",
  "a line feed alone in its header": "X-A: b\nX-B: c\r\n\r\n",
  "a zero byte in its header": "X-A: b\0c\r\n\r\n",
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

function expectOneSentence({ text, ended }: Came, sentence: RegExp): void {
  const [head = "", body = ""] = text.split("\r\n\r\n");
  expect(head).toMatch(/^HTTP\/1.1 400 /);
  expect(head).not.toMatch(/^Location:/im);
  const { code, detail } = JSON.parse(body) as Problem;
  expect({ code, ended }).toEqual({ code: "bad_request", ended: true });
  expect(detail).toMatch(sentence);
}

test("B11: HTTP on a port of TLS, and TLS on a port of HTTP, get one sentence and no redirect", async ({
  hedgerow,
  serverTemplate,
}, info) => {
  const { settings } = await certified(info);
  const server = await TestServer.start(serverTemplate, settings);
  expectOneSentence(await say(server.url, get), /^This port speaks TLS only, .* Use https:/);
  expect((await sayByTls(server.url, get)).text).toMatch(/^HTTP\/1.1 200 /);
  await server.remove();
  const hello = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
  const said = await say(hedgerow.server.url, hello);
  expectOneSentence(said, /^This port speaks plain HTTP, .* Use http:/);
  // What a client that waits for a handshake makes of it.
  const wrong = await sayByTls(hedgerow.server.url, get);
  expect(wrong).toEqual({ text: "", ended: true });
  expect((await say(hedgerow.server.url, get)).text).toMatch(/^HTTP\/1.1 200 /);
});
