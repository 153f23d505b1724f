// A proxy of the test's own that ends TLS before a server, as those before most web applications do: it passes Host on,
// appends from whom it heard, and says that it was asked by TLS.
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { request as ask } from "node:http";
import { createServer, type Server } from "node:https";
import { pipeline } from "node:stream";
import type { Certified } from "./certificate";

export class TlsProxy {
  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async before(target: string, { certificate, key }: Certified): Promise<TlsProxy> {
    const pair = { cert: readFileSync(certificate), key: readFileSync(key) };
    const server = createServer(pair, (request, answer) => {
      const { method = "GET", socket, url } = request;
      const heard = [request.headers["x-forwarded-for"] ?? [], socket.remoteAddress].flat();
      const headers = {
        ...request.headers,
        "x-forwarded-for": heard.join(", "),
        "x-forwarded-proto": "https",
      };
      const { hostname, port } = new URL(target);
      const onward = ask({ hostname, port, method, path: url, headers }, (response) => {
        answer.writeHead(response.statusCode ?? 502, response.rawHeaders);
        pipeline(response, answer, () => undefined);
      });
      pipeline(request, onward, () => undefined);
      answer.once("close", () => onward.destroy());
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    return new TlsProxy(server, `https://127.0.0.1:${port}`);
  }

  async stop(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, "close");
  }
}
