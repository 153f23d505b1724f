// Bytes to a port, and whatever comes back until the connection ends or a while has passed.
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

export interface Came {
  text: string;
  // Whether the other side ended it.
  ended: boolean;
}

export function portOf(url: string): { host: string; port: number } {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port) };
}

// Whether somebody listens there.
export function isOpen(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(portOf(url));
    const settle = (is: boolean) => {
      socket.destroy();
      resolve(is);
    };
    socket.once("connect", () => settle(true)).once("error", () => settle(false));
  });
}

function heard(socket: Socket, patienceMs: number): Promise<Came> {
  return new Promise((resolve) => {
    let text = "";
    const settle = (ended: boolean) => {
      clearTimeout(late);
      socket.destroy();
      resolve({ text, ended });
    };
    const late = setTimeout(() => settle(false), patienceMs);
    socket.on("data", (part: Buffer) => (text += part.toString("latin1")));
    socket.on("close", () => settle(true)).on("error", () => settle(true));
  });
}

export async function say(url: string, bytes: string, patienceMs = 10_000): Promise<Came> {
  const socket = connect(portOf(url));
  socket.write(bytes, "latin1");
  return await heard(socket, patienceMs);
}

export async function sayByTls(url: string, bytes: string, patienceMs = 10_000): Promise<Came> {
  const socket = connectTls({ ...portOf(url), rejectUnauthorized: false });
  socket.write(bytes, "latin1");
  return await heard(socket, patienceMs);
}
