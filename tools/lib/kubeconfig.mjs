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

// All of that name; with an indent those alone that stand there.
const valuesOf = (text, name, indent = "\\s*(?:- )?") =>
  [
    ...text.matchAll(
      new RegExp(`^${indent}"?${name}"?:[ \\t]*(${scalar}),?[ \\t]*(?: #.*)?$`, "gm"),
    ),
  ].map((match) => unquoted(match[1]));

export const contextOf = (text) => valuesOf(text, "current-context").at(-1) ?? "";

// The items of a list of the file, as kubectl writes it: where each begins and ends, and its name.
function itemsOf(lines, list) {
  const top = lines.findIndex((line) => new RegExp(`^${list}:[ \\t]*(#.*)?$`).test(line));
  const after = lines.findIndex((line, at) => at > top && /^[^\s#-]|^---/.test(line));
  const dash = /^ *(?=- )/.exec(lines[top + 1] ?? "")?.[0];
  if (top < 0 || dash === undefined) return [];
  const end = after < 0 ? lines.length : after;
  const starts = lines.flatMap((line, at) =>
    at > top && at < end && line.startsWith(`${dash}- `) ? [at] : [],
  );
  return starts.map((from, number) => {
    const to = starts[number + 1] ?? end;
    const text = [lines[from].replace("-", " "), ...lines.slice(from + 1, to)].join("\n");
    const indent = /^ */.exec(text)[0];
    const [name] = valuesOf(text, "name", indent);
    return { from, to, text, name };
  });
}

function cutJson(text, context) {
  const config = JSON.parse(text);
  const wanted = context || config["current-context"];
  const own = config.contexts?.find(({ name }) => name === wanted)?.context ?? {};
  for (const what of ["cluster", "user"])
    config[`${what}s`] = config[`${what}s`]?.filter(({ name }) => name === own[what]);
  return JSON.stringify(config, undefined, 2);
}

function cutLines(text, context) {
  const lines = text.split("\n");
  const contexts = itemsOf(lines, "contexts");
  const wanted = context || contextOf(text);
  if (contexts.length === 0 || contexts.some(({ name }) => name === undefined)) return text;
  const own = contexts.find(({ name }) => name === wanted)?.text ?? "";
  if (own && valuesOf(own, "cluster").length === 0) return text;
  const others = ["cluster", "user"].flatMap((what) =>
    itemsOf(lines, `${what}s`).filter(
      ({ name }) => name !== undefined && !valuesOf(own, what).includes(name),
    ),
  );
  return lines.filter((_, at) => !others.some(({ from, to }) => at >= from && at < to)).join("\n");
}

// What the context has to do with: other clusters and users of the file are nobody's business here. Contexts stay, for
// their names are told to who asks for one that is not there. A form that this simple reading does not know stays whole.
function cutTo(text, context) {
  try {
    return cutJson(text, context);
  } catch {
    return cutLines(text, context);
  }
}

// The text of the file, of one context alone, its paths replaced line by line. A path that cannot be read stays: the
// server says so.
export function kubeconfigOf(file, context) {
  const folder = dirname(resolve(file));
  const names = Object.keys(dataOf).join("|");
  const pattern = new RegExp(
    `^(\\s*(?:- )?)"?(${names})"?:[ \\t]*(${scalar})(,?)[ \\t]*(?: #.*)?$`,
    "gm",
  );
  return cutTo(readFileSync(file, "utf8"), context).replace(
    pattern,
    (line, indent, name, path, comma) => {
      const content = readable(resolve(folder, unquoted(path)));
      if (content === undefined) return line;
      const [key, value] = dataOf[name](content);
      return `${indent}${JSON.stringify(key)}: ${JSON.stringify(value)}${comma}`;
    },
  );
}

export const serversOf = (text) => valuesOf(text, "server");

// Of the wanted context as far as this simple reading goes: the only server, or the context's own words.
export const serverOf = (text, context) => {
  const servers = serversOf(text);
  return servers.length === 1
    ? servers[0]
    : `${context || contextOf(text)} of ${servers.join(" ")}`;
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
  const [, , question, file, context] = process.argv;
  try {
    const text = kubeconfigOf(file, context);
    if (question === "loopback")
      console.log((await loopbackOf(text)).map((it) => JSON.stringify(it)).join(", "));
    if (question === "context") console.log(contextOf(text));
    process.exit(0); // Whatever a name server still owes.
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}
