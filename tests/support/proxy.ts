// A real HTTP proxy of the test's own (CONNECT, RFC 9110 section 9.3.6) that a test may tell to refuse, to want
// credentials, or to lead elsewhere. It keeps what it was asked for.
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";

export interface Asked {
  // "127.0.0.1:6443"
  target: string;
  headers: IncomingMessage["headers"];
  status: number;
}

export class ConnectProxy {
  readonly asked: Asked[] = [];
  // "name:password"; without one everybody may pass.
  wants = "";
  // Answers so instead of opening a tunnel.
  refuses: number | undefined;
  // Says nothing at all.
  silent = false;
  // Where every tunnel leads, whatever was asked for.
  leadsTo: string | undefined;
  private readonly open = new Set<Duplex>();

  private constructor(private readonly server: Server) {
    server.on("connect", (request: IncomingMessage, client: Duplex) => this.meet(request, client));
    server.on("connection", (socket: Socket) => {
      this.open.add(socket);
      socket.on("error", () => undefined);
      socket.once("close", () => this.open.delete(socket));
    });
  }

  static async start(): Promise<ConnectProxy> {
    const proxy = new ConnectProxy(createServer((_, answer) => answer.writeHead(405).end()));
    await proxy.begin();
    return proxy;
  }

  // Also again at the same port, after stop().
  async begin(): Promise<void> {
    this.server.listen(this.port, "127.0.0.1");
    await once(this.server, "listening");
    ({ port: this.port } = this.server.address() as { port: number });
  }

  port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get tunnels(): number {
    return this.asked.filter(({ status }) => status === 200).length;
  }

  // Ends what is open too, so that nobody goes on through a tunnel of before.
  hangUp(): void {
    for (const socket of this.open) socket.destroy();
  }

  async stop(): Promise<void> {
    this.hangUp();
    this.server.close();
    await once(this.server, "close");
  }

  private meet(request: IncomingMessage, client: Duplex): void {
    const status = this.verdict(request);
    this.asked.push({ target: request.url ?? "", headers: request.headers, status });
    if (this.silent) return;
    if (status !== 200) {
      const challenge = status === 407 ? 'Proxy-Authenticate: Basic realm="tests"\r\n' : "";
      client.end(`HTTP/1.1 ${status} No\r\n${challenge}Content-Length: 0\r\n\r\n`);
      return;
    }
    const [, host = "", port = ""] =
      /^\[?(.*?)\]?:(\d+)$/.exec(this.leadsTo ?? request.url ?? "") ?? [];
    const upstream = connect(Number(port), host);
    this.open.add(upstream);
    upstream.once("connect", () => {
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      upstream.pipe(client).pipe(upstream);
    });
    upstream.on("error", () => client.destroy());
    client.on("error", () => upstream.destroy());
    upstream.once("close", () => {
      this.open.delete(upstream);
      client.destroy();
    });
    client.once("close", () => upstream.destroy());
  }

  private verdict({ headers }: IncomingMessage): number {
    if (this.refuses !== undefined) return this.refuses;
    if (this.wants === "") return 200;
    const good = `Basic ${Buffer.from(this.wants).toString("base64")}`;
    return headers["proxy-authorization"] === good ? 200 : 407;
  }
}
