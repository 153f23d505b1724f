// A request put together by hand: headers as they are written here, doubled ones and missing ones too. The answer
// is held against the contract all the same.
import { request } from "node:http";
import { expect } from "@playwright/test";
import { breachOf } from "../support/contract";
import { secretIn } from "../support/secrets";
import type { Problem } from "../support/types";

export interface Plain {
  method: string;
  path: string;
  // Name, value, name, value.
  headers?: readonly string[];
  body?: string | Buffer;
}

export interface PlainAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  problem: Problem | undefined;
}

export async function plain(base: string, { method, path, headers = [], body }: Plain) {
  const url = new URL(path, base);
  const length = body === undefined ? [] : ["Content-Length", String(Buffer.byteLength(body))];
  const answer = await new Promise<PlainAnswer>((resolve, reject) => {
    const all = ["Host", url.host, "Connection", "close", ...length, ...headers];
    const sent = request(url, { method, headers: all, agent: false }, (got) => {
      const parts: Buffer[] = [];
      got.on("data", (part: Buffer) => parts.push(part)).on("error", reject);
      got.on("end", () => {
        const text = Buffer.concat(parts).toString("utf8");
        const isProblem = got.headers["content-type"] === "application/problem+json";
        const problem = isProblem && text ? (JSON.parse(text) as Problem) : undefined;
        resolve({ status: got.statusCode ?? 0, headers: got.headers, text, problem });
      });
    });
    // As bytes: before a string, Node would write the headers in its encoding too.
    sent.on("error", reject).end(body === undefined ? undefined : Buffer.from(body));
  });
  if (method !== "HEAD") expectKept({ method, path: url.pathname, body }, answer);
  return answer;
}

function expectKept({ method, path }: Plain, { status, headers, text }: PlainAnswer): void {
  const type = headers["content-type"] as string | undefined;
  const breach = breachOf({ method, path, status, type: type ?? "", body: text });
  expect(breach, `${method} ${path} → ${status} ${text.slice(0, 2000)}`).toBeUndefined();
  expect(secretIn(text), `${method} ${path} gives a secret away`).toBeUndefined();
}
