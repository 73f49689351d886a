// Random sequences of everything that can be done to the addresses of subnets, /32 to /22 and /128 to /64, against a model that is plain to see.
import assert from 'node:assert/strict';
import {
  AddressAllocationService,
  addressingEntities,
  AddressingModule,
  AddressingService,
  PrefixAllocationService,
  SubnetService,
} from '#contexts/addressing';
import { Cidr, IdempotencyKey, Ip, type IpAddressId, type TenantId } from '#engines/kernel';
import { systemScope, tenantScope } from '#platform';
import { AddressInspector } from './addresses/address-inspector.js';
import { AddressModel, ModelSubnet } from './addresses/address-model.js';
import { AddressPlayer, type Ground } from './addresses/address-player.js';
import { type AddressSequence, addressSequence, type AddressStep } from './addresses/address-steps.js';
import { AllocationWorld } from './allocation-world.js';
import { expectSeeds, SEEDS, SEEDS_WITHIN_MS } from './model-seeds.js';
import { refusalOf } from './refusal-of.js';

const AUDIT_EVERY = 8;
/** Of a /64 the model looks at the first so many. */
const LOOKED_AT = 4000;
const SYSTEM = systemScope('model');

let world: AllocationWorld;
beforeAll(async () => {
  world = await AllocationWorld.open([AddressingModule], addressingEntities);
});
afterAll(() => world.close());

it(`subnets do what the model does, in ${SEEDS.length} random sequences`, { timeout: SEEDS_WITHIN_MS }, () =>
  expectSeeds(addressSequence, play),
);

async function play(sequence: AddressSequence): Promise<void> {
  const { model, ground, name } = await begin(sequence);
  const inspector = new AddressInspector(world, model, ground);
  const player = new AddressPlayer(world, model, ground, name);
  for (const [n, step] of sequence.steps.entries()) {
    try {
      await playStep(step, player);
      await inspector.look();
      if (n % AUDIT_EVERY === AUDIT_EVERY - 1) await inspector.audit();
    } catch (error) {
      throw new Error(`step ${n}, ${step.step}: ${(error as Error).message}`, { cause: error });
    }
  }
  await inspector.audit();
  await end(model, inspector);
}

async function playStep(step: AddressStep, player: AddressPlayer): Promise<void> {
  switch (step.step) {
    case 'take':
      return player.take(step);
    case 'crowd':
      return player.crowd(step);
    case 'bind':
    case 'extend':
    case 'release':
      return player.held[step.step](step);
    case 'transfer':
      return player.transfer(step);
    case 'sweep':
      return player.sweep(step);
    case 'adopt':
      return player.adopt(step);
    case 'rebuild':
      return player.rebuild(step);
    case 'addRange':
      return player.addRange(step);
    case 'removeRange':
      return player.removeRange(step);
    case 'quota':
      return player.quota(step);
  }
}

/** Three subnets of one space, side by side, of two tenants. */
async function begin(sequence: AddressSequence): Promise<{ model: AddressModel; ground: Ground; name: string }> {
  const { family, hostBits, hasGateway, quarantines } = sequence;
  const fabricId = await world.fabric();
  const [name, width] = [`a${world.next()}`, family === 4 ? 32 : 128];
  const { spaceId, poolId } = await world.system(async (tx) => {
    const addressing = world.get(AddressingService);
    const space = await addressing.createSpace(tx, { fabricId, slug: name, name: 'S' });
    const cidr = Cidr.parse(family === 4 ? '10.0.0.0/8' : '2001:db8::/32');
    const lengths = { minLength: Cidr.length(cidr), defaultLength: width, maxLength: width };
    return { spaceId: space, poolId: await addressing.createPrefixPool(tx, { spaceId: space, slug: name, name: 'P', cidr, ...lengths }) };
  });
  const [subnets, bases, gateways]: [ModelSubnet[], Map<ModelSubnet, bigint>, (() => Promise<void>)[]] = [[], new Map(), []];
  const model = new AddressModel(subnets);
  for (const [n, bits] of hostBits.entries()) {
    const tenant = world.tenants[n % 2] as TenantId;
    const key = IdempotencyKey.parse(`${name}-${n}`);
    const request = { poolId, tenantId: tenant, key, length: width - bits };
    const { allocations } = await world.get(PrefixAllocationService).allocate(SYSTEM, request);
    const [leaf] = allocations;
    if (!leaf) throw new Error('no prefix was given');
    const on = { prefixId: leaf.id, generation: 1, tenantId: tenant, quarantineSeconds: quarantines[n] ?? 0 };
    // A subnet of one address has no room for a gateway.
    const hasOne = hasGateway[n] === true && bits > 0;
    const gatewayMode = hasOne ? ('EXTERNAL_FIREWALL' as const) : ('NONE' as const);
    const opened = await world.system((tx) => world.get(SubnetService).open(tx, { ...on, gatewayMode }));
    const size = bits > 20 ? LOOKED_AT : 2 ** bits;
    // RFC 3021 and RFC 6164: two hosts in a /31 and a /127; else the first is the network's or the routers', and in IPv4 the last is for all.
    const hosts = bits < 2 ? { first: 0, last: size - 1 } : { first: 1, last: size - (family === 4 ? 2 : 1) };
    const subnet = new ModelSubnet(opened.id, tenant, hosts, bits > 20, quarantines[n] ?? 0);
    subnets.push(subnet);
    bases.set(subnet, Ip.toBigInt(Cidr.network(leaf.cidr)));
    if (hasOne) gateways.push(() => addGateway(model, subnet));
  }
  for (const add of gateways) await add();
  return { model, ground: { family, spaceId, bases }, name };
}

/** The first host, and nobody's to release. */
async function addGateway(model: AddressModel, subnet: ModelSubnet): Promise<void> {
  const row = await world.system((tx) => tx.one<{ id: IpAddressId }>('SELECT id FROM ip_address WHERE subnet_id = $1', [subnet.id]));
  model.rows.push({
    id: row?.id as IpAddressId,
    subnet,
    tenant: subnet.tenant,
    address: subnet.hosts.first,
    key: 'gateway',
    args: 'gateway',
    ord: 0,
    state: 'BOUND',
    generation: 1,
    holderKind: 'subnet',
    holder: null,
  });
}

/** Whoever has something gives it back; then everything is free, and the subnets can close. */
async function end(model: AddressModel, inspector: AddressInspector): Promise<void> {
  const [addresses, subnets] = [world.get(AddressAllocationService), world.get(SubnetService)];
  const close = (subnet: ModelSubnet) => refusalOf(world.system((tx) => subnets.close(tx, subnet.id)));
  const isOurs = ({ holderKind }: { holderKind: string }): boolean => holderKind === 'subnet';
  for (const subnet of model.subnets)
    if (model.rows.some((row) => row.subnet === subnet && !isOurs(row) && row.state !== 'QUARANTINED'))
      assert.equal((await close(subnet))?.code, 'IN_USE');
  for (const row of model.rows) if (!isOurs(row)) await addresses.release(tenantScope(row.tenant, 'model'), row.id, null);
  const ids = model.rows.map(({ id }) => id);
  await world.system(async (tx) => {
    await tx.run(`UPDATE ip_address SET reusable_at = now() - interval '1 second' WHERE id = ANY($1) AND state = 'QUARANTINED'`, [ids]);
    await tx.sql('SELECT address_sweep(100000)');
  });
  model.rows = model.rows.filter(isOurs);
  await inspector.look();
  await inspector.audit();
  for (const subnet of model.subnets) assert.equal(await close(subnet), undefined);
}
