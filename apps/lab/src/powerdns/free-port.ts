import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';

/** A port of 127.0.0.1 that was free for TCP and UDP a moment ago; whoever binds it must be ready to lose the race and ask again. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 20; attempt++) {
    const tcp = net.createServer().listen(0, '127.0.0.1');
    await once(tcp, 'listening');
    const { port } = tcp.address() as AddressInfo;
    const udp = createSocket('udp4');
    const isFree = await new Promise<boolean>((resolve) => {
      udp.once('error', () => resolve(false));
      udp.bind(port, '127.0.0.1', () => resolve(true));
    });
    if (isFree) await new Promise<void>((closed) => udp.close(() => closed()));
    await new Promise((closed) => tcp.close(closed));
    if (isFree) return port;
  }
  throw new Error('no port of 127.0.0.1 is free for TCP and UDP');
}
