import { Cidr, type FabricId, Fqdn, IdempotencyKey, Ip, Mac, type PrefixPoolId, type SubnetId, type TenantId } from '#engines/kernel';
import { newId, systemScope, type Tx, tenantScope } from '#platform';
import { type Addressing, addressingOn } from '../../../../test/support/addressing.js';
import { type OpenDatabase, openTestDatabase } from '../../../../test/support/open-database.js';
import { addressInvariants } from './address-invariants.js';
import type { AddressExtent, AddressRequest, PrefixAllocation } from './domain/allocation.js';
import type { AddressRangeKind, Subnet } from './domain/subnet.js';
import { prefixInvariants } from './prefix-invariants.js';
import type { SubnetToOpen } from './subnet.service.js';
import { addressingEntities } from './store/addressing.entity.js';

const system = systemScope('spec');
let opened: OpenDatabase;
let a: Addressing;
let fabricId: FabricId;
let serial = 0;

beforeAll(async () => {
  opened = await openTestDatabase(addressingEntities);
  a = addressingOn(opened);
  fabricId = newId<FabricId>();
  await asSystem((tx) =>
    tx.run(
      `INSERT INTO fabric (id, slug, name, asn_scheme, rt_administrator, vtep_pool, anycast_gateway_mac) VALUES ($1, 'f', 'F', 'IBGP', 65051, '172.16.0.0/16', '00:1c:73:00:00:01')`,
      [fabricId],
    ),
  );
});
afterAll(async () => {
  await expectSound();
  await opened.close();
});

const asSystem = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => opened.db.inTransaction(system, work);

/** Nothing lost, nothing twice, every count true: asked of everything that these tests left. */
async function expectSound(): Promise<void> {
  for (const invariant of [...prefixInvariants, ...addressInvariants])
    for (let after: string | null = null; ; ) {
      const ids: readonly string[] = await asSystem((tx) => invariant.slices.next(tx, after));
      if (ids.length === 0) break;
      expect(await asSystem((tx) => invariant.violations(tx, ids, 5)), invariant.name).toEqual([]);
      after = ids.at(-1) ?? null;
    }
}

/** A subnet without a gateway that is all of a pool in an address space of its own. */
async function subnet(cidr: string, over: Partial<SubnetToOpen> = {}): Promise<Subnet> {
  const tenantId = newId<TenantId>();
  const range = Cidr.parse(cidr);
  const poolId = await asSystem(async (tx) => {
    await tx.run('INSERT INTO tenant (id, slug, name) VALUES ($1, $2, $2)', [tenantId, `t${++serial}`]);
    const spaceId = await a.addressing.createSpace(tx, { fabricId, slug: `s${serial}`, name: 'S' });
    const length = Cidr.length(range);
    const lengths = { minLength: length, defaultLength: length, maxLength: length };
    return a.pools.create(tx, { spaceId, slug: `p${serial}`, name: 'P', ranges: [range], ...lengths });
  });
  return open(poolId, tenantId, over);
}
async function open(poolId: PrefixPoolId, tenantId: TenantId, over: Partial<SubnetToOpen> = {}): Promise<Subnet> {
  const scope = tenantScope(tenantId, 'spec');
  const { allocations } = await a.prefixes.allocate(scope, { poolId, tenantId, key: IdempotencyKey.parse(`prefix${++serial}`) });
  const [leaf] = allocations;
  if (!leaf) throw new Error('no prefix');
  return opened.db.inTransaction(scope, (tx) =>
    a.subnets.open(tx, { prefixId: leaf.id, generation: leaf.generation, tenantId, gatewayMode: 'NONE', quarantineSeconds: 0, ...over }),
  );
}

