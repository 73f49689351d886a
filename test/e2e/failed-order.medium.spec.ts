// An order that cannot be built, as its customer and as the operator see it.
import fs from 'node:fs';
import type { FakeStep } from '#contexts/deployment/testing';
import type { TransportErrorCode } from '#contexts/deployment/ports';
import { OrderReconciler } from '#contexts/provisioning';
import { systemScope } from '#platform';
import { type ApiWorld, createApiWorld } from '../support/api-world.js';
import { LiveQuery } from '../support/live-query.js';

let world: ApiWorld;
beforeAll(async () => {
  world = await createApiWorld({ env: { MAX_PUSH_ATTEMPTS: '1' } });
});
afterAll(() => world?.close());
afterEach(() => {
  for (const device of world.devices.values()) device.heal();
});

interface Order {
  readonly state: string;
  readonly customerMessage: string;
  readonly network: { readonly id: string } | null;
  readonly failure: { readonly code: string; readonly message: string; readonly needsOperator: boolean } | null;
  readonly steps: readonly { readonly name: string; readonly state: string; readonly message: string | null }[];
}
const ORDER =
  'query ($id: ID!) { order(id: $id) { state customerMessage network { id } failure { code message needsOperator } steps { name state message } } }';
const EVENTS = 'subscription ($id: ID!) { orderEvents(id: $id) { type message order { state customerMessage } } }';
const NAMES_OF_DEVICES = /\b(?:pve\d|test|leaf|host|switch|device:)\b/i;

const documented = new Set(
  [...fs.readFileSync(new URL('../../docs/reference/errors.md', import.meta.url), 'utf8').matchAll(/^\| `([A-Z_]+)` \|/gm)].map(
    ([, code]) => code,
  ),
);

async function order(): Promise<string> {
  const { order: created } = await world.ask<{ order: { id: string } }>(
    world.customer,
    'mutation ($input: ProvisionNetworkInput!) { provisionNetwork(input: $input) { order { id } errors { code } } }',
    { input: world.orderInput() },
  );
  return created.id;
}
const show = (token: string, id: string): Promise<Order> => world.ask(token, ORDER, { id });

describe('an order that a device does not take', () => {
  it.each([
    ['open', 'UNREACHABLE'],
    ['open', 'WRONG_HOST_KEY'],
    ['open', 'AUTHENTICATION_FAILED'],
    ['stage', 'CONFIG_REFUSED'],
    ['apply', 'APPLY_FAILED'],
    ['verify', 'VERIFY_FAILED'],
  ] as const satisfies readonly (readonly [FakeStep, TransportErrorCode])[])(
    'at %s with %s is undone; the customer reads one sentence without a device, the operator the words of the device',
    async (step, code) => {
      world.devices.get('pve2')?.failAt(step, code);
      const id = await order();
      const live = new LiveQuery<{ type: string; message: string | null; order: { customerMessage: string } }>(
        world.apiUrl,
        world.customer,
        EVENTS,
        { id },
      );
      expect(await world.settlePublic(id)).toBe('FAILED_COMPENSATED');
      await live.until(({ type }) => type === 'order.failed_compensated');
      await live.stop();

      const [asCustomer, asOperator] = [await show(world.customer, id), await show(world.operator, id)];
      expect(asCustomer).toMatchObject({ state: 'FAILED_COMPENSATED', network: null, failure: { code, needsOperator: false } });
      expect(asCustomer.customerMessage).toContain('nothing of it is left');
      expect(asCustomer.failure?.message).toBe(asCustomer.customerMessage);
      expect(asOperator.failure?.message).toContain('pve2');
      expect(documented).toContain(code);
      for (const sentence of [
        asCustomer.customerMessage,
        ...asCustomer.steps.map(({ message }) => message ?? ''),
        ...live.events.flatMap(({ message, order: seen }) => [message ?? '', seen.customerMessage]),
      ])
        expect(sentence).not.toMatch(NAMES_OF_DEVICES);
      world.devices.get('pve2')?.heal();
      await world.converge();
    },
  );

  it('in time is undone: TIMEOUT', async () => {
    const id = await order();
    await world.db.inTransaction(systemScope('test'), (tx) =>
      tx.run(`UPDATE network_order SET deadline_at = now() - interval '1 second' WHERE state = 'RUNNING'`),
    );
    await world.app.get(OrderReconciler).advanceOpen();
    expect(await show(world.customer, id)).toMatchObject({ state: 'COMPENSATING', failure: { code: 'TIMEOUT' } });
    expect(documented).toContain('TIMEOUT');
    expect(await world.settlePublic(id)).toBe('FAILED_COMPENSATED');
  });

  it.each(['STALE_REVISION', 'STALE_FENCE'] as const)(
    'and carries more than the database knows of is told as %s, and not as time that is over',
    async (code) => {
      const counted = () =>
        world.db.inTransaction(systemScope('test'), (tx) =>
          tx.one('SELECT failure_count FROM device_progress p JOIN device d ON d.id = p.device_id WHERE d.slug = $1', ['pve2']),
        );
      const before = await counted();
      world.devices.get('pve2')?.failAt('inspect', code);
      const id = await order();
      await world.app.get(OrderReconciler).advanceOpen();
      await world.converge();
      await world.app.get(OrderReconciler).advanceOpen();
      const { steps } = await show(world.operator, id);
      expect(steps).toContainEqual({ name: 'device:pve2', state: 'FAILED', message: 'pve2 failed at inspect' });
      expect(await counted()).toEqual(before);
      await world.db.inTransaction(systemScope('test'), (tx) =>
        tx.run(`UPDATE network_order SET deadline_at = now() - interval '1 second' WHERE state = 'RUNNING'`),
      );
      await world.app.get(OrderReconciler).advanceOpen();
      expect(await show(world.customer, id)).toMatchObject({ state: 'COMPENSATING', failure: { code } });
      expect(documented).toContain(code);
      world.devices.get('pve2')?.heal();
      expect(await world.settlePublic(id)).toBe('FAILED_COMPENSATED');
    },
  );

  it('and that dies is stuck until it is back, and says that a person is needed', async () => {
    world.devices.get('pve2')?.dieAfterApply();
    const id = await order();
    expect(await world.settlePublic(id)).toBe('FAILED_STUCK');
    const stuck = await show(world.customer, id);
    expect(stuck.failure).toMatchObject({ needsOperator: true });
    expect(documented).toContain(stuck.failure?.code);
    for (const sentence of [stuck.customerMessage, ...stuck.steps.map(({ message }) => message ?? '')])
      expect(sentence).not.toMatch(NAMES_OF_DEVICES);
    world.devices.get('pve2')?.heal();
    for (const deadline = Date.now() + 30_000; (await show(world.customer, id)).state === 'FAILED_STUCK' && Date.now() < deadline; )
      await world.settlePublic(id);
    expect(await show(world.customer, id)).toMatchObject({ state: 'FAILED_COMPENSATED', network: null });
  });
});
