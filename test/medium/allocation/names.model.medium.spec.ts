// Random sequences of everything that names an address, of two tenants, against a model that is plain to see: who is called what, and who is refused.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  AddressAllocationService,
  addressingEntities,
  AddressingModule,
  AddressingService,
  AddressLookup,
  AddressNamesService,
  PrefixAllocationService,
  SubnetService,
} from '#contexts/addressing';
import { InvariantRegistry } from '#contexts/events';
import { Cidr, type FabricId, Fqdn, IdempotencyKey, type IpAddressId, type SubnetId, type TenantId, ZonePrefix } from '#engines/kernel';
import { type Tx, tenantScope } from '#platform';
import { AllocationWorld } from './allocation-world.js';
import { expectSeeds, SEEDS, SEEDS_WITHIN_MS } from './model-seeds.js';
import { refusalOf } from './refusal-of.js';

type Choice = number;
type Step =
  | { readonly step: 'take'; readonly subnet: Choice; readonly name: Choice; readonly isHeld: boolean }
  | { readonly step: 'rename'; readonly address: Choice; readonly name: Choice | null }
  | { readonly step: 'aliases'; readonly address: Choice; readonly names: readonly Choice[] }
  | { readonly step: 'prefix'; readonly subnet: Choice; readonly prefix: Choice }
  | { readonly step: 'release'; readonly address: Choice };

/** Of a zone: few, so that they meet. */
const HOSTS = ['a', 'b', 'a.p', 'b.p', 'a.q', 'a.q.p'];
const PREFIXES = [null, 'p', 'q', 'q.p'];
const choice = fc.nat({ max: 9_999 });
const sequence: fc.Arbitrary<{ readonly steps: readonly Step[] }> = fc.record({
  steps: fc.array(
    fc.oneof(
      { weight: 4, arbitrary: fc.record({ step: fc.constant('take' as const), subnet: choice, name: choice, isHeld: fc.boolean() }) },
      {
        weight: 2,
        arbitrary: fc.record({ step: fc.constant('rename' as const), address: choice, name: fc.option(choice, { freq: 5 }) }),
      },
      {
        weight: 4,
        arbitrary: fc.record({
          step: fc.constant('aliases' as const),
          address: choice,
          names: fc.uniqueArray(fc.nat({ max: HOSTS.length - 1 }), { maxLength: 3 }),
        }),
      },
      { weight: 3, arbitrary: fc.record({ step: fc.constant('prefix' as const), subnet: choice, prefix: choice }) },
      { weight: 2, arbitrary: fc.record({ step: fc.constant('release' as const), address: choice }) },
    ),
    { minLength: 10, maxLength: 24 },
  ),
});

interface ModelSubnet {
  readonly id: SubnetId;
  readonly tenantId: TenantId;
  prefix: string | null;
}
interface ModelAddress {
  readonly id: IpAddressId;
  readonly subnet: ModelSubnet;
  name: string | null;
  aliases: readonly string[];
}

let world: AllocationWorld;
beforeAll(async () => {
  world = await AllocationWorld.open([AddressingModule], addressingEntities);
});
afterAll(() => world.close());

it(`names do what the model does, in ${SEEDS.length} random sequences`, { timeout: SEEDS_WITHIN_MS }, () =>
  expectSeeds(sequence, async ({ steps }) => {
    const player = await Player.begin();
    for (const [n, step] of steps.entries())
      try {
        await player.play(step);
        await player.look();
      } catch (error) {
        throw new Error(`step ${n}, ${step.step}: ${(error as Error).message}`, { cause: error });
      }
    await player.audit();
    await player.end();
  }),
);

/** One sequence: two tenants, three subnets, one zone of its own. */
class Player {
  private addresses: ModelAddress[] = [];

  private constructor(
    private readonly fabricId: FabricId,
    private readonly zone: string,
    private readonly subnets: readonly ModelSubnet[],
  ) {}

