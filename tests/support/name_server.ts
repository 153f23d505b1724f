// A name server of a test's own: silent, or with an address for every name that nobody may keep. It alone is asked by a
// program that it starts.
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const headerBytes = 12;
const typeA = 1;

// Resolvers ask at this port and no other.
const port = 53;

// All of 127.0.0.0/8 is this machine: each name server has an address of its own there.
const someAddress = () => {
  const byte = () => 1 + Math.floor(Math.random() * 250);
  return `127.${byte()}.${byte()}.${byte()}`;
};

async function listening(address: string): Promise<Socket> {
  const socket = createSocket("udp4");
  socket.bind(port, address);
  try {
    await once(socket, "listening");
  } catch (why) {
    const denied = (why as NodeJS.ErrnoException).code === "EACCES";
    if (!denied) throw why;
    throw new Error(
      `A name server listens on port ${port}, which this user may not: run the test as root, or ` +
        `sysctl net.ipv4.ip_unprivileged_port_start=${port}`,
    );
  }
  return socket;
}

// Its name, the type and the class of what is wanted.
function questionOf(query: Buffer): { question: Buffer; isA: boolean } {
  const type = query.indexOf(0, headerBytes) + 1;
  return {
    question: query.subarray(headerBytes, type + 4),
    isA: query.readUInt16BE(type) === typeA,
  };
}

// The question of a query, with its address or with none.
function answerTo(query: Buffer, address: string): Buffer {
  const { question, isA: found } = questionOf(query);
  const header = Buffer.from([0, 0, 0x81, 0x80, 0, 1, 0, found ? 1 : 0, 0, 0, 0, 0]);
  query.copy(header, 0, 0, 2);
  // The name of the question, an address of the internet, to be kept for 0 s, of four bytes.
  const record = [0xc0, headerBytes, 0, typeA, 0, 1, 0, 0, 0, 0, 0, 4];
  const bytes = [...record, ...address.split(".").map(Number)];
  return Buffer.concat([header, question, Buffer.from(found ? bytes : [])]);
}

export class NameServer {
  // How often it was asked for an address.
  asked = 0;
  private addresses: string[] = [];
  private readonly dir = mkdtempSync(join(tmpdir(), "hedgerow-names-"));

  private constructor(private readonly socket: Socket) {
    const { address } = socket.address();
    writeFileSync(this.file, `nameserver ${address}\n`);
    socket.on("message", (query, from) => {
      const { isA } = questionOf(query);
      const [said] = this.addresses;
      if (isA) this.asked += 1;
      if (said === undefined) return;
      if (isA && this.addresses.length > 1) this.addresses.shift();
      socket.send(answerTo(query, said), from.port, from.address);
    });
  }

  // Silent until it is told what to say.
  static async start(): Promise<NameServer> {
    return new NameServer(await listening(someAddress()));
  }

  // From now on: these in turn, the last for ever; none, and it is silent.
  says(...addresses: string[]): void {
    this.addresses = addresses;
  }

  private get file(): string {
    return join(this.dir, "resolv.conf");
  }

  // What starts a program that asks this one.
  get through(): string[] {
    const own = ["unshare", process.getuid?.() === 0 ? "--mount" : "-rm"];
    return [...own, "sh", "-c", 'mount --bind "$0" /etc/resolv.conf && exec "$@"', this.file];
  }

  close(): void {
    this.socket.close();
    rmSync(this.dir, { recursive: true, force: true });
  }
}
