import { createRequire } from 'node:module';
import { type Client, createClient } from 'graphql-ws';

interface RawSocket {
  on(event: 'open' | 'message' | 'close' | 'error', listener: (...args: never[]) => void): this;
  send(text: string): void;
  close(): void;
}

// The WebSocket that Mercurius speaks with; Node 20 has none of its own.
const fromMercurius = createRequire(createRequire(import.meta.url).resolve('mercurius'));
const WebSocket = fromMercurius('ws') as new (url: string, protocol: string) => RawSocket;

const socketUrl = (url: string): string => `${url.replace('http', 'ws')}/graphql`;

export const graphqlSocket = (url: string, token: string, onClosed: (code: number) => void = () => undefined): Client =>
  createClient({
    url: socketUrl(url),
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${token}` },
    retryAttempts: 0,
    on: { closed: (event) => onClosed((event as { code: number }).code) },
  });

/** Bare frames, for what a well-behaved client never does. */
export interface BareSocket {
  send(message: object | string): void;
  readonly messages: readonly { readonly type?: string; readonly payload?: unknown }[];
  readonly closed: Promise<number>;
  close(): void;
}

export async function bareSocket(url: string, protocol = 'graphql-transport-ws'): Promise<BareSocket> {
  const socket = new WebSocket(socketUrl(url), protocol);
  const messages: { type?: string; payload?: unknown }[] = [];
  const closed = new Promise<number>((resolve) => void socket.on('close', resolve));
  socket.on('message', (data: Buffer) => void messages.push(JSON.parse(data.toString('utf8')) as { type?: string }));
  await new Promise<void>((resolve, reject) => socket.on('open', resolve).on('error', reject));
  return {
    send: (message) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
    messages,
    closed,
    close: () => socket.close(),
  };
}
