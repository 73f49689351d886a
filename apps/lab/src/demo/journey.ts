/** The journey: from nothing to a ping, through every stage, as an operator and a portal would do it. */
import { Ip, reverseName } from '#engines/kernel';
import { GUESTS, type DemoDevices } from './demo-devices.js';
import type { DemoWorld } from './administration.js';
import type { TrameClient } from './trame-client.js';

export interface JourneyResult {
  readonly order: string;
  /** Every guest reached every other one; null where nothing forwards. */
  readonly ping: boolean | null;
  readonly allocations: {
    readonly vni: number;
    readonly vlan: number | null;
    readonly prefix: string;
    readonly routeTarget: string;
    readonly addresses: readonly string[];
  };
  readonly devices: readonly { readonly device: string; readonly stage: string }[];
  readonly dns: readonly { readonly name: string; readonly type: string; readonly value: string }[];
  /** From the webhook's 202: to the last device verified, and to the first ping. */
  readonly seconds: { readonly active: number; readonly ping: number | null; readonly dns: number };
}

export type Say = (line: string) => void;
type Resolve = (name: string, type: 'A' | 'PTR') => Promise<string[]>;

const seconds = (since: number): number => Math.round((performance.now() - since) / 10) / 100;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The first push to a device replaces what a person wrote there, so a person sees the plan and approves it. */
export async function takeOver(client: TrameClient, world: DemoWorld, say: Say, withinMs = 60_000): Promise<void> {
  const { planDeployment } = await client.graphql<{
    planDeployment: { plan: { id: string; digest: string; risk: string; devices: { device: string; diff: string }[] } };
  }>(
    world.operatorToken,
    'mutation { planDeployment(input: {}) { plan { id digest risk devices { device diff } } errors { code message } } }',
  );
  const { plan } = planDeployment;
  say(
    `plan ${plan.id}: risk ${plan.risk}, ${plan.devices.map(({ device, diff }) => `${device} +${added(diff)}`).join(', ')}; digest ${plan.digest.slice(0, 12)}`,
  );
  const variables = { id: plan.id, digest: plan.digest };
  await client.graphql(
    world.operatorToken,
    'mutation ($id: ID!, $digest: String!) { approvePlan(id: $id, digest: $digest) { errors { code message } } }',
    variables,
  );
  await client.graphql(
    world.operatorToken,
    'mutation ($id: ID!, $digest: String!) { applyPlan(input: { plan: $id, digest: $digest }) { errors { code message } } }',
    variables,
  );
  for (const deadline = Date.now() + withinMs; Date.now() < deadline; await pause(100)) {
    const state = await client.graphql<{
      plan: { state: string; haltReason: string | null; devices: { device: string; error: string | null }[] };
    }>(world.operatorToken, 'query ($id: ID!) { plan(id: $id) { state haltReason devices { device error } } }', { id: plan.id });
    if (state.plan.state === 'APPLIED') return;
    if (state.plan.state === 'FAILED' || state.plan.state === 'HALTED')
      throw new Error(`the takeover failed: ${JSON.stringify(state.plan)}`);
  }
  throw new Error(`the takeover did not end within ${withinMs / 1000} s`);
}

const added = (diff: string): number => diff.split('\n').filter((line) => /^\+[^+]/.test(line)).length;

export function orderMessage(number: string): object {
  return {
    type: 'order.created',
    timestamp: new Date().toISOString(),
    data: {
      order: number,
      name: 'Acme web',
      vniPool: 'cust-vni',
      subnets: [
        {
          pool: 'cust-v4',
          gateway: 'EXTERNAL_FIREWALL',
          zone: 'cust.example',
          hosts: GUESTS.map(({ name, mac, address }) => ({ name, mac, address })),
        },
      ],
      attachments: [{ device: 'pve1' }, { device: 'pve2' }, { device: 'test', port: 'Ethernet2', tagging: 'UNTAGGED' }],
    },
  };
}

