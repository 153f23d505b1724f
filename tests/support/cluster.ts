// A real Kubernetes API server of the test's own, the one of tools/cluster, and what a person with kubectl would do
// to it. What reached it is counted in its audit log.
import {
  closeSync,
  cpSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
} from "node:fs";
import { Agent, request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ChildProcess } from "node:child_process";
import { controlPlane, end, mustRun, startTalking, until } from "./process";
import { isOpen } from "./raw_http";
import { wiringFiles, type Wiring } from "./tree";

export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    resourceVersion?: string;
    annotations?: Record<string, string>;
    labels?: Record<string, string>;
    finalizers?: string[];
    [more: string]: unknown;
  };
  [more: string]: unknown;
}

interface Report {
  url: string;
  ca_file: string;
  ca_key_file: string;
  admin_token_file: string;
  admin_kubeconfig: string;
  audit_log: string;
}

interface AuditLine {
  verb: string;
  // A request that nobody could be found for has no name.
  user: { username?: string };
  objectRef?: { resource?: string; namespace?: string; apiGroup?: string };
  requestURI: string;
  responseStatus?: { code: number };
}

const plurals: Record<string, string> = {
  Connection: "wiring.githedgehog.com/v1beta1/connections",
  Server: "wiring.githedgehog.com/v1beta1/servers",
  Switch: "wiring.githedgehog.com/v1beta1/switches",
  SwitchGroup: "wiring.githedgehog.com/v1beta1/switchgroups",
  VLANNamespace: "wiring.githedgehog.com/v1beta1/vlannamespaces",
  IPv4Namespace: "vpc.githedgehog.com/v1beta1/ipv4namespaces",
  VPC: "vpc.githedgehog.com/v1beta1/vpcs",
};

// How Hedgerow is told to reach a cluster, and with which account.
export interface Connection {
  server: string;
  ca: string;
  token: string;
}

export interface Certified {
  name: string;
  server: string;
  ca: string;
  client_cert: string;
  client_key: string;
}

export interface NamespaceReader {
  connection: Connection;
  // Both end once the API server heeds them.
  letIn(namespace: string): Promise<void>;
  shutOut(namespace: string): Promise<void>;
}

export class TestCluster {
  private agent: Agent;
  private readonly adminToken: string;
  private auditFrom = 0;
  private accounts = 0;
  private readonly copies: string[] = [];

  private constructor(
    private child: ChildProcess,
    private readonly dir: string,
    readonly report: Report,
  ) {
    this.agent = agentOf(this.ca);
    this.adminToken = readFileSync(report.admin_token_file, "utf8").trim();
  }

  // Without wiring it is a Kubernetes that knows no Hedgehog kind.
  static async start(wiring?: Wiring, serverFlags: string[] = []): Promise<TestCluster> {
    const dir = mkdtempSync(join(tmpdir(), "hedgerow-cluster-"));
    const kinds = wiring ? ["--crds", wiringFiles(wiring).crds] : [];
    const words = startIn(dir, kinds, serverFlags);
    const { child, firstLine } = await startTalking(controlPlane, words);
    return new TestCluster(child, dir, JSON.parse(firstLine) as Report);
  }

  async stop(): Promise<void> {
    this.agent.destroy();
    await end(this.child, "SIGKILL");
    for (const copy of [this.dir, ...this.copies]) rmSync(copy, { recursive: true, force: true });
  }

  // A copy of all that the control plane keeps, made while it does not run. It comes back at the same address.
  async backup(): Promise<string> {
    const copy = `${this.dir}-copy-${this.copies.length}`;
    this.copies.push(copy);
    await this.standStill(() => cpSync(this.dir, copy, { recursive: true }));
    return copy;
  }

  // Puts such a copy in the place of what the control plane has now.
  async restore(copy: string): Promise<void> {
    await this.standStill(() => {
      rmSync(this.dir, { recursive: true, force: true });
      cpSync(copy, this.dir, { recursive: true });
    });
  }

