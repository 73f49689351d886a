/** Was every promise kept? Clients' ledger against the database: nothing acknowledged is lost, nothing was done twice. */
import { decodeId } from '#engines/kernel';
import type { ChaosDatabase } from '../chaos-database.js';
import type { Ledger, LedgerEntry } from '../ledger.js';

interface OrderRow {
  readonly id: string;
  readonly kind: 'PROVISION' | 'DEPROVISION';
  readonly state: string;
  readonly reference: string | null;
  readonly key: string;
}
interface MessageRow {
  readonly message: string;
  readonly state: string;
  readonly effect: string | null;
  readonly error: string | null;
}

export interface OrdersReport {
  readonly lost: readonly string[];
  readonly doubled: readonly string[];
  readonly refused: readonly string[];
  readonly byState: Readonly<Record<string, number>>;
}

const OPEN: ReadonlySet<string> = new Set(['ACCEPTED', 'RUNNING', 'AWAITING_APPROVAL', 'COMPENSATING', 'FAILED_STUCK']);

export async function checkOrders(database: ChaosDatabase, ledger: Ledger): Promise<OrdersReport> {
  const orders = await database.rows<OrderRow>(
    'SELECT id, kind, state, external_ref AS reference, idempotency_key AS key FROM network_order',
  );
  const messages = await database.rows<MessageRow>('SELECT message_id AS message, state, effect_id AS effect, error FROM inbox');
  const networks = await database.rows<{ reference: string; count: number }>(
    'SELECT external_ref AS reference, count(*)::int AS count FROM network GROUP BY external_ref HAVING count(*) > 1',
  );
  const books = new Books(orders, messages);
  const acked = ledger.entries.filter(({ outcome }) => outcome === 'acked');
  return {
    lost: acked.flatMap((entry) => books.lost(entry) ?? []),
    doubled: [
      ...ledger.entries.flatMap((entry) => books.doubled(entry) ?? []),
      ...networks.map(({ reference, count }) => `${reference}: ${count} networks for one order`),
    ],
    refused: ledger.entries.flatMap(({ request, outcome, refusal }) => (outcome === 'refused' ? [`${request.key}: ${refusal}`] : [])),
    byState: countBy(orders.map(({ state }) => state)),
  };
}

class Books {
  private readonly byReference = new Map<string, OrderRow[]>();
  private readonly byId: ReadonlyMap<string, OrderRow>;
  private readonly byMessage: ReadonlyMap<string, MessageRow>;

  constructor(orders: readonly OrderRow[], messages: readonly MessageRow[]) {
    this.byId = new Map(orders.map((order) => [order.id, order]));
    this.byMessage = new Map(messages.map((message) => [message.message, message]));
    for (const order of orders) {
      const reference = referenceOf(order);
      this.byReference.set(reference, [...(this.byReference.get(reference) ?? []), order]);
    }
  }

  /** @returns how a promise was broken. */
  lost(entry: LedgerEntry): string | undefined {
    const { key, door, kind } = entry.request;
    if (door === 'webhook') {
      const message = this.byMessage.get(key);
      if (!message) return `${key}: answered 2xx and not stored`;
      if (message.state === 'FAILED' && kind === 'DEPROVISION' && this.wasUndone(entry)) return undefined; // Nothing was left to remove.
      if (message.state !== 'PROCESSED') return `${key}: stored and ${message.state}${message.error ? ` (${message.error})` : ''}`;
      if (message.effect === null || !this.byId.has(message.effect)) return `${key}: processed and there is no order`;
    }
    for (const id of entry.orderIds)
      if (!this.byId.has(decodeId('order', id))) return `${key}: answered with order ${id}, which does not exist`;
    const orders = this.ordersOf(entry);
    if (orders.length === 0) return `${key}: answered and there is no order`;
    const open = orders.find(({ state }) => OPEN.has(state));
    return open && `${key}: order ${open.id} is still ${open.state}`;
  }

  doubled(entry: LedgerEntry): string | undefined {
    const { key } = entry.request;
    if (entry.orderIds.size > 1) return `${key}: answered with the orders ${[...entry.orderIds].join(', ')}`;
    const orders = this.ordersOf(entry);
    return orders.length > 1 ? `${key}: led to the orders ${orders.map(({ id }) => id).join(', ')}` : undefined;
  }

  private ordersOf({ request: { kind, reference } }: LedgerEntry): OrderRow[] {
    return (this.byReference.get(reference) ?? []).filter((order) => order.kind === kind);
  }

  private wasUndone({ request: { reference } }: LedgerEntry): boolean {
    return (this.byReference.get(reference) ?? []).some(({ kind, state }) => kind === 'PROVISION' && state === 'FAILED_COMPENSATED');
  }
}

/** A compensated order keeps its key and loses nothing else that names it. */
const referenceOf = ({ reference, key }: OrderRow): string => reference ?? key;

function countBy(values: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}