interface Wanted extends Partial<Omit<AddressRequest, 'prefer' | 'key' | 'within'>> {
  readonly key?: string;
  readonly prefer?: string;
  readonly within?: readonly [string, string];
}
function request(of: Subnet, { key, prefer, within, ...wanted }: Wanted = {}): AddressRequest {
  return {
    subnetId: of.id,
    tenantId: of.tenantId,
    key: IdempotencyKey.parse(key ?? `k${++serial}`),
    ...(prefer !== undefined && { prefer: Ip.parse(prefer) }),
    ...(within && { within: extent(...within) }),
    ...wanted,
  };
}
const extent = (first: string, last: string): AddressExtent => ({ first: Ip.parse(first), last: Ip.parse(last) });
const scopeOf = (of: Subnet) => tenantScope(of.tenantId, 'spec');
const take = (of: Subnet, wanted: Wanted = {}) => a.addresses.allocate(scopeOf(of), request(of, wanted));
const ips = async (of: Subnet, wanted: Wanted = {}): Promise<string[]> =>
  (await take(of, wanted)).allocations.map(({ address }) => address);
const one = async (of: Subnet, wanted: Wanted = {}) => {
  const [allocation] = (await take(of, wanted)).allocations;
  if (!allocation) throw new Error('nothing was given');
  return allocation;
};
const free = (of: Subnet) => asSystem((tx) => a.subnets.free(tx, of.id, null, 100));
const range = (of: Subnet, kind: AddressRangeKind, first: string, last: string) =>
  asSystem((tx) => a.subnets.addRange(tx, of.id, { ...extent(first, last), kind, reason: 'spec' }));

describe('the first and the last', () => {
  it.each([
    ['10.0.0.0/30', ['10.0.0.1', '10.0.0.2']],
    ['10.0.0.0/31', ['10.0.0.0', '10.0.0.1']],
    ['10.0.0.7/32', ['10.0.0.7']],
    ['0.1.0.0/31', ['0.1.0.0', '0.1.0.1']],
    ['255.254.255.254/31', ['255.254.255.254', '255.254.255.255']],
    ['2001:db8::/126', ['2001:db8::1', '2001:db8::2', '2001:db8::3']],
    ['2001:db8::/127', ['2001:db8::', '2001:db8::1']],
    ['2001:db8::9/128', ['2001:db8::9']],
    ['::1:0:0:0/127', ['::1:0:0:0', '::1:0:0:1']],
    ['ffff:ffff:ffff:ffff:ffff:ffff:fffe:fffe/127', ['ffff:ffff:ffff:ffff:ffff:ffff:fffe:fffe', 'ffff:ffff:ffff:ffff:ffff:ffff:fffe:ffff']],
  ])('%s has these hosts, one by one and at once, and all of them again when they are back', async (cidr, hosts) => {
    const of = await subnet(cidr);
    const given = [];
    for (const _ of hosts) given.push(await one(of));
    expect(given.map(({ address }) => address)).toEqual(hosts);
    await expect(one(of)).rejects.toMatchObject({ code: 'POOL_EXHAUSTED', facts: { free: 0 } });
    for (const { id } of given) await a.addresses.release(scopeOf(of), id, null);
    expect(await ips(of, { count: hosts.length, isContiguous: true })).toEqual(hosts);
    expect(await asSystem((tx) => a.subnets.fill(tx, of.id))).toMatchObject({ free: 0n, size: BigInt(hosts.length) });
  });

  it.each(['0.0.0.0/8', '255.255.255.0/24', '::/64', 'ffff:ffff:ffff:ffff::/64'])(
    '%s is at the edge of its family: no subnet',
    async (cidr) => {
      await expect(subnet(cidr)).rejects.toMatchObject({
        code: 'OUT_OF_RANGE',
        facts: { accepted: expect.stringMatching('a subnet within|embedded IPv4') },
      });
    },
  );

  it('of a /64 and of a /8 cost what those of a /24 cost', async () => {
    for (const [cidr, first, last, free] of [
      ['2001:db8::/64', '2001:db8::1', '2001:db8::ffff:ffff:ffff:ffff', 2n ** 64n - 1n],
      ['10.0.0.0/8', '10.0.0.1', '10.255.255.254', 2n ** 24n - 2n],
    ] as const) {
      const of = await subnet(cidr);
      expect((await asSystem((tx) => a.subnets.fill(tx, of.id))).free).toBe(free);
      expect([(await one(of)).address, (await one(of, { prefer: last })).address]).toEqual([first, last]);
      await expect(one(of, { prefer: Cidr.network(of.cidr) })).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
      expect((await asSystem((tx) => a.subnets.fill(tx, of.id))).free).toBe(free - 2n);
    }
  });

  it.each([
    ['the first', [0, 1, 2]],
    ['the second', [1, 0, 2]],
    ['the middle one last', [0, 2, 1]],
  ])('free ranges merge when %s neighbour is back first', async (_, order) => {
    const of = await subnet('10.0.0.0/29');
    const given = [await one(of), await one(of), await one(of)];
    for (const index of order) await a.addresses.release(scopeOf(of), (given[index] as (typeof given)[0]).id, null);
    expect(await free(of)).toEqual([extent('10.0.0.1', '10.0.0.6')]);
  });
});