interface OrderView {
  readonly kind: string;
  readonly state: string;
  readonly failure: { code: string; message: string } | null;
  readonly steps: { name: string; state: string; message: string | null }[];
}

const ORDER = 'query ($ref: String!) { order(externalRef: $ref) { kind state failure { code message } steps { name state message } } }';

/** Waits for an order, telling each step once. @returns the state that it ended in. */
export async function follow(
  client: TrameClient,
  token: string,
  reference: string,
  kind: 'PROVISION' | 'DEPROVISION' | 'RESTORE',
  say: Say,
): Promise<string> {
  const told = new Set<string>();
  for (const deadline = Date.now() + 90_000; Date.now() < deadline; await pause(50)) {
    const { order } = await client.graphql<{ order: OrderView | null }>(token, ORDER, { ref: reference });
    if (order?.kind !== kind) continue;
    for (const step of order.steps) {
      const line = `${step.name}: ${step.state.toLowerCase()}${step.message ? ` (${step.message})` : ''}`;
      if (step.state !== 'PENDING' && !told.has(line)) say(line);
      told.add(line);
    }
    const isOver =
      order &&
      (kind === 'DEPROVISION' ? ['RETIRED', 'FAILED_STUCK'] : ['ACTIVE', 'FAILED_COMPENSATED', 'FAILED_STUCK', 'CANCELLED']).includes(
        order.state,
      );
    if (isOver) {
      if (order.failure) say(`${order.failure.code}: ${order.failure.message}`);
      return order.state;
    }
  }
  return 'TIMEOUT';
}

/** Orders the network as the portal does – twice – and proves it. */
export async function orderNetwork(
  client: TrameClient,
  world: DemoWorld,
  devices: DemoDevices,
  resolve: Resolve,
  number: string,
  say: Say,
): Promise<JourneyResult> {
  const message = orderMessage(number);
  const first = await client.webhook('portal', world.portalSecret, `msg_${number}`, message);
  const acceptedAt = performance.now();
  const again = await client.webhook('portal', world.portalSecret, `msg_${number}`, message);
  say(`webhook order.created ${number}: ${first}, the same again: ${again}`);
  if (first !== 202 || again !== 200) throw new Error(`the webhook answered ${first} and ${again} instead of 202 and 200`);
  const pinging = provePing(devices, world, client, number, acceptedAt, say);
  const order = await follow(client, world.tenantToken, number, 'PROVISION', say);
  const active = seconds(acceptedAt);
  say(`order ${number} is ${order} after ${active} s`);
  const network = await readNetwork(client, world.tenantToken, number);
  const ping = order === 'ACTIVE' ? await pinging : null;
  pinging.catch(() => undefined);
  const dns = await proveDns(network.names, resolve, say);
  return {
    order,
    ping: ping?.ok ?? null,
    allocations: network.allocations,
    devices: network.devices,
    dns,
    seconds: { active, ping: ping?.seconds ?? null, dns: seconds(acceptedAt) },
  };
}

/** Removes it again as the portal does. @returns the state of the removal. */
export async function terminate(client: TrameClient, world: DemoWorld, number: string, say: Say): Promise<string> {
  const message = { type: 'order.terminated', timestamp: new Date().toISOString(), data: { order: number } };
  const status = await client.webhook('portal', world.portalSecret, `msg_${number}_end`, message);
  say(`webhook order.terminated ${number}: ${status}`);
  return follow(client, world.tenantToken, number, 'DEPROVISION', say);
}

