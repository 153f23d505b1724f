// A key and a certificate that it signed itself, for a server that speaks TLS.
import { mkdirSync } from "node:fs";
import type { test } from "@playwright/test";
import { mustRun } from "./process";

export async function certify(certificate: string, key: string): Promise<void> {
  const kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const names = ["-days", "2", "-subj", "/CN=hedgerow.lab"];
  await mustRun("openssl", ["req", ...kind, ...names, "-keyout", key, "-out", certificate]);
}

export interface Certified {
  certificate: string;
  key: string;
  // With which Hedgerow shows it.
  settings: { "http.tls_certificate": string; "http.tls_key": string };
}

// In the test's own folder.
export async function certified(told: ReturnType<typeof test.info>): Promise<Certified> {
  mkdirSync(told.outputPath("tls"), { recursive: true });
  const certificate = told.outputPath("tls", "server.crt");
  const key = told.outputPath("tls", "server.key");
  await certify(certificate, key);
  const settings = { "http.tls_certificate": certificate, "http.tls_key": key };
  return { certificate, key, settings };
}
