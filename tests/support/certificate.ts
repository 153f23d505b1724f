// A key and a certificate that it signed itself, for a server that speaks TLS.
import { mustRun } from "./process";

export async function certify(certificate: string, key: string): Promise<void> {
  const kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const names = ["-days", "2", "-subj", "/CN=hedgerow.lab"];
  await mustRun("openssl", ["req", ...kind, ...names, "-keyout", key, "-out", certificate]);
}