/** Guests are plugged in as soon as their bridge is there, and ping each other until all do. */
async function provePing(
  devices: DemoDevices,
  world: DemoWorld,
  client: TrameClient,
  number: string,
  acceptedAt: number,
  say: Say,
): Promise<{ ok: boolean; seconds: number } | null> {
  if (devices.guests.size === 0) return null;
  const vni = await waitForVni(client, world.tenantToken, number);
  for (const guest of GUESTS) if (guest.on !== 'test') await devices.guests.get(guest.name)?.attach(`vnet${vni}`, 30_000);
  const vm1 = devices.guests.get('vm1');
  if (!vm1) return null;
  let ok = true;
  for (const guest of GUESTS.slice(1)) {
    const result = await vm1.ping(guest.address, { withinMs: 15_000 });
    say(`vm1 (pve1) pings ${guest.name} (${guest.on}): ${result.ok ? `yes, ${seconds(acceptedAt)} s after the order was accepted` : 'NO'}`);
    ok &&= result.ok;
  }
  const elapsed = seconds(acceptedAt);
  const fits = await vm1.ping('10.20.0.11', { size: 1450 - 28, dontFragment: true, withinMs: 2000 });
  const exceeds = await vm1.ping('10.20.0.11', { size: 1451 - 28, dontFragment: true, withinMs: 300 });
  say(`1,450 bytes without fragmentation: ${fits.ok ? 'pass' : 'DO NOT PASS'}; 1,451: ${exceeds.ok ? 'PASS' : 'do not'}`);
  return { ok: ok && fits.ok && !exceeds.ok, seconds: elapsed };
}

async function waitForVni(client: TrameClient, token: string, number: string): Promise<number> {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; await pause(50)) {
    const { network } = await client.graphql<{ network: { vni: number } | null }>(
      token,
      'query ($ref: String!) { network(externalRef: $ref) { vni } }',
      { ref: number },
    );
    if (network) return network.vni;
  }
  throw new Error(`no network for ${number} within 30 s`);
}

interface NetworkView {
  readonly vni: number;
  readonly exportTargets: string[];
  readonly subnets: { cidr: string; addresses: { address: string; dnsName: string | null }[] }[];
  readonly attachments: { vlan: number | null; device: { slug: string; progress: { stage: string } } }[];
}

async function readNetwork(
  client: TrameClient,
  token: string,
  number: string,
): Promise<Pick<JourneyResult, 'allocations' | 'devices'> & { names: { name: string; address: string }[] }> {
  const { network } = await client.graphql<{ network: NetworkView | null }>(
    token,
    'query ($ref: String!) { network(externalRef: $ref) { vni exportTargets subnets { cidr addresses { address dnsName } } attachments { vlan device { slug progress { stage } } } } }',
    { ref: number },
  );
  const addresses = network?.subnets.flatMap((subnet) => subnet.addresses) ?? [];
  return {
    allocations: {
      vni: network?.vni ?? 0,
      vlan: network?.attachments.find(({ vlan }) => vlan !== null)?.vlan ?? null,
      prefix: network?.subnets[0]?.cidr ?? '',
      routeTarget: network?.exportTargets[0] ?? '',
      addresses: addresses.map(({ address }) => address),
    },
    devices: (network?.attachments ?? [])
      .map(({ device }) => ({ device: device.slug, stage: device.progress.stage }))
      .sort((a, b) => (a.device < b.device ? -1 : 1)),
    names: addresses.flatMap(({ address, dnsName }) => (dnsName === null ? [] : [{ name: dnsName, address }])),
  };
}

/** Every name resolves forward and back, at the name server itself. */
async function proveDns(names: readonly { name: string; address: string }[], resolve: Resolve, say: Say): Promise<JourneyResult['dns']> {
  const found: { name: string; type: string; value: string }[] = [];
  for (const deadline = Date.now() + 15_000; Date.now() < deadline; await pause(100)) {
    found.length = 0;
    for (const { name, address } of names) {
      for (const value of await resolve(name, 'A')) found.push({ name, type: 'A', value });
      const reverse = reverseName(Ip.parse(address));
      for (const value of await resolve(reverse, 'PTR')) found.push({ name: reverse, type: 'PTR', value });
    }
    if (found.length === names.length * 2) break;
  }
  say(`DNS: ${found.map(({ name, value }) => `${name} → ${value}`).join(', ') || 'no records'}`);
  return found;
}