  static async begin(): Promise<Player> {
    const fabricId = await world.fabric();
    const zone = `m${world.next()}.example`;
    const poolId = await world.system(async (tx) => {
      const addressing = world.get(AddressingService);
      const spaceId = await addressing.createSpace(tx, { fabricId, slug: 's', name: 'S' });
      const pool = { spaceId, slug: `p${world.next()}`, name: 'P', cidr: Cidr.parse('10.0.0.0/16') };
      return addressing.createPrefixPool(tx, { ...pool, minLength: 24, defaultLength: 24, maxLength: 24 });
    });
    const subnets: ModelSubnet[] = [];
    for (const n of [0, 1, 0]) {
      const tenantId = world.tenants[n] as TenantId;
      const [leaf] = (await world.get(PrefixAllocationService).allocate(tenantScope(tenantId, 'model'), { poolId, tenantId, key: key() }))
        .allocations;
      if (!leaf) throw new Error('no prefix was given');
      const on = { prefixId: leaf.id, generation: leaf.generation, tenantId, gatewayMode: 'NONE' as const, dnsZone: Fqdn.parse(zone) };
      subnets.push({ id: (await world.system((tx) => world.get(SubnetService).open(tx, on))).id, tenantId, prefix: null });
    }
    return new Player(fabricId, zone, subnets);
  }

  async play(step: Step): Promise<void> {
    switch (step.step) {
      case 'take':
        return this.take(this.subnets[step.subnet % 3] as ModelSubnet, this.named(step.name), step.isHeld);
      case 'prefix':
        return this.setPrefix(this.subnets[step.subnet % 3] as ModelSubnet, PREFIXES[step.prefix % PREFIXES.length] as string | null);
      default: {
        const of = this.addresses[step.address % this.addresses.length];
        if (!of) return;
        if (step.step === 'rename') return this.rename(of, step.name === null ? null : this.named(step.name));
        if (step.step === 'aliases')
          return this.setAliases(
            of,
            step.names.map((name) => this.named(name)).filter((name) => name !== of.name),
          );
        return this.release(of);
      }
    }
  }

  private async take(subnet: ModelSubnet, name: string, isHeld: boolean): Promise<void> {
    const request = {
      subnetId: subnet.id,
      tenantId: subnet.tenantId,
      key: key(),
      dnsName: Fqdn.parse(name),
      ...(isHeld && { ttlSeconds: 600 }),
    };
    const taken = this.as(subnet, (tx) => world.get(AddressAllocationService).allocateIn(tx, request));
    const isRefused = this.isKept(name) || this.isOthers(subnet, [called(name, this.zone, subnet.prefix)]);
    await this.expectRefused(taken, isRefused);
    if (isRefused) return;
    const [given] = (await taken).allocations;
    assert(given);
    this.addresses.push({ id: given.id, subnet, name, aliases: [] });
  }

  private async rename(of: ModelAddress, name: string | null): Promise<void> {
    const isRefused = name !== null && (this.isKept(name, of) || this.isOthers(of.subnet, [called(name, this.zone, of.subnet.prefix)]));
    const dnsName = name === null ? null : Fqdn.parse(name);
    await this.expectRefused(
      this.as(of.subnet, async (tx) => {
        const { generation } = await world.get(AddressAllocationService).allocation(tx, of.id);
        await world.get(AddressLookup).changeStation(tx, of.id, generation, { mac: null, dnsName, description: null });
      }),
      isRefused,
    );
    if (isRefused) return;
    of.name = name;
    if (name === null) of.aliases = [];
  }

  private async setAliases(of: ModelAddress, names: readonly string[]): Promise<void> {
    if (of.name === null) return;
    const isRefused = this.isOthers(
      of.subnet,
      names.map((name) => called(name, this.zone, of.subnet.prefix)),
    );
    await this.expectRefused(
      this.as(of.subnet, (tx) =>
        world.get(AddressNamesService).setAliases(
          tx,
          of.id,
          names.map((name) => Fqdn.parse(name)),
        ),
      ),
      isRefused,
    );
    if (!isRefused) of.aliases = names;
  }

