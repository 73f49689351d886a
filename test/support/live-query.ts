import { graphqlSocket } from './graphql-socket.js';

export interface Refusal {
  readonly message: string;
  readonly extensions: Readonly<Record<string, unknown>>;
}

/** A subscription over graphql-transport-ws, as a portal opens it. */
export class LiveQuery<Event> {
  /** Everything that came so far, in order. */
  readonly events: Event[] = [];
  /** The code with which the server has closed the connection. */
  readonly closed: Promise<number>;
  /** When the server has refused the subscription. */
  readonly refused: Promise<readonly Refusal[]>;
  private readonly watchers = new Set<() => void>();
  private readonly end: () => void | Promise<void>;

  constructor(apiUrl: string, token: string, query: string, variables: Readonly<Record<string, unknown>>) {
    const [closed, refused] = [settled<number>(), settled<readonly Refusal[]>()];
    this.closed = closed.promise;
    this.refused = refused.promise;
    const client = graphqlSocket(apiUrl, token, closed.settle);
    this.end = () => client.dispose();
    client.subscribe<Record<string, Event>>(
      { query, variables: { ...variables } },
      {
        next: ({ data }) => {
          if (data) this.events.push(Object.values(data)[0] as Event);
          for (const look of this.watchers) look();
        },
        error: (error) => {
          if (Array.isArray(error)) refused.settle(error as Refusal[]);
        },
        complete: () => undefined,
      },
    );
  }

  /** @throws Error with what came instead. */
  until(isWanted: (event: Event) => boolean, withinMs = 10_000): Promise<Event> {
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        clearTimeout(timer);
        this.watchers.delete(look);
      };
      const look = (): void => {
        const found = this.events.find(isWanted);
        if (!found) return;
        stop();
        resolve(found);
      };
      const timer = setTimeout(() => {
        stop();
        reject(new Error(`nothing like it within ${withinMs} ms; came: ${JSON.stringify(this.events)}`));
      }, withinMs);
      this.watchers.add(look);
      look();
    });
  }

  async stop(): Promise<void> {
    await this.end();
  }
}

function settled<Value>(): { readonly promise: Promise<Value>; readonly settle: (value: Value) => void } {
  let settle: (value: Value) => void = () => undefined;
  const promise = new Promise<Value>((resolve) => {
    settle = resolve;
  });
  return { promise, settle };
}
