// What a person can type wrongly on the page that adds a fabric: each is refused at its field with code, layer and
// sentence, what was typed stays, no fabric is made, and what is right after that is taken and read.
import { expect, test, type OwnNamespace } from "../support/fixtures";
import type { Api } from "../support/api";
import type { Connection } from "../support/cluster";
import { asPeopleHaveThem } from "../support/defaults";
import { Gate } from "../support/gate";
import { base64, keyOf, kubeconfig, userOfTwo } from "../support/kubeconfig";
import type { PersonPage } from "../support/person";
import type { Fabric, List, Problem } from "../support/types";
import { codes, layerNames, type Code } from "../../ui/src/text/codes.gen";

// What stands in text fields, by their labels.
type Filled = Readonly<Record<string, string>>;

interface Row {
  typed: Filled;
  code: Code;
  // The field that says it, and a word that is this case's own.
  at: string;
  says: RegExp;
}

const field = (page: PersonPage, label: string) =>
  page.getByRole("textbox", { name: label, exact: true });

async function fill(page: PersonPage, typed: Filled): Promise<void> {
  const choose = (name: string) =>
    page.getByRole("radio", { name, exact: true }).check({ force: true });
  await choose("Kubeconfig" in typed ? "Kubeconfig" : "Separate fields");
  if ("Token" in typed) await choose("Token");
  if ("Client key" in typed) await choose("Client certificate");
  for (const [label, text] of Object.entries(typed)) await field(page, label).fill(text);
}

async function expectKept(page: PersonPage, typed: Filled): Promise<void> {
  for (const [label, text] of Object.entries(typed)) {
    const isText = await field(page, label).evaluate(
      (element, wanted) => (element as HTMLTextAreaElement).value === wanted,
      text,
    );
    expect(isText, `${label} is kept as it was typed`).toBe(true);
  }
}

const counted = async (api: Api) => (await api.must<List<Fabric>>("GET", "/api/fabrics/")).count;

const isAdding = (method: string, url: string) =>
  method === "POST" && new URL(url).pathname === "/api/fabrics/";

// Presses the button and gives what the server says.
async function pressAdd(page: PersonPage): Promise<Problem> {
  const answered = page.waitForResponse((it) => isAdding(it.request().method(), it.url()));
  await page.getByRole("button", { name: "Add fabric" }).click();
  return (await (await answered).json()) as Problem;
}

async function expectNote(page: PersonPage, code: Code): Promise<void> {
  const { layer, title } = codes[code];
  const note = page.getByRole("alert");
  await expect(note).toContainText(title);
  await expect(note).toContainText(`Layer ${layer} ${layerNames[layer]} · ${code}`);
}

async function expectRefused(page: PersonPage, { typed, code, at, says }: Row): Promise<void> {
  await fill(page, typed);
  const problem = await pressAdd(page);
  const { layer } = codes[code];
  expect({ code: problem.code, layer: problem.layer }, problem.detail).toEqual({ code, layer });
  await expectNote(page, code);
  await expect(page.getByRole("alert"), "says the cure").toContainText(problem.hint ?? "-");
  await expect(field(page, at)).toHaveAttribute("aria-invalid", "true");
  await expect(field(page, at)).toHaveAccessibleDescription(says);
  await expectKept(page, typed);
}

async function expectRefusals(page: PersonPage, api: Api, rows: Record<string, Row>) {
  page.allow(/status of 4(00|22)/);
  await page.signIn("administrator");
  await page.goto(page.at("/fabrics/add/"));
  const before = await counted(api);
  for (const [what, row] of Object.entries(rows))
    await test.step(what, async () => {
      await expectRefused(page, row);
      expect(await counted(api), "no fabric was made").toBe(before);
    });
}

// What is right now is added from the same form, and its first click reads everything.
async function expectGood(page: PersonPage, typed: Filled): Promise<void> {
  await fill(page, typed);
  await page.getByRole("button", { name: "Add fabric" }).click();
  await page.sync().click();
  await expect(page.watched()).toContainText("succeeded: 48 created");
}

