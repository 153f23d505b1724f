// Sets up, through the API like anybody else, the fabric that a person finds when `./run` is done. It is not
// synced: the first click is theirs. One argument: the wish as JSON. Prints the words of the progress line.
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { createHash, randomBytes } from "node:crypto";
import { kubeconfigOf, serverOf } from "./kubeconfig.mjs";

const wish = JSON.parse(process.argv[2]);
const cookies = new Map();
let csrf;

async function ask(method, path, { body, headers } = {}) {
  const response = await fetch(new URL(path, wish.url), {
    method,
    redirect: "error",
    signal: AbortSignal.timeout(20_000),
    headers: {
      Accept: "application/json",
      Origin: new URL(wish.url).origin,
      Cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; "),
      ...(csrf && { "X-CSRF-Token": csrf }),
      ...(body && { "Content-Type": "application/json" }),
      ...headers,
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  for (const line of response.headers.getSetCookie()) {
    const [pair] = line.split(";");
    cookies.set(pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1));
  }
  const answer = response.status === 204 ? undefined : await response.json();
  if (!response.ok) throw new Error(`${answer.title} ${answer.detail} ${answer.hint}`);
  return { answer, etag: response.headers.get("ETag") };
}

async function signIn() {
  const password = readFileSync(wish.password, "utf8").trim();
  const body = { username: wish.user, password };
  csrf = (await ask("POST", "/api/session/", { body })).answer.csrf_token;
}

// The page itself must answer too, not only the API.
async function seePage() {
  const page = await fetch(wish.url, { signal: AbortSignal.timeout(20_000) });
  const type = page.headers.get("Content-Type") ?? "";
  if (page.status !== 200 || !type.startsWith("text/html"))
    throw new Error(`The page does not answer (HTTP ${page.status}).`);
}

const freeName = (wanted, fabrics) => {
  const taken = new Set(fabrics.map((fabric) => fabric.name));
  let name = wanted;
  for (let number = 2; taken.has(name); number += 1) name = `${wanted} ${number}`;
  return name;
};

const digestOf = (cluster) => createHash("sha256").update(JSON.stringify(cluster)).digest("hex");

// Once for each cluster: one that the person has deleted stays deleted. The note says which, by what they were set up
// last, and as which fabric: before it is made by "+" and its name, as this may end before its number is known.
async function setUp(kubeconfig, server) {
  const lines = existsSync(wish.note) ? readFileSync(wish.note, "utf8").split("\n") : [];
  const key = wish.sample ? "sample" : server;
  const [known] = lines
    .map((line) => line.split("\t"))
    .filter(([one]) => one === key)
    .slice(-1);
  const fabrics = (await ask("GET", "/api/fabrics/?limit=1000")).answer.results;
  const cluster = { kubeconfig, ...(wish.context && { context: wish.context }) };
  const note = (as) =>
    appendFileSync(wish.note, `${[key, digestOf(cluster), as].join("\t")}\n`, { flush: true });
  const [, digest, as] = known ?? [];
  const mine = fabrics.find(({ id, name }) => [String(id), `+${name}`].includes(as));
  if (known && (mine || !as.startsWith("+"))) {
    if (!mine) return "was deleted here, and stays so";
    if (as !== String(mine.id)) note(mine.id);
    if (wish.sample) return await follow(mine, cluster, server);
    if (digest === digestOf(cluster)) return "is set up already";
    // The person's kubeconfig is not what it was: a token was renewed, or a CA.
    await change(mine, cluster);
    note(mine.id);
    return `${mine.name} has the credentials of the kubeconfig as it is now`;
  }
  const name = freeName(wish.name.slice(0, 90), fabrics);
  note(`+${name}`);
  const { answer } = await ask("POST", "/api/fabrics/", {
    headers: { "Idempotency-Key": randomBytes(16).toString("hex") },
    body: { name, description: wish.description, cluster },
  });
  note(answer.id);
  return `${name} is set up and not yet synced`;
}

// The sample's API server may have moved to another port since.
async function follow(mine, cluster, server) {
  if (!mine.cluster || mine.cluster.server === server) return "is set up already";
  await change(mine, cluster);
  return `${mine.name} has a new address`;
}

async function change({ id }, cluster) {
  const path = `/api/fabrics/${id}/`;
  const { etag } = await ask("GET", path);
  await ask("PATCH", path, { headers: { "If-Match": etag }, body: { cluster } });
}

try {
  await signIn();
  const kubeconfig = kubeconfigOf(wish.kubeconfig, wish.context);
  console.log(await setUp(kubeconfig, serverOf(kubeconfig, wish.context)));
  await seePage();
} catch (error) {
  // Led in as Hedgerow's own sentences are, so that ./run shows this one alone.
  console.error(
    `hedgerow: ${error.cause ? "It ended while its first fabric was set up; its log says why." : error.message}`,
  );
  process.exit(1);
}
