// A key and a certificate that it signed itself, for a server that speaks TLS.
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { connect as connectTls } from "node:tls";
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

// Which certificate a new connection is shown.
export async function shownBy(url: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connectTls({ host: hostname, port: Number(port), rejectUnauthorized: false });
  await once(socket, "secureConnect");
  const shown = socket.getPeerX509Certificate()?.fingerprint256 ?? "";
  socket.destroy();
  return shown;
}