  private async standStill(meanwhile: () => void): Promise<void> {
    this.agent.destroy();
    await end(this.child);
    meanwhile();
    await this.startAgain();
  }

  private async startAgain(): Promise<void> {
    this.child = (await startTalking(controlPlane, startIn(this.dir))).child;
    this.agent = agentOf(this.ca);
  }

  // Ends it without a word and starts it again. What is to be done meanwhile begins as soon as its port is open, before
  // it is ready.
  async crash<T>(meanwhile: () => Promise<T>): Promise<T> {
    this.agent.destroy();
    await end(this.child, "SIGKILL");
    const started = this.startAgain();
    await until("its port", async () => (await isOpen(this.url)) || undefined, 60_000);
    try {
      return await meanwhile();
    } finally {
      await started;
    }
  }

  // The newest resourceVersion that the cluster has given to anything.
  async version(): Promise<number> {
    const { metadata } = (await this.must("GET", "/api/v1/namespaces/default/configmaps")) as {
      metadata: { resourceVersion: string };
    };
    return Number(metadata.resourceVersion);
  }

  // Lets the cluster's version grow by as many writes that concern nobody.
  async age(writes: number): Promise<void> {
    const path = "/api/v1/namespaces/default/configmaps/age?fieldManager=tests";
    const metadata = { name: "age" };
    for (let write = 0; write < writes; write += 1) {
      const data = { write: `${write} of ${writes} at ${Date.now()}` };
      const object = { apiVersion: "v1", kind: "ConfigMap", metadata, data };
      await this.must("PATCH", path, object, "application/apply-patch+yaml");
    }
  }

  // Forgets old versions, so that what began at one of them cannot go on.
  async compact(): Promise<void> {
    await mustRun(controlPlane, ["compact", "--dir", this.dir]);
  }

  get url(): string {
    return this.report.url;
  }

  get ca(): string {
    return readFileSync(this.report.ca_file, "utf8");
  }

  // The 48 objects in the namespace, which it makes.
  async load(wiring: Wiring, namespace: string): Promise<void> {
    await this.makeNamespace(namespace);
    this.wiring ??= this.readWiring(wiring);
    await Promise.all((await this.wiring).map((object) => this.create({ ...object, namespace })));
  }

  // The objects as this API server keeps them, in the form in which somebody would write them.
  private wiring: Promise<Appliable[]> | undefined;
  private async readWiring(wiring: Wiring): Promise<Appliable[]> {
    await mustRun(controlPlane, ["load", "--dir", this.dir, wiringFiles(wiring).objects]);
    const kinds = Object.keys(plurals).filter((kind) => kind !== "VPC");
    return (await Promise.all(kinds.map((kind) => this.list(kind)))).flat();
  }

  private async listed(kind: string, namespace: string) {
    const path = this.pathOf(kind, namespace);
    return (await this.must("GET", path)) as { items: KubeObject[]; apiVersion: string };
  }

  // Kind, name, uid and resourceVersion of each object of every kind there, in one order.
  async identities(namespace: string): Promise<string[]> {
    const of = async (kind: string) =>
      (await this.listed(kind, namespace)).items.map(({ metadata }) =>
        [kind, metadata.name, metadata.uid, metadata.resourceVersion].join(" "),
      );
    return (await Promise.all(Object.keys(plurals).map(of))).flat().sort();
  }

  private async list(kind: string): Promise<Appliable[]> {
    const { items, apiVersion } = await this.listed(kind, "default");
    return items.map((item) => ({
      object: {
        ...item,
        apiVersion,
        kind,
        metadata: { name: item.metadata.name },
        status: undefined,
      },
    }));
  }

