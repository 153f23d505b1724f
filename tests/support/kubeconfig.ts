// Kubeconfigs as kubectl writes them, whole or with one part said otherwise, and keys with their certificates.
import type { Connection } from "./cluster";
import { mustRun } from "./process";

export interface Part {
  server?: string;
  cluster?: string;
  user?: string;
  contexts?: string;
}

export function kubeconfig({ server, ca, token }: Connection, part: Part = {}): string {
  const caData = base64(ca);
  const cluster = part.cluster ?? `certificate-authority-data: ${caData}`;
  return [
    "apiVersion: v1",
    "kind: Config",
    "clusters:",
    `- {name: lab, cluster: {server: "${part.server ?? server}", ${cluster}}}`,
    "users:",
    `- {name: reader, user: {${part.user ?? `token: ${token}`}}}`,
    part.contexts ??
      "contexts:\n- {name: lab, context: {cluster: lab, user: reader}}\ncurrent-context: lab",
    "",
  ].join("\n");
}

export const base64 = (text: string) => Buffer.from(text).toString("base64");

export async function keyOf(): Promise<{ key: string; certificate: string }> {
  const words =
    "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=lab -days 2";
  const pem = await mustRun("openssl", [...words.split(" "), "-keyout", "-", "-out", "-"]);
  const cut = pem.indexOf("-----BEGIN CERTIFICATE-----");
  return { key: pem.slice(0, cut), certificate: pem.slice(cut) };
}

// A user with a key that belongs to another certificate.
export async function userOfTwo(): Promise<string> {
  const [one, other] = [await keyOf(), await keyOf()];
  return `client-certificate-data: ${base64(one.certificate)}, client-key-data: ${base64(other.key)}`;
}
