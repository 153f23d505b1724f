// A port that swallows everything: a listener whose queue is full, so that the kernel drops each further
// greeting without a word. Node always accepts, hence another language.
import { end, startTalking } from "./process";

const program = `
import socket, sys
hole = socket.socket()
hole.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
hole.bind(("127.0.0.1", int(sys.argv[1])))
hole.listen(0)
port = hole.getsockname()[1]
fillers = []
for _ in range(4):
    filler = socket.socket()
    filler.setblocking(False)
    filler.connect_ex(("127.0.0.1", port))
    fillers.append(filler)
print(port, flush=True)
sys.stdin.read()
`;

export interface BlackHole {
  port: number;
  close(): Promise<void>;
}

export async function blackHole(wantedPort = "0"): Promise<BlackHole> {
  const { child, firstLine } = await startTalking("python3", ["-c", program, wantedPort]);
  return { port: Number(firstLine), close: async () => void (await end(child, "SIGKILL")) };
}