  private async setPrefix(subnet: ModelSubnet, prefix: string | null): Promise<void> {
    const names = this.addresses
      .filter((of) => of.subnet === subnet)
      .flatMap(({ name, aliases }) => (name === null ? [] : [name, ...aliases]));
    const isRefused = this.isOthers(
      subnet,
      names.map((name) => called(name, this.zone, prefix)),
    );
    const dns = { dnsZone: Fqdn.parse(this.zone), dnsZonePrefix: prefix === null ? null : ZonePrefix.parse(prefix), dnsTtlSeconds: null };
    await this.expectRefused(
      this.as(subnet, (tx) => world.get(SubnetService).setDns(tx, subnet.id, dns)),
      isRefused,
    );
    if (!isRefused) subnet.prefix = prefix;
  }

  private async release(of: ModelAddress): Promise<void> {
    await world.get(AddressAllocationService).release(tenantScope(of.subnet.tenantId, 'model'), of.id, null);
    this.addresses = this.addresses.filter((each) => each !== of);
  }

  /** What is claimed is what the model says that the tenants are called. */
  async look(): Promise<void> {
    const wanted = new Map<string, number>();
    for (const { subnet, name, aliases } of this.addresses)
      for (const each of name === null ? [] : [name, ...aliases]) {
        const claim = `${called(each, this.zone, subnet.prefix)} ${subnet.tenantId}`;
        wanted.set(claim, (wanted.get(claim) ?? 0) + 1);
      }
    const rows = await world.system((tx) =>
      tx.sql<{ claim: string; uses: number }>(
        `SELECT name || ' ' || tenant_id AS claim, uses FROM dns_name_claim WHERE right(name, length($1) + 1) = '.' || $1 AND place = 0`,
        [this.zone],
      ),
    );
    const sorted = (entries: Iterable<readonly [string, number]>): (readonly [string, number])[] =>
      [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
    assert.deepEqual(sorted(rows.map(({ claim, uses }) => [claim, uses] as const)), sorted(wanted));
  }

  async audit(): Promise<void> {
    const { withheld } = await world.system((tx) => world.get(AddressingService).names(tx, this.fabricId));
    assert.deepEqual(withheld, []);
    const all = world.get(InvariantRegistry).all();
    for (const { name, violations } of all.filter((each) => each.name.startsWith('addressing.name')))
      assert.deepEqual(await world.system((tx) => violations(tx, world.tenants, 5)), [], name);
  }

  async end(): Promise<void> {
    for (const of of this.addresses) await this.release(of);
    await this.look();
  }

  private named(choose: Choice): string {
    return `${HOSTS[choose % HOSTS.length]}.${this.zone}`;
  }

  private as<T>({ tenantId }: ModelSubnet, work: (tx: Tx) => Promise<T>): Promise<T> {
    return world.db.inTransaction(tenantScope(tenantId, 'model'), work);
  }

  private isKept(name: string, besides?: ModelAddress): boolean {
    return this.addresses.some((of) => of !== besides && of.name === name);
  }

  private isOthers({ tenantId }: ModelSubnet, names: readonly string[]): boolean {
    const theirs = this.addresses
      .filter(({ subnet }) => subnet.tenantId !== tenantId)
      .flatMap(({ subnet, name, aliases }) =>
        (name === null ? [] : [name, ...aliases]).map((each) => called(each, this.zone, subnet.prefix)),
      );
    return names.some((name) => theirs.includes(name));
  }

  private async expectRefused(work: Promise<unknown>, isRefused: boolean): Promise<void> {
    assert.equal((await refusalOf(work))?.code, isRefused ? 'ALREADY_EXISTS' : undefined);
  }
}

const key = (): IdempotencyKey => IdempotencyKey.parse(`m${world.next()}`);

/** All names of the model are in the zone. */
function called(name: string, zone: string, prefix: string | null): string {
  if (prefix === null || name.endsWith(`.${prefix}.${zone}`)) return name;
  return name.replace(`.${zone}`, `.${prefix}.${zone}`);
}
