// What is written to the API server letter by letter: numbers that a program here could not hold, and YAML.
import { readFileSync } from "node:fs";
import { request } from "node:https";
import type { KubeObject, TestCluster } from "../support/cluster";

export async function write(
  { report }: TestCluster,
  { method, path, type, body }: { method: string; path: string; type: string; body: string },
): Promise<KubeObject> {
  const token = readFileSync(report.admin_token_file, "utf8").trim();
  const headers = {
    Authorization: `Bearer ${token}`,
    Accept: "application/json",
    "User-Agent": "hedgerow-tests",
    "Content-Type": type,
    "Content-Length": Buffer.byteLength(body),
  };
  const ca = readFileSync(report.ca_file);
  return await new Promise((resolve, reject) => {
    const sent = request(report.url + path, { method, headers, ca, agent: false }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (part: string) => (text += part));
      answer.on("end", () => {
        if ((answer.statusCode ?? 0) < 300) return resolve(JSON.parse(text) as KubeObject);
        reject(new Error(`${method} ${path}: ${answer.statusCode} ${text}`));
      });
    });
    sent.on("error", reject).end(body);
  });
}