async function kubeconfigs(it: Connection): Promise<Record<string, Row>> {
  const row = (text: string, says: RegExp): Row => ({
    typed: { Name: "lab", Kubeconfig: text },
    ...{ code: "kubeconfig_invalid", at: "Kubeconfig", says },
  });
  const half = Math.floor(it.token.length / 2);
  const broken = `${it.token.slice(0, half)}\\n${it.token.slice(half)}`;
  return {
    nothing: row("", /is empty/),
    "something that is no YAML": row("{{{: [", /not YAML|line 1/i),
    "no contexts": row(kubeconfig(it, { contexts: "" }), /no contexts/),
    "a file path instead of the CA": row(
      kubeconfig(it, { cluster: "certificate-authority: /etc/kubernetes/pki/ca.crt" }),
      /certificate-authority.*names a file/s,
    ),
    "a file path instead of the token": row(
      kubeconfig(it, { user: "tokenFile: /var/run/secrets/token" }),
      /tokenFile.*names a file/s,
    ),
    "an exec plug-in": row(
      kubeconfig(it, { user: "exec: {apiVersion: client.authentication.k8s.io/v1, command: aws}" }),
      /runs a program/,
    ),
    "insecure-skip-tls-verify": row(
      kubeconfig(it, { cluster: "insecure-skip-tls-verify: true" }),
      /switches off the check/,
    ),
    "a CA that is rubbish": row(
      kubeconfig(it, { cluster: `certificate-authority-data: ${base64("rubbish")}` }),
      /CA is not a certificate/,
    ),
    "a key that does not fit its certificate": row(
      kubeconfig(it, { user: await userOfTwo() }),
      /does not fit/,
    ),
    "a token with a newline": row(kubeconfig(it, { user: `token: "${broken}"` }), /line break/),
  };
}

test("a kubeconfig that cannot be used is refused at its field, and the good one after it is read", async ({
  hedgerow,
  cluster,
  page,
}) => {
  const api = await hedgerow.server.as("viewer");
  await expectRefusals(page, api, await kubeconfigs(cluster.connection));
  await expectGood(page, {
    Name: "lab",
    Kubeconfig: kubeconfig(cluster.connection),
    "Namespaces (optional)": cluster.namespace,
  });
  expect(await counted(api)).toBe(1);
});

test.describe("with the deadlines that people have", () => {
  test.use({ settings: asPeopleHaveThem(/^(page\.answer|http\.deadlines\.)/) });

  test(
    "10 MB instead of a kubeconfig are refused, pasted or chosen as a file, and the good file is read",
    { tag: "@long" },
    async ({ hedgerow, cluster, page }) => {
      test.setTimeout(120_000);
      const api = await hedgerow.server.as("viewer");
      page.allow(/status of 422/);
      await page.signIn("administrator");
      await page.goto(page.at("/fabrics/add/"));
      const text = kubeconfig(cluster.connection);
      const kubeconfigField = field(page, "Kubeconfig");
      const choose = (buffer: Buffer) =>
        page.locator('input[type="file"]').setInputFiles({ name: "config", mimeType: "", buffer });

      // Few steps while it is in the form: what records this test copies the form at each.
      await fill(page, { Name: "lab", Kubeconfig: text });
      const paste = (element: Element) => {
        const area = element as HTMLTextAreaElement;
        area.setRangeText(`# ${"x".repeat(10_000_000)}`, area.value.length, area.value.length);
        area.dispatchEvent(new Event("input", { bubbles: true }));
      };
      await kubeconfigField.evaluate(paste);
      expect(await pressAdd(page)).toMatchObject({ code: "kubeconfig_invalid", layer: 7 });
      await expect(page.getByRole("alert")).toHaveText(
        /\d{8} bytes long; at most 1048576.*Layer 7 Connection · kubeconfig_invalid/,
      );
      const kept = await kubeconfigField.evaluate((it) => (it as HTMLTextAreaElement).value.length);
      expect(kept, "it is kept as it was pasted").toBe(text.length + 10_000_002);

      await choose(Buffer.from(text));
      await expect(kubeconfigField).toHaveValue(text);
      await choose(Buffer.alloc(10_000_000, `${text}#`));
      await expect(kubeconfigField).toHaveAccessibleDescription(/9\.5 MiB.*not read/);
      await expectKept(page, { Name: "lab", Kubeconfig: text });
      expect(await counted(api), "no fabric was made").toBe(0);
      await expectGood(page, { "Namespaces (optional)": cluster.namespace, Kubeconfig: text });
    },
  );
});

