// A person's kubeconfig as Hedgerow takes it: with data in it instead of paths of files, which are read here,
// on the side of the person who named them.
import { lookup } from "node:dns/promises";
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";

const dataOf = {
  "certificate-authority": (content) => ["certificate-authority-data", content.toString("base64")],
  "client-certificate": (content) => ["client-certificate-data", content.toString("base64")],
  "client-key": (content) => ["client-key-data", content.toString("base64")],
  tokenFile: (content) => ["token", content.toString("utf8").trim()],
};

const unquoted = (text) => text.trim().replace(/^(["'])(.*)\1$/, "$2");

const readable = (path) => {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
};

// Quoted, or plain to the end of its line: a plain one may have blanks in it.
const scalar = `"[^"]*"|'[^']*'|[^\\s"'#][^\\n]*?`;

// The text of the file, its paths replaced line by line; JSON is YAML in one line per member too. A path that cannot
// be read stays: it may be of a context that nobody asked for, and of the one that was, the server says so.
export function kubeconfigOf(file) {
  const folder = dirname(resolve(file));
  const names = Object.keys(dataOf).join("|");
  const pattern = new RegExp(`^(\\s*(?:- )?)"?(${names})"?:[ \\t]*(${scalar})(,?)[ \\t]*(?: #.*)?$`, "gm");
  return readFileSync(file, "utf8").replace(pattern, (line, indent, name, path, comma) => {
    const content = readable(resolve(folder, unquoted(path)));
    if (content === undefined) return line;
    const [key, value] = dataOf[name](content);
    return `${indent}${JSON.stringify(key)}: ${JSON.stringify(value)}${comma}`;
  });
}

const valuesOf = (text, name) =>
  [...text.matchAll(new RegExp(`^\\s*(?:- )?"?${name}"?:[ \\t]*(${scalar}),?[ \\t]*(?: #.*)?$`, "gm"))].map((match) =>
    unquoted(match[1]),
  );

export const contextOf = (text) => valuesOf(text, "current-context").at(-1) ?? "";

export const serversOf = (text) => valuesOf(text, "server");

// Of the wanted context as far as this simple reading goes: the only server, or the context's own words.
export const serverOf = (text, context) => {
  const servers = serversOf(text);
  return servers.length === 1 ? servers[0] : `${context || contextOf(text)} of ${servers.join(" ")}`;
};

const isOwn = (address) => /^127\.|^0\.0\.0\.0$|^::1?$/.test(address);

// A name that does not resolve in time is none of this machine: the click will say what is wrong with it.
const addressesOf = (host) =>
  Promise.race([
    lookup(host.replace(/^\[|\]$/g, ""), { all: true }).then(
      (all) => all.map(({ address }) => address),
      () => [],
    ),
    new Promise((late) => setTimeout(late, 3_000, []).unref()),
  ]);

// What Hedgerow must be allowed to reach although it is this machine: "127.0.0.1:6443".
export async function loopbackOf(text) {
  const places = serversOf(text)
    .filter((server) => URL.canParse(server))
    .map(async (server) => {
      const { hostname, port } = new URL(server);
      const own = (await addressesOf(hostname)).filter(isOwn);
      return own.map((it) => `${it.includes(":") ? `[${it}]` : it}:${port || "443"}`);
    });
  return [...new Set((await Promise.all(places)).flat())];
}

if (process.argv[1]?.endsWith("kubeconfig.mjs")) {
  const [, , question, file] = process.argv;
  try {
    const text = kubeconfigOf(file);
    if (question === "loopback") console.log((await loopbackOf(text)).map((it) => JSON.stringify(it)).join(", "));
    if (question === "context") console.log(contextOf(text));
    process.exit(0); // Whatever a name server still owes.
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}