  async makeNamespace(name: string): Promise<void> {
    await this.must("POST", "/api/v1/namespaces", {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name },
    });
  }

  pathOf(kind: string, namespace: string, name = ""): string {
    const path = plurals[kind];
    if (!path) throw new Error(`The tests know no path of kind ${kind}.`);
    const slash = path.lastIndexOf("/");
    return `/apis/${path.slice(0, slash)}/namespaces/${namespace}${path.slice(slash)}${name && `/${name}`}`;
  }

  private async create({ object, namespace = "default" }: Appliable): Promise<void> {
    await this.must("POST", this.pathOf(object.kind, namespace), placed(object, namespace));
  }

  async apply({ object, namespace = "default" }: Appliable): Promise<KubeObject> {
    const path = this.pathOf(object.kind, namespace, object.metadata.name);
    const answer = await this.must(
      "PATCH",
      `${path}?fieldManager=tests&force=true`,
      placed(object, namespace),
      "application/apply-patch+yaml",
    );
    return answer as KubeObject;
  }

  async get(kind: string, namespace: string, name: string): Promise<KubeObject> {
    return (await this.must("GET", this.pathOf(kind, namespace, name))) as KubeObject;
  }

  async patch(kind: string, namespace: string, name: string, change: object): Promise<void> {
    const path = this.pathOf(kind, namespace, name);
    await this.must("PATCH", path, change, "application/merge-patch+json");
  }

  async remove(kind: string, namespace: string, name: string): Promise<void> {
    await this.must("DELETE", this.pathOf(kind, namespace, name));
  }

  async removeAll(namespace: string): Promise<void> {
    for (const kind of Object.keys(plurals))
      await this.must("DELETE", this.pathOf(kind, namespace));
  }

  // Another account with the rights of packaging/kubernetes/reader-rbac.yaml, but for these resources.
  async reader(without: readonly string[] = []): Promise<Connection> {
    this.accounts += 1;
    const name = `reader-${this.accounts}`;
    const account = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name } };
    await this.must("POST", "/api/v1/namespaces/default/serviceaccounts", account);
    const role = (await this.must("GET", `${rbac}/clusterroles/${readerRole}`)) as Role;
    const rules = without.length > 0 ? await this.rulesWithout(role.rules, without) : role.rules;
    await this.must("POST", `${rbac}/clusterroles`, {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name },
      rules,
    });
    await this.must("POST", `${rbac}/clusterrolebindings`, bindingOf(name));
    return { server: this.url, ca: this.ca, token: await this.tokenOf(name) };
  }

  // A rule for all resources of its groups becomes one for each that is served now.
  private async rulesWithout(rules: readonly Rule[], without: readonly string[]): Promise<Rule[]> {
    const { groups } = (await this.must("GET", "/apis")) as { groups: ApiGroup[] };
    const kept = rules.map(async (rule) => {
      const asked = groups.filter(({ name }) => rule.apiGroups.includes(name));
      const served = await Promise.all(asked.map((group) => this.resourcesOf(group)));
      const resources = rule.resources.includes("*") ? served.flat() : rule.resources;
      return { ...rule, resources: resources.filter((name) => !without.includes(name)) };
    });
    return await Promise.all(kept);
  }

  private async resourcesOf({ preferredVersion }: ApiGroup): Promise<string[]> {
    const { resources } = (await this.must("GET", `/apis/${preferredVersion.groupVersion}`)) as {
      resources: { name: string }[];
    };
    return resources.map(({ name }) => name);
  }

  // An account that has no token: it is known by a certificate of its own, signed by the cluster's authority or, as
  // an impostor would have it, by one of its own making.
  async certified(signed = true): Promise<Certified> {
    this.accounts += 1;
    const name = `certified-${this.accounts}`;
    const at = (file: string) => join(this.dir, `${name}.${file}`);
    const fresh = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    await mustRun("openssl", [
      ...["req", "-new", ...fresh, "-subj", `/CN=${name}`],
      ...["-keyout", at("key"), "-out", at("csr")],
    ]);
    const { ca_file, ca_key_file } = this.report;
    const by = signed ? ["-CA", ca_file, "-CAkey", ca_key_file] : ["-signkey", at("key")];
    const serial = String(Date.now() + this.accounts);
    await mustRun("openssl", [
      ...["x509", "-req", "-in", at("csr"), ...by, "-days", "2", "-set_serial", serial],
      ...["-out", at("crt")],
    ]);
    const subjects = [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name }];
    await this.must("POST", `${rbac}/clusterrolebindings`, {
      ...bindingOf(name, readerRole),
      subjects,
    });
    return {
      name,
      server: this.url,
      ca: this.ca,
      client_cert: readFileSync(at("crt"), "utf8"),
      client_key: readFileSync(at("key"), "utf8"),
    };
  }

  // Who asked for this resource since the requests were forgotten.
  askedBy(resource: string): string[] {
    const lines = this.requests((line) => line.objectRef?.resource === resource);
    return [...new Set(lines.map((line) => line.user.username ?? ""))];
  }

  // An account that may read objects only where it is let in, and of the whole cluster knows which namespaces there
  // are; it may see no more than a namespace's own face if not `seesAll`.
  async readerByNamespace(seesAll = true): Promise<NamespaceReader> {
    this.accounts += 1;
    const name = `by-namespace-${this.accounts}`;
    const account = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name } };
    await this.must("POST", "/api/v1/namespaces/default/serviceaccounts", account);
    const verbs = seesAll ? ["get", "list"] : ["get"];
    await this.must("POST", `${rbac}/clusterroles`, {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name },
      rules: [{ apiGroups: [""], resources: ["namespaces"], verbs }],
    });
    await this.must("POST", `${rbac}/clusterrolebindings`, bindingOf(name));
    const connection = { server: this.url, ca: this.ca, token: await this.tokenOf(name) };
    const bindings = (namespace: string) => `${rbac}/namespaces/${namespace}/rolebindings`;
    const heeded = (namespace: string, status: number) =>
      until(`the API server to answer ${name} ${status} in ${namespace}`, async () => {
        const answer = await this.ask("GET", this.pathOf("Server", namespace), {
          headers: { Authorization: `Bearer ${connection.token}` },
        });
        return answer.status === status ? true : undefined;
      });
    return {
      connection,
      letIn: async (namespace) => {
        await this.must("POST", bindings(namespace), {
          ...bindingOf(name, readerRole),
          kind: "RoleBinding",
        });
        await heeded(namespace, 200);
      },
      shutOut: async (namespace) => {
        await this.must("DELETE", `${bindings(namespace)}/${name}`);
        await heeded(namespace, 403);
      },
    };
  }

  async namespaces(): Promise<string[]> {
    const { items } = (await this.must("GET", "/api/v1/namespaces")) as { items: KubeObject[] };
    return items.map(({ metadata }) => metadata.name);
  }

  private async tokenOf(name: string): Promise<string> {
    const path = `/api/v1/namespaces/default/serviceaccounts/${name}/token`;
    const answer = await this.must("POST", path, {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      spec: { expirationSeconds: 3600 },
    });
    return (answer as { status: { token: string } }).status.token;
  }

  // Takes the account away. The API server remembers tokens that it has seen for some seconds, so this ends
  // only once it refuses this one.
  async revoke(connection: Connection): Promise<void> {
    const claims = JSON.parse(
      Buffer.from(connection.token.split(".")[1] ?? "", "base64url").toString("utf8"),
    ) as { sub: string };
    const name = claims.sub.split(":").at(-1);
    await this.must("DELETE", `/api/v1/namespaces/default/serviceaccounts/${name}`);
    const asAccount = { Authorization: `Bearer ${connection.token}` };
    await until("the API server to refuse the token", async () => {
      const { status } = await this.ask("GET", "/api/v1", { headers: asAccount });
      return status === 401 ? true : undefined;
    });
  }

  // ---- what reached the API server

  forgetRequests(): void {
    this.auditFrom = statSync(this.report.audit_log).size;
  }

  private requests(wanted: (line: AuditLine) => boolean): AuditLine[] {
    const found: AuditLine[] = [];
    for (const text of linesFrom(this.report.audit_log, this.auditFrom)) {
      const line = JSON.parse(text) as AuditLine;
      if (wanted(line)) found.push(line);
    }
    return found;
  }

  // How often somebody but the tests listed this resource in this namespace.
  lists(resource: string, namespace?: string): number {
    return this.requests(
      (line) =>
        line.verb === "list" &&
        line.objectRef?.resource === resource &&
        (namespace === undefined || line.objectRef.namespace === namespace) &&
        isGuest(line),
    ).length;
  }

  // What somebody but the tests tried to change.
  writes(): string[] {
    const reads = new Set(["get", "list", "watch"]);
    return this.requests(
      (line) =>
        isGuest(line) &&
        !reads.has(line.verb) &&
        !line.objectRef?.resource?.startsWith("selfsubject"),
    ).map((line) => `${line.verb} ${line.requestURI}`);
  }

  // ---- as administrator

  async must(
    method: string,
    path: string,
    body?: object,
    type = "application/json",
  ): Promise<unknown> {
    const answer = await this.ask(method, path, {
      ...(body && { body }),
      headers: { "Content-Type": type },
    });
    if (answer.status >= 300)
      throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  private async ask(
    method: string,
    path: string,
    { body, headers: more = {} }: { body?: object; headers?: Record<string, string> } = {},
  ): Promise<{ status: number; body: unknown }> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    return await new Promise((resolve, reject) => {
      const headers = {
        Authorization: `Bearer ${this.adminToken}`,
        Accept: "application/json",
        "User-Agent": "hedgerow-tests",
        ...(text !== undefined && { "Content-Length": Buffer.byteLength(text) }),
        ...more,
      };
      const sent = request(this.url + path, { method, agent: this.agent, headers }, (answer) => {
        let content = "";
        answer.setEncoding("utf8").on("data", (part: string) => (content += part));
        answer.on("end", () =>
          resolve({
            status: answer.statusCode ?? 0,
            body: content ? bodyOf(content, answer.headers["content-type"]) : undefined,
          }),
        );
      });
      sent.on("error", reject).end(text);
    });
  }
}