describe('which address', () => {
  it('leaves out the gateway, wherever it is', async () => {
    for (const [gateway, expected] of [
      ['10.0.0.1', ['10.0.0.2', '10.0.0.3', '10.0.0.4']],
      ['10.0.0.3', ['10.0.0.1', '10.0.0.2', '10.0.0.4']],
    ] as const) {
      const of = await subnet('10.0.0.0/29', { gatewayMode: 'EXTERNAL_FIREWALL', gatewayAddress: Ip.parse(gateway) });
      expect(await ips(of, { count: 3 })).toEqual(expected);
      await expect(one(of, { prefer: gateway })).rejects.toMatchObject({ code: 'ALREADY_EXISTS', facts: { heldBy: 'subnet' } });
    }
    await expect(subnet('10.0.0.0/29', { gatewayMode: 'CENTRAL_VRRP', gatewayAddress: Ip.parse('10.0.0.7') })).rejects.toMatchObject({
      code: 'OUT_OF_RANGE',
    });
  });

  it('of a DHCP range is given to whoever names the range, and a reserved one to nobody', async () => {
    const of = await subnet('10.0.0.0/28');
    await range(of, 'RESERVED', '10.0.0.1', '10.0.0.3');
    await range(of, 'DHCP', '10.0.0.6', '10.0.0.8');
    expect(await ips(of, { count: 4 })).toEqual(['10.0.0.4', '10.0.0.5', '10.0.0.9', '10.0.0.10']);
    const dhcp = ['10.0.0.6', '10.0.0.8'] as const;
    expect((await one(of, { within: dhcp })).address).toBe('10.0.0.6');
    expect((await one(of, { within: dhcp, prefer: '10.0.0.8' })).address).toBe('10.0.0.8');
    await expect(one(of, { prefer: '10.0.0.7' })).rejects.toMatchObject({
      code: 'OUT_OF_RANGE',
      facts: { accepted: expect.stringContaining('name the range') },
    });
    expect(await ips(of, { within: dhcp, count: 9, isPartial: true })).toEqual(['10.0.0.7']);
    await expect(one(of, { within: dhcp })).rejects.toMatchObject({ code: 'POOL_EXHAUSTED', facts: { free: 0 } });
    await expect(one(of, { prefer: '10.0.0.2' })).rejects.toMatchObject({
      code: 'OUT_OF_RANGE',
      facts: { accepted: expect.stringContaining('RESERVED') },
    });
    await expect(range(of, 'DHCP', '10.0.0.8', '10.0.0.9')).rejects.toMatchObject({ code: 'OVERLAPS' });
    await expect(range(of, 'DHCP', '10.0.0.14', '10.0.0.15')).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
    await asSystem((tx) => a.subnets.removeRange(tx, of.id, Ip.parse('10.0.0.1')));
    expect((await one(of)).address).toBe('10.0.0.1');
  });

  it('that is released in a DHCP range goes back to the range', async () => {
    const of = await subnet('10.0.0.0/29');
    const before = await one(of, { prefer: '10.0.0.3' });
    await range(of, 'DHCP', '10.0.0.2', '10.0.0.4');
    await a.addresses.release(scopeOf(of), before.id, null);
    expect(await ips(of, { count: 9, isPartial: true })).toEqual(['10.0.0.1', '10.0.0.5', '10.0.0.6']);
    expect(await ips(of, { within: ['10.0.0.2', '10.0.0.4'], count: 3, isContiguous: true })).toEqual(['10.0.0.2', '10.0.0.3', '10.0.0.4']);
  });

  it('is within a stretch of the subnet that is asked for', async () => {
    const of = await subnet('10.0.0.0/24');
    expect(await ips(of, { within: ['10.0.0.100', '10.0.0.110'], count: 2 })).toEqual(['10.0.0.100', '10.0.0.101']);
    await expect(take(of, { within: ['10.0.0.100', '10.0.0.110'], count: 10 })).rejects.toMatchObject({
      code: 'POOL_EXHAUSTED',
      facts: { free: 9 },
    });
    expect((await one(of)).address).toBe('10.0.0.1');
    await expect(one(of, { within: ['10.0.0.9', '10.0.0.8'] })).rejects.toMatchObject({ code: 'INVALID_VALUE' });
  });

  it('has one name and one station', async () => {
    const of = await subnet('10.0.0.0/24');
    const [mac, dnsName] = [Mac.parse('bc:24:11:00:00:01'), Fqdn.parse(`vm${++serial}.cust.example`)];
    expect(await one(of, { mac, dnsName })).toMatchObject({ mac, dnsName, address: '10.0.0.1' });
    await expect(one(of, { mac })).rejects.toMatchObject({ code: 'ALREADY_EXISTS', facts: { mac } });
    await expect(one(of, { dnsName })).rejects.toMatchObject({ code: 'ALREADY_EXISTS', facts: { name: dnsName } });
    await expect(take(of, { dnsName, count: 2 })).rejects.toMatchObject({ code: 'INVALID_VALUE' });
    expect((await one(of)).address).toBe('10.0.0.2');
  });
});

