export interface MicroBatchOptions<Request, Answer> {
  /** Sends requests as one; answers in their order. An `Error` among the answers refuses that request alone. */
  readonly send: (requests: readonly Request[]) => Promise<readonly (Answer | Error)[]>;
  /** Two requests of one identity never travel together: the second asks again when the first has its answer. Undefined: no identity. */
  readonly identity?: (request: Request) => string | undefined;
  /** Puts a batch into the order that `send` wants, such as the order of locks. */
  readonly order?: (a: Request, b: Request) => number;
  /** Requests of one batch. */
  readonly max?: number;
  /** Whether what failed as a whole may succeed in halves; where not, all are refused at once. Always, where it is not given. */
  readonly isWorthHalving?: (error: unknown) => boolean;
}

interface Waiting<Request, Answer> {
  readonly request: Request;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Concurrent requests of one process, sent together. Nobody waits for company: an idle queue sends at once, and what arrives while a batch
 * is on its way goes with the next. So the batch grows with the load, and one commit carries all of it.
 */
export class MicroBatch<Request, Answer> {
  private queue: Waiting<Request, Answer>[] = [];
  private readonly inFlight = new Map<string, Promise<unknown>>();
  private isSending = false;

  constructor(private readonly options: MicroBatchOptions<Request, Answer>) {}

  submit(request: Request): Promise<Answer> {
    const identity = this.options.identity?.(request);
    if (identity === undefined) return this.enqueue(request);
    const earlier = this.inFlight.get(identity);
    const answer = earlier ? earlier.then(() => this.enqueue(request)) : this.enqueue(request);
    const settled = answer.then(
      () => undefined,
      () => undefined,
    );
    this.inFlight.set(identity, settled);
    void settled.then(() => {
      if (this.inFlight.get(identity) === settled) this.inFlight.delete(identity);
    });
    return answer;
  }

  private enqueue(request: Request): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.queue.push({ request, resolve, reject });
      if (this.isSending) return;
      this.isSending = true;
      setImmediate(() => void this.drain()); // Whoever asks in the same turn of the event loop comes along.
    });
  }

  private async drain(): Promise<void> {
    const { max = 256, order } = this.options;
    while (this.queue.length > 0) {
      const batch = this.queue.length <= max ? this.queue : this.queue.slice(0, max);
      this.queue = this.queue.length <= max ? [] : this.queue.slice(max);
      if (order && batch.length > 1) batch.sort((a, b) => order(a.request, b.request));
      await this.send(batch);
    }
    this.isSending = false;
  }

  /** Never rejects. What fails as a whole is tried in halves, so that one poisonous request is refused alone. */
  private async send(batch: readonly Waiting<Request, Answer>[]): Promise<void> {
    let answers: readonly (Answer | Error)[];
    try {
      answers = await this.options.send(batch.map(({ request }) => request));
      if (answers.length !== batch.length) throw new Error(`a batch of ${batch.length} requests got ${answers.length} answers`);
    } catch (error) {
      const { isWorthHalving = () => true } = this.options;
      if (batch.length === 1 || !isWorthHalving(error)) {
        for (const { reject } of batch) reject(error);
        return;
      }
      await this.send(batch.slice(0, batch.length >> 1));
      return this.send(batch.slice(batch.length >> 1));
    }
    for (const [index, { resolve, reject }] of batch.entries()) {
      const answer = answers[index] as Answer | Error;
      if (answer instanceof Error) reject(answer);
      else resolve(answer);
    }
  }
}