const placed = (object: KubeObject, namespace: string) => ({
  ...object,
  metadata: { ...object.metadata, namespace },
});

// Few connections: each costs both sides a handshake.
const agentOf = (ca: string) => new Agent({ ca, keepAlive: true, maxSockets: 8 });

// The whole lines of a file that only grows, from there on. In pieces: thousands of kills leave more than a string may
// hold.
function* linesFrom(file: string, start: number): Generator<string> {
  const from = openSync(file, "r");
  const piece = Buffer.alloc(1 << 20);
  let at = start;
  let rest = Buffer.alloc(0);
  for (;;) {
    const read = readSync(from, piece, 0, piece.length, at);
    if (read === 0) break;
    at += read;
    const bytes = Buffer.concat([rest, piece.subarray(0, read)]);
    const end = bytes.lastIndexOf("\n") + 1;
    rest = bytes.subarray(end);
    for (const line of bytes.toString("utf8", 0, end).split("\n")) if (line) yield line;
  }
  closeSync(from);
}

// In MB: the log is never turned over, as what reached the server is counted in it.
const startIn = (dir: string, more: string[] = [], serverFlags: string[] = []) => [
  ...["start", "--foreground", "--end-with-stdin", "--json", "--dir", dir, ...more],
  ...["--", "--audit-log-maxsize=1000000", ...serverFlags],
];

// A path that the API server does not know is answered in plain words.
const bodyOf = (content: string, type = ""): unknown =>
  type.includes("json") ? (JSON.parse(content) as unknown) : content;

export interface Appliable {
  object: KubeObject;
  namespace?: string;
}

const rbac = "/apis/rbac.authorization.k8s.io/v1";
// Of packaging/kubernetes/reader-rbac.yaml.
const readerRole = "hedgerow-reader";

const isGuest = (line: AuditLine) =>
  line.user.username?.startsWith("system:serviceaccount:") ?? false;

interface ApiGroup {
  name: string;
  preferredVersion: { groupVersion: string };
}

interface Rule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
}

interface Role {
  rules: Rule[];
}

const bindingOf = (name: string, role = name) => ({
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "ClusterRoleBinding",
  metadata: { name },
  roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
  subjects: [{ kind: "ServiceAccount", name, namespace: "default" }],
});