describe('in bulk', () => {
  it('gives addresses in a row, all or none, or as many as there are', async () => {
    const of = await subnet('10.0.0.0/28');
    await one(of, { prefer: '10.0.0.5' });
    expect(await ips(of, { count: 5, isContiguous: true })).toEqual(['10.0.0.6', '10.0.0.7', '10.0.0.8', '10.0.0.9', '10.0.0.10']);
    await expect(take(of, { count: 5, isContiguous: true })).rejects.toMatchObject({
      code: 'POOL_EXHAUSTED',
      facts: { free: 8, largestFreeBlock: 4 },
    });
    await expect(take(of, { count: 3, prefer: '10.0.0.3' })).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
      facts: { address: '10.0.0.5' },
    });
    expect(await ips(of, { count: 2, prefer: '10.0.0.3' })).toEqual(['10.0.0.3', '10.0.0.4']);
    await expect(take(of, { count: 7 })).rejects.toMatchObject({ code: 'POOL_EXHAUSTED' });
    expect(await ips(of, { count: 7, isPartial: true })).toEqual([
      '10.0.0.1',
      '10.0.0.2',
      '10.0.0.11',
      '10.0.0.12',
      '10.0.0.13',
      '10.0.0.14',
    ]);
  });

  it('goes across many small gaps, and past the point where the hint moves', async () => {
    const of = await subnet('10.0.0.0/16');
    const given = (await take(of, { count: 1000 })).allocations;
    for (const { id } of given.filter((_, i) => i % 2 === 0).slice(0, 50)) await a.addresses.release(scopeOf(of), id, null);
    const again = await ips(of, { count: 60 });
    expect([again[0], again[1], again[49], again[50]]).toEqual(['10.0.0.1', '10.0.0.3', '10.0.0.99', '10.0.3.233']);
  });
});

