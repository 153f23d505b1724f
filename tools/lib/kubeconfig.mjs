// A person's kubeconfig as Hedgerow takes it: with data in it instead of paths of files, which are read here,
// on the side of the person who named them.
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";

const dataOf = {
  "certificate-authority": (content) => ["certificate-authority-data", content.toString("base64")],
  "client-certificate": (content) => ["client-certificate-data", content.toString("base64")],
  "client-key": (content) => ["client-key-data", content.toString("base64")],
  tokenFile: (content) => ["token", content.toString("utf8").trim()],
};

const unquoted = (text) => text.trim().replace(/^(["'])(.*)\1$/, "$2");

// The text of the file, its paths replaced line by line; JSON is YAML in one line per member too.
export function kubeconfigOf(file) {
  const folder = dirname(resolve(file));
  const names = Object.keys(dataOf).join("|");
  const line = new RegExp(`^(\\s*(?:- )?)"?(${names})"?:[ \\t]*("[^"]*"|'[^']*'|[^\\s,#]+)(,?)[ \\t]*$`, "gm");
  return readFileSync(file, "utf8").replace(line, (_, indent, name, path, comma) => {
    const [key, value] = dataOf[name](readFileSync(resolve(folder, unquoted(path))));
    return `${indent}${JSON.stringify(key)}: ${JSON.stringify(value)}${comma}`;
  });
}

const valuesOf = (text, name) =>
  [...text.matchAll(new RegExp(`^\\s*(?:- )?"?${name}"?:[ \\t]*("[^"]*"|'[^']*'|[^\\s,#]+)`, "gm"))].map((match) =>
    unquoted(match[1]),
  );

export const contextOf = (text) => valuesOf(text, "current-context").at(-1) ?? "";

export const serversOf = (text) => valuesOf(text, "server");

// Of the wanted context as far as this simple reading goes: the only server, or the context's own words.
export const serverOf = (text, context) => {
  const servers = serversOf(text);
  return servers.length === 1 ? servers[0] : `${context || contextOf(text)} of ${servers.join(" ")}`;
};

const isLoopback = (host) => /^127\.|^localhost$|^\[::1\]$/.test(host);

// What Hedgerow must be allowed to reach although it is this machine: "127.0.0.1:6443".
export const loopbackOf = (text) =>
  serversOf(text).flatMap((server) => {
    if (!URL.canParse(server)) return [];
    const { hostname, port } = new URL(server);
    if (!isLoopback(hostname)) return [];
    const to = port || "443";
    return hostname === "localhost" ? [`127.0.0.1:${to}`, `[::1]:${to}`] : [`${hostname}:${to}`];
  });

if (process.argv[1]?.endsWith("kubeconfig.mjs")) {
  const [, , question, file] = process.argv;
  try {
    const text = kubeconfigOf(file);
    if (question === "loopback") console.log(loopbackOf(text).map((it) => JSON.stringify(it)).join(", "));
    if (question === "context") console.log(contextOf(text));
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}
