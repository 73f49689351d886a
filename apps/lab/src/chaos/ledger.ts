/** What clients asked for and what they were told: the evidence that no answer was broken. */
import { appendFileSync } from 'node:fs';

export type Outcome = 'acked' | 'refused' | 'unknown';

export interface Request {
  readonly kind: 'PROVISION' | 'DEPROVISION';
  readonly door: 'webhook' | 'graphql';
  /** The portal's own number of the network. */
  readonly reference: string;
  /** Webhook id or idempotency key. */
  readonly key: string;
}

export class LedgerEntry {
  outcome: Outcome = 'unknown';
  /** Public ids of orders that answers named: more than one is a broken promise. */
  readonly orderIds = new Set<string>();
  /** Code of the refusal. */
  refusal: string | null = null;
  tries = 0;

  constructor(readonly request: Request) {}

  ack(orderId?: string): void {
    this.outcome = 'acked';
    if (orderId !== undefined) this.orderIds.add(orderId);
  }

  refuse(code: string): void {
    if (this.outcome === 'acked') return;
    this.outcome = 'refused';
    this.refusal = code;
  }
}

export class Ledger {
  readonly entries: LedgerEntry[] = [];

  constructor(private readonly file: string) {}

  open(request: Request): LedgerEntry {
    const entry = new LedgerEntry(request);
    this.entries.push(entry);
    return entry;
  }

  /** One line per request, for whoever looks for the cause of a failed run. */
  close(entry: LedgerEntry): void {
    const { request, outcome, refusal, tries, orderIds } = entry;
    appendFileSync(
      this.file,
      `${JSON.stringify({ at: new Date().toISOString(), ...request, outcome, refusal, tries, orderIds: [...orderIds] })}\n`,
    );
  }

  count(outcome: Outcome): number {
    return this.entries.filter((entry) => entry.outcome === outcome).length;
  }
}