describe('callers that come at once', () => {
  it('get an address each, from two processes, and the same key gets one', async () => {
    const subnets = [await subnet('10.0.0.0/24'), await subnet('2001:db8::/64')];
    const other = addressingOn(opened);
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, i) => {
        const of = subnets[i % 2] as Subnet;
        return (i % 3 ? a : other).addresses.allocate(scopeOf(of), request(of, i % 5 === 0 ? { key: `same${i % 2}` } : {}));
      }),
    );
    const given = answers.filter(({ replayed }) => !replayed).map(({ allocations }) => allocations[0]?.address);
    expect(new Set(given).size).toBe(162); // 160 keys of their own, and one for each subnet.
    expect(given).toHaveLength(162);
  });

  it('do not fail each other when there is not enough', async () => {
    const of = await subnet('10.0.0.0/28');
    const answers = await Promise.allSettled([...Array.from({ length: 20 }, () => take(of)), take(of, { prefer: '10.0.0.15' })]);
    const codes = answers.map((answer) => (answer.status === 'fulfilled' ? 'OK' : (answer.reason as { code: string }).code));
    expect([codes.filter((code) => code === 'OK').length, codes.filter((code) => code === 'POOL_EXHAUSTED').length, codes.at(-1)]).toEqual([
      14,
      6,
      'OUT_OF_RANGE',
    ]);
  });

  it('are refused by the constraint, whatever the free ranges say', async () => {
    const of = await subnet('10.0.0.0/28');
    await one(of);
    await asSystem((tx) => tx.run(`UPDATE free_address SET first = '10.0.0.1' WHERE subnet_id = $1`, [of.id]));
    await expect(one(of)).rejects.toMatchObject({ constraint: 'ip_address_unique' });
    await asSystem((tx) => tx.run('SELECT address_rebuild($1)', [of.id]));
  });
});

describe('a key', () => {
  it('gets the same answer as long as the address lives, and stands for one request', async () => {
    const of = await subnet('10.0.0.0/24');
    const first = await take(of, { key: 'same', count: 2 });
    expect(await take(of, { key: 'same', count: 2 })).toEqual({ ...first, replayed: true });
    await expect(take(of, { key: 'same' })).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
    const elsewhere = await open(await poolOf(of), of.tenantId).catch(() => undefined);
    expect(elsewhere).toBeUndefined(); // The pool is one subnet.
    for (const { id } of first.allocations) await a.addresses.release(scopeOf(of), id, null);
    expect((await take(of, { key: 'same' })).replayed).toBe(false);
  });
});
const poolOf = (of: Subnet): Promise<PrefixPoolId> => asSystem(async (tx) => (await a.prefixes.allocation(tx, of.prefixId)).poolId);

