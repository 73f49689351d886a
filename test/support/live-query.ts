import { createRequire } from 'node:module';
import { type Client, createClient } from 'graphql-ws';

// Node 20 has no WebSocket of its own. `ws` is what the server side of Fastify brings along; it has no types here.
const webSocketImpl: unknown = createRequire(import.meta.url)('ws');

export interface LiveQuery<Event> {
  /** Everything that came so far, in order. */
  readonly events: readonly Event[];
  /** The code and reason of the close frame, when the server has closed the connection. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  /** Errors of the subscription itself, as the server sent them. */
  readonly refused: Promise<readonly { readonly message: string; readonly extensions: Readonly<Record<string, unknown>> }[]>;
  /** Waits for an event. @throws Error with what came instead. */
  until(wanted: (event: Event) => boolean, withinMs?: number): Promise<Event>;
  stop(): Promise<void>;
}

/** A subscription over graphql-transport-ws, as a portal opens it. @param token null for a client that shows none. */
export function liveQuery<Event>(
  apiUrl: string,
  token: string | null,
  query: string,
  variables: Readonly<Record<string, unknown>>,
): LiveQuery<Event> {
  const events: Event[] = [];
  const waiting = new Set<() => void>();
  let close: (frame: { code: number; reason: string }) => void = () => undefined;
  let refuse: Parameters<LiveQuery<Event>['refused']['then']>[0] extends infer _
    ? (errors: Awaited<LiveQuery<Event>['refused']>) => void
    : never = () => undefined;
  const closed = new Promise<{ code: number; reason: string }>((resolve) => (close = resolve));
  const refused = new Promise<Awaited<LiveQuery<Event>['refused']>>((resolve) => (refuse = resolve));
  const client: Client = createClient({
    url: `${apiUrl.replace('http', 'ws')}/graphql`,
    webSocketImpl,
    lazy: false,
    retryAttempts: 0,
    connectionParams: token === null ? {} : { authorization: `Bearer ${token}` },
    onNonLazyError: () => undefined,
    on: { closed: (frame) => close(frame as { code: number; reason: string }) },
  });
  client.subscribe<Record<string, Event>>(
    { query, variables: { ...variables } },
    {
      next: ({ data, errors }) => {
        if (errors) refuse(errors as never);
        if (data) events.push(Object.values(data)[0] as Event);
        for (const wake of waiting) wake();
      },
      error: (error) => {
        if (Array.isArray(error)) refuse(error as never);
      },
      complete: () => undefined,
    },
  );
  return {
    events,
    closed,
    refused,
    until: (wanted, withinMs = 10_000) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(look);
          reject(new Error(`nothing like it within ${withinMs} ms; came: ${JSON.stringify(events)}`));
        }, withinMs);
        const look = (): void => {
          const found = events.find(wanted);
          if (!found) return;
          clearTimeout(timer);
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
    stop: async () => client.dispose(),
  };
}
