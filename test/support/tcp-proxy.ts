import { once } from 'node:events';
import net from 'node:net';

export interface TcpProxy {
  /** The same URL, through the proxy. */
  readonly url: string;
  /** Every connection breaks, and new ones are refused, until `mend`. */
  cut(): Promise<void>;
  mend(): Promise<void>;
  close(): Promise<void>;
}

/** A wire between a client and a server that a test can cut. */
export async function tcpProxy(target: string): Promise<TcpProxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<net.Socket>();
  const keep = (socket: net.Socket): net.Socket => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket));
    return socket;
  };
  const accept = (client: net.Socket): void => {
    const server = keep(net.connect(Number(port), hostname));
    keep(client).pipe(server).pipe(client);
  };
  let server = net.createServer(accept).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const ours = (server.address() as net.AddressInfo).port;
  const url = new URL(target);
  url.hostname = '127.0.0.1';
  url.port = String(ours);
  const cut = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  return {
    url: url.href,
    cut,
    mend: async () => {
      server = net.createServer(accept).listen(ours, '127.0.0.1');
      await once(server, 'listening');
    },
    close: cut,
  };
}