async function fieldsOfConnection({ server, ca, token }: Connection): Promise<Record<string, Row>> {
  const [one, other] = [await keyOf(), await keyOf()];
  const rest = { Name: "lab", Server: server, "CA certificate": ca };
  const whole = { ...rest, Token: token };
  const address = (text: string, says: RegExp): Row => ({
    typed: { ...whole, Server: text },
    ...{ code: "bad_url", at: "Server", says },
  });
  const name = (text: string, says: RegExp): Row => ({
    typed: { ...whole, Name: text },
    ...{ code: "invalid", at: "Name", says },
  });
  return {
    "an http address": address("http://vlab.example:6443", /begins with http:/),
    "user info in the address": address(
      "https://alice:opensesame@vlab.example:6443",
      /user name or password/,
    ),
    "a CA that is rubbish": {
      typed: { ...whole, "CA certificate": "rubbish" },
      ...{ code: "kubeconfig_invalid", at: "CA certificate", says: /not a certificate/ },
    },
    "no name": name("", /name/i),
    "a name of 300 characters": name("x".repeat(300), /100 characters/),
    "a name that is taken": name("TAKEN", /taken|already/i),
    "a key that does not fit its certificate": {
      typed: { ...rest, "Client certificate": one.certificate, "Client key": other.key },
      ...{ code: "kubeconfig_invalid", at: "Client key", says: /does not fit/ },
    },
  };
}

const markup = `<b id="made">lab</b><img src="x" onerror="document.body.id='made'">`;

async function expectText(page: PersonPage): Promise<void> {
  await expect(page.getByText(markup).first()).toBeVisible();
  await expect(page.locator("#made")).toHaveCount(0);
  await expect(page.locator('img[src="x"]')).toHaveCount(0);
}

const goodFields = ({ connection, namespace }: OwnNamespace): Filled => ({
  Name: markup,
  Server: connection.server,
  "CA certificate": connection.ca,
  Token: connection.token,
  "Namespaces (optional)": namespace,
});

test("fields that cannot be used are refused each at its own, and markup in a name is text", async ({
  hedgerow,
  cluster,
  page,
}) => {
  const api = await hedgerow.server.as("viewer");
  await (await hedgerow.server.as("administrator")).addFabric("taken");
  await expectRefusals(page, api, await fieldsOfConnection(cluster.connection));
  await expectGood(page, goodFields(cluster));
  await expectText(page);
  await page.goto(page.at("/fabrics/"));
  await expectText(page);
  expect(await counted(api)).toBe(2);
});

const odd = {
  "an IPv6 address": async (cluster: OwnNamespace) => {
    const listen = ["--listen", "[::1]:0", "--names", "::1"];
    const gate = await Gate.beforeCluster(cluster.whole, ...listen);
    return { gate, server: gate.url };
  },
  "a path prefix": async (cluster: OwnNamespace) => {
    const gate = await Gate.beforeCluster(cluster.whole);
    const prefix = "/k8s/clusters/c-1";
    await gate.rule({ name: "below", action: { strip: prefix } });
    return { gate, server: gate.url + prefix };
  },
};

for (const [what, reached] of Object.entries(odd))
  test(`a cluster at ${what} is tested, added and read from the form, as it was typed`, async ({
    hedgerow,
    cluster,
    page,
  }) => {
    const { gate, server } = await reached(cluster);
    const { ca } = gate.lead(cluster.connection);
    await page.signIn("administrator");
    await page.goto(page.at("/fabrics/add/"));
    const typed = { ...goodFields(cluster), Name: "lab", Server: server, "CA certificate": ca };
    await expectGood(page, typed);
    await page.getByRole("link", { name: "Settings" }).click();
    await expect(field(page, "Server")).toHaveValue(server);
    expect((await gate.requests("GET", "/servers$")).length).toBeGreaterThan(0);
    const fabrics = await (
      await hedgerow.server.as("viewer")
    ).must<List<Fabric>>("GET", "/api/fabrics/");
    expect(fabrics.results.map((it) => it.cluster?.server)).toEqual([server]);
    await gate.stop();
  });