describe('a hold, a release', () => {
  it('of an address that was bound, or extended, outlives the hold of another', async () => {
    const of = await subnet('10.0.0.0/24', { quarantineSeconds: 3600 });
    const [bound, extended, expired] = [
      await one(of, { ttlSeconds: 60 }),
      await one(of, { ttlSeconds: 60 }),
      await one(of, { ttlSeconds: 60 }),
    ];
    await a.addresses.extend(scopeOf(of), extended.id, 1, 3600);
    await asSystem((tx) => tx.run(`UPDATE ip_address SET expires_at = expires_at - interval '120 s' WHERE state = 'HELD'`));
    expect(await a.addresses.bind(scopeOf(of), bound.id, 1, 'vm 7')).toMatchObject({ state: 'BOUND', generation: 2, holder: 'vm 7' });
    await a.sweep();
    expect((await one(of)).address).toBe(expired.address);
  });

  it('rests, and a late one changes nothing', async () => {
    const of = await subnet('10.0.0.0/29', { quarantineSeconds: 3600 });
    const given = await one(of, { key: 'mine', mac: Mac.parse('bc:24:11:00:00:02') });
    await a.addresses.transfer(scopeOf(of), given.id, 1, 'other vm');
    await expect(a.addresses.release(scopeOf(of), given.id, 1)).rejects.toMatchObject({ code: 'VERSION_CONFLICT' });
    expect(await a.addresses.release(scopeOf(of), given.id, 2)).toMatchObject({ state: 'QUARANTINED', generation: 3 });
    expect((await one(of, { key: 'mine', mac: Mac.parse('bc:24:11:00:00:02') })).address).toBe('10.0.0.2');
    await expect(one(of, { prefer: '10.0.0.1' })).rejects.toMatchObject({ code: 'ALREADY_EXISTS', facts: { state: 'QUARANTINED' } });
    await asSystem((tx) => tx.run(`UPDATE ip_address SET reusable_at = now() WHERE state = 'QUARANTINED'`));
    await a.sweep();
    expect((await one(of)).address).toBe('10.0.0.1');
    await expect(a.addresses.release(scopeOf(of), given.id, 3)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('of a gateway, or of another tenant’s address, is refused', async () => {
    const of = await subnet('10.0.0.0/29', { gatewayMode: 'EXTERNAL_FIREWALL' });
    const [gateway] = await asSystem((tx) => a.addresses.allocationsOfSubnet(tx, of.id, null, 1));
    if (!gateway) throw new Error('no gateway');
    await expect(a.addresses.release(scopeOf(of), gateway.id, null)).rejects.toMatchObject({
      code: 'IN_USE',
      facts: { holderKind: 'subnet' },
    });
    const stranger = tenantScope(newId<TenantId>(), 'spec');
    await expect(a.addresses.release(stranger, gateway.id, null)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(a.addresses.allocate(stranger, { ...request(of), tenantId: newId<TenantId>() })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });
});

describe('a quota', () => {
  it('counts the addresses of a tenant in a space, holds when many ask, and is given back', async () => {
    const of = await subnet('10.0.0.0/24', { gatewayMode: 'EXTERNAL_FIREWALL' });
    await asSystem((tx) => a.subnets.setQuota(tx, of.tenantId, of.spaceId, 8n));
    const answers = await Promise.allSettled(Array.from({ length: 20 }, () => take(of)));
    const given = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value.allocations : []));
    expect(given).toHaveLength(7);
    await expect(one(of)).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED', facts: { room: 0 } });
    for (const { id } of given.slice(0, 3)) await a.addresses.release(scopeOf(of), id, null);
    await expect(take(of, { count: 4 })).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED', facts: { room: 3 } });
    expect(await ips(of, { count: 4, isPartial: true })).toHaveLength(3);
    await asSystem((tx) => a.subnets.setQuota(tx, of.tenantId, of.spaceId, null));
    expect((await one(of)).state).toBe('BOUND');
  });
});

describe('addresses that stations have already', () => {
  it('are taken over all or none, reserved or resting though they may be', async () => {
    const of = await subnet('10.0.0.0/28', { quarantineSeconds: 3600 });
    await range(of, 'RESERVED', '10.0.0.8', '10.0.0.9');
    const resting = await one(of, { prefer: '10.0.0.4' });
    await a.addresses.release(scopeOf(of), resting.id, null);
    const adopt = (...list: string[]) =>
      a.addresses.adopt(
        scopeOf(of),
        of.id,
        of.tenantId,
        list.map((address) => ({ address: Ip.parse(address), key: IdempotencyKey.parse(`old/${of.id}/${address}`) })),
      );
    const adopted = await adopt('10.0.0.4', '10.0.0.8', '10.0.0.1');
    expect(adopted.map(({ address, state }) => [address, state])).toEqual([
      ['10.0.0.1', 'BOUND'],
      ['10.0.0.4', 'BOUND'],
      ['10.0.0.8', 'BOUND'],
    ]);
    expect(await adopt('10.0.0.4')).toEqual([adopted[1]]);
    const other = (address: string) =>
      a.addresses.adopt(scopeOf(of), of.id, of.tenantId, [{ address: Ip.parse(address), key: IdempotencyKey.parse(`k${++serial}`) }]);
    await expect(other('10.0.0.4')).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    await expect(other('10.0.0.15')).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
    expect(await ips(of, { count: 3 })).toEqual(['10.0.0.2', '10.0.0.3', '10.0.0.5']);
  });
});

describe('a subnet of nobody’s network', () => {
  it('is opened on an allocated prefix once, and closed when nothing is given out; the prefix stays', async () => {
    const of = await subnet('10.0.0.0/28', { gatewayMode: 'EXTERNAL_FIREWALL', gatewayName: Fqdn.parse(`gw${++serial}.cust.example`) });
    const leaf = await asSystem((tx) => a.prefixes.allocation(tx, of.prefixId));
    expect(leaf).toMatchObject({ holderKind: 'subnet', generation: 2 });
    const again = (over: Partial<SubnetToOpen>) =>
      opened.db.inTransaction(scopeOf(of), (tx) =>
        a.subnets.open(tx, { prefixId: leaf.id, generation: 2, tenantId: of.tenantId, gatewayMode: 'NONE', ...over }),
      );
    await expect(again({})).rejects.toMatchObject({ code: 'IN_USE' });
    const given = await one(of);
    await expect(asSystem((tx) => a.subnets.close(tx, of.id))).rejects.toMatchObject({ code: 'IN_USE', facts: { used: 1 } });
    await a.addresses.release(scopeOf(of), given.id, null);
    await asSystem((tx) => a.subnets.close(tx, of.id));
    await expect(asSystem((tx) => a.subnets.subnet(tx, of.id as SubnetId))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(again({ generation: 2 })).rejects.toMatchObject({ code: 'VERSION_CONFLICT' });
    expect((await again({ generation: 3 })).cidr).toBe('10.0.0.0/28');
  });

  it('is not closed while an address rests: another on the prefix would give it again', async () => {
    const of = await subnet('10.0.0.0/28', { quarantineSeconds: 3600 });
    const given = await one(of);
    await a.addresses.release(scopeOf(of), given.id, null);
    await expect(asSystem((tx) => a.subnets.close(tx, of.id))).rejects.toMatchObject({ code: 'IN_USE', facts: { resting: 1 } });
    await asSystem((tx) => tx.run(`UPDATE ip_address SET reusable_at = now() - interval '1 s' WHERE id = $1`, [given.id]));
    await asSystem((tx) => a.subnets.close(tx, of.id));
  });

  it('counts against a limit that is set while it is being opened', async () => {
    const tenantId = newId<TenantId>();
    const { poolId, spaceId } = await asSystem(async (tx) => {
      await tx.run('INSERT INTO tenant (id, slug, name) VALUES ($1, $2, $2)', [tenantId, `t${++serial}`]);
      const space = await a.addressing.createSpace(tx, { fabricId, slug: `s${serial}`, name: 'S' });
      const lengths = { minLength: 28, defaultLength: 28, maxLength: 28 };
      const pool = await a.pools.create(tx, {
        spaceId: space,
        slug: `p${serial}`,
        name: 'P',
        ranges: [Cidr.parse('10.0.0.0/28')],
        ...lengths,
      });
      return { poolId: pool, spaceId: space };
    });
    const scope = tenantScope(tenantId, 'spec');
    const { allocations } = await a.prefixes.allocate(scope, { poolId, tenantId, key: IdempotencyKey.parse(`prefix${++serial}`) });
    const [leaf] = allocations as [PrefixAllocation];
    let limit: Promise<void> | undefined;
    await opened.db.inTransaction(scope, async (tx) => {
      const open = { prefixId: leaf.id, generation: leaf.generation, tenantId, gatewayMode: 'NONE', quarantineSeconds: 0 } as const;
      const of = await a.subnets.open(tx, open);
      await a.addresses.allocateIn(tx, request(of));
      limit = asSystem((other) => a.subnets.setQuota(other, tenantId, spaceId, 1n));
      await new Promise((resolve) => setTimeout(resolve, 50)); // It waits for us, or would have counted by now.
    });
    await limit;
    expect(await asSystem((tx) => tx.one('SELECT max, used FROM address_quota WHERE tenant_id = $1', [tenantId]))).toEqual({
      max: '1',
      used: '1',
    });
  });
});
