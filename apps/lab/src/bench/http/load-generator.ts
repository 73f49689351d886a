// A process of its own, started by fork: HTTP/1.1 over kept-alive sockets, one request at a time on each. It writes and reads bytes itself,
// because a full HTTP client would need more of the two or three cores than what it measures.
import net from 'node:net';
import { roundOf } from '../rounds.js';
import type { Load, LoadResult } from './load-message.js';

const END_OF_HEAD = '\r\n\r\n';

class Connection {
  private readonly socket: net.Socket;
  private received = '';
  private whenAnswered: ((answer: string) => void) | undefined;
  private whenLost: ((error: Error) => void) | undefined;

  constructor(
    private readonly load: Load,
    private readonly head: string,
  ) {
    this.socket = net.connect(load.port, '127.0.0.1').setNoDelay(true);
    this.socket.setEncoding('latin1').on('data', (text: string) => this.read(text));
    this.socket
      .on('error', (error) => this.whenLost?.(error))
      .on('close', () => this.whenLost?.(new Error('the server closed a connection')));
  }

  /** Resolves with the whole answer, head and body. */
  ask(body: string): Promise<string> {
    return new Promise((resolve, reject) => {
      this.whenAnswered = resolve;
      this.whenLost = reject;
      this.socket.write(`${this.head}content-length: ${Buffer.byteLength(body)}${END_OF_HEAD}${body}`);
    });
  }

  close(): void {
    this.whenLost = undefined;
    this.socket.destroy();
  }

  private read(text: string): void {
    this.received += text;
    const endOfHead = this.received.indexOf(END_OF_HEAD);
    if (endOfHead < 0) return;
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(this.received)?.[1] ?? Number.NaN);
    if (Number.isNaN(length)) this.whenLost?.(new Error(`an answer without content-length: ${this.received.slice(0, 200)}`));
    if (this.received.length < endOfHead + END_OF_HEAD.length + length) return;
    const answer = this.received;
    this.received = '';
    this.whenAnswered?.(answer);
  }

  /** One request after the other, until it is time. */
  async run(nextKey: () => string, goesOn: () => boolean, latencies: number[]): Promise<void> {
    const [before, ...after] = this.load.body.split('%KEY%');
    while (goesOn()) {
      const key = nextKey();
      const askedAt = performance.now();
      const answer = await this.ask([before, ...after].join(key));
      latencies.push(performance.now() - askedAt);
      if (!answer.startsWith('HTTP/1.1 200 ') || !answer.includes(this.load.expect))
        throw new Error(`an answer that is none: ${answer.slice(0, 1000)}`);
    }
  }
}

async function run(load: Load): Promise<LoadResult> {
  const head = `POST ${load.path} HTTP/1.1\r\nhost: 127.0.0.1:${load.port}\r\nauthorization: Bearer ${load.token}\r\ncontent-type: application/json\r\n`;
  const connections = Array.from({ length: load.connections }, () => new Connection(load, head));
  const latencies: number[] = [];
  let serial = 0;
  const startedAt = performance.now();
  const nextKey = (): string => `${load.keyPrefix}-${++serial}`;
  const goesOn = (): boolean => performance.now() < startedAt + load.milliseconds;
  try {
    await Promise.all(connections.map((connection) => connection.run(nextKey, goesOn, latencies)));
    return { round: roundOf(latencies, performance.now() - startedAt) };
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) };
  } finally {
    for (const connection of connections) connection.close();
  }
}

process.on('message', (load: Load) => void run(load).then((result) => process.send?.(result)));
process.on('disconnect', () => process.exit(0));
