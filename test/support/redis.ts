import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import { Redis } from 'ioredis';
import { eventually } from './eventually.js';

const BINARIES = ['/usr/bin/redis-server', '/usr/local/bin/redis-server'];

/** What this machine lacks for a Redis of its own; empty where it has it. */
export const missingForRedis = (): string[] => (BINARIES.some((file) => fs.existsSync(file)) ? [] : ['redis-server']);

export interface TestRedis {
  readonly url: string;
  /** Stops answering without closing anything, like a machine that hangs. */
  freeze(): void;
  thaw(): void;
  flush(): Promise<void>;
  stop(): Promise<void>;
}

/** A Redis on a free port that keeps nothing. */
export async function startRedis(): Promise<TestRedis> {
  const port = await freePort();
  const binary = BINARIES.find((file) => fs.existsSync(file)) ?? 'redis-server';
  const server = spawn(
    binary,
    ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--maxmemory-policy', 'noeviction'],
    { stdio: 'ignore' },
  );
  const url = `redis://127.0.0.1:${port}`;
  const client = new Redis(url, { lazyConnect: false, retryStrategy: () => 50, maxRetriesPerRequest: null });
  client.on('error', () => undefined); // Not up yet.
  await eventually(
    () => client.status,
    (status) => status === 'ready',
  );
  return {
    url,
    freeze: () => void server.kill('SIGSTOP'),
    thaw: () => void server.kill('SIGCONT'),
    flush: async () => void (await client.flushall()),
    stop: async () => {
      client.disconnect();
      server.kill('SIGCONT');
      const gone = once(server, 'exit');
      server.kill('SIGKILL');
      await gone;
    },
  };
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
