import type { Command } from 'commander';
import { ask } from '../api-client.js';
import { printable } from '../printable.js';

interface Step {
  readonly name: string;
  readonly state: string;
  readonly message: string | null;
}

interface Order {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly customerMessage: string;
  readonly failure: { readonly code: string; readonly message: string } | null;
  readonly steps: readonly Step[];
  readonly network: { readonly slug: string; readonly vni: number } | null;
}

const ORDER = `query Order($id: ID, $ref: String) { order(id: $id, externalRef: $ref) {
  id kind state customerMessage failure { code message } steps { name state message } network { slug vni } } }`;
const ENDED: ReadonlySet<string> = new Set(['ACTIVE', 'RETIRED', 'FAILED_COMPENSATED', 'FAILED_STUCK', 'CANCELLED']);
const WELL_ENDED: ReadonlySet<string> = new Set(['ACTIVE', 'RETIRED']);
const ASK_EVERY_MS = 500;

export function addOrder(program: Command): void {
  const order = program.command('order').description('network orders');
  order
    .command('get')
    .argument('<order>', 'its id (ord_…) or your own reference')
    .description('print an order with its steps, as JSON')
    .action(async (reference: string) => console.log(JSON.stringify(await find(reference), null, 2)));
  order
    .command('watch')
    .argument('<order>', 'its id (ord_…) or your own reference')
    .description('print what happens to an order until it has ended; the exit code tells how')
    .action(watch);
}

async function find(reference: string): Promise<Order> {
  const isId = /^ord_[0-9a-z]{26}$/.test(reference);
  const { order } = await ask(ORDER, isId ? { id: reference } : { ref: reference });
  if (!order) throw new Error(`there is no order ${printable(reference)}`);
  return order as Order;
}

async function watch(reference: string): Promise<void> {
  const shown = new Set<string>();
  const show = (line: string): void => {
    if (shown.has(line)) return;
    shown.add(line);
    console.log(printable(line));
  };
  for (;;) {
    const order = await find(reference);
    for (const step of order.steps) show(`${step.state.padEnd(8)} ${step.name}${step.message ? `: ${step.message}` : ''}`);
    show(`${order.state.padEnd(8)} ${order.customerMessage}${order.failure ? ` (${order.failure.code}: ${order.failure.message})` : ''}`);
    if (ENDED.has(order.state)) {
      process.exitCode = WELL_ENDED.has(order.state) ? 0 : 1;
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
  }
}
