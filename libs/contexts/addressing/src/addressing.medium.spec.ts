import { Cidr, type FabricId, Fqdn, Ip, Mac, type NetworkId, type PrefixPoolId, type TenantId } from '#engines/kernel';
import { newId, systemScope, type Tx, tenantScope } from '#platform';
import { type OpenDatabase, openTestDatabase } from '../../../../test/support/open-database.js';
import { type Addressing, addressingOn } from '../../../../test/support/addressing.js';
import type { NewSubnet } from './addressing.service.js';
import { addressingEntities } from './store/addressing.entity.js';

const system = systemScope('spec');
let opened: OpenDatabase;
let addressing: Addressing['addressing'];
let sweep: Addressing['sweep'];
let serial = 0;
let fabricId: FabricId;
let tenantId: TenantId;

beforeAll(async () => {
  opened = await openTestDatabase(addressingEntities);
  ({ addressing, sweep } = addressingOn(opened));
  [fabricId, tenantId] = [newId<FabricId>(), newId<TenantId>()];
  await opened.db.inTransaction(system, async (tx) => {
    await tx.run(
      `INSERT INTO fabric (id, slug, name, asn_scheme, rt_administrator, vtep_pool, anycast_gateway_mac) VALUES ($1, 'f', 'F', 'IBGP', 65051, '172.16.0.0/16', '00:1c:73:00:00:01')`,
      [fabricId],
    );
    await tx.run(`INSERT INTO tenant (id, slug, name) VALUES ($1, 'acme', 'Acme')`, [tenantId]);
  });
});
afterAll(() => opened.close());

const inTenant = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => opened.db.inTransaction(tenantScope(tenantId, 'spec'), work);

/** A retired network needs no numbers: enough to hang a subnet on. */
async function network(): Promise<NetworkId> {
  const id = newId<NetworkId>();
  await opened.db.inTransaction(system, (tx) =>
    tx.run(
      `INSERT INTO network (id, tenant_id, fabric_id, slug, name, vni, evi_id, mtu, state) VALUES ($1, $2, $3, $4, 'N', 1, 1, 1450, 'RETIRED')`,
      [id, tenantId, fabricId, `n${++serial}`],
    ),
  );
  return id;
}
function pool(cidr: string, defaultLength: number, maxLength = 32): Promise<PrefixPoolId> {
  return opened.db.inTransaction(system, async (tx) => {
    const spaceId = await addressing.createSpace(tx, { fabricId, slug: `s${++serial}`, name: 'S' });
    return addressing.createPrefixPool(tx, {
      spaceId,
      cidr: Cidr.parse(cidr),
      slug: `p${serial}`,
      name: 'P',
      defaultLength,
      minLength: Cidr.length(Cidr.parse(cidr)),
      maxLength,
    });
  });
}
async function subnet(poolId: PrefixPoolId, over: Partial<NewSubnet> = {}) {
  const networkId = over.networkId ?? (await network());
  return inTenant((tx) =>
    addressing.createSubnet(tx, {
      tenantId,
      networkId,
      poolId,
      gatewayMode: 'EXTERNAL_FIREWALL',
      gatewayName: null,
      dnsZone: null,
      key: `k${++serial}`,
      ...over,
    }),
  );
}

describe('carving prefixes', () => {
  it('gives the lowest block, with the first host as gateway', async () => {
    const poolId = await pool('10.20.0.0/16', 24);
    expect(await subnet(poolId)).toMatchObject({ cidr: '10.20.0.0/24', gatewayAddress: '10.20.0.1' });
    expect(await subnet(poolId)).toMatchObject({ cidr: '10.20.1.0/24' });
  });

  it('fills the smallest gap that fits, and says what is the largest free block', async () => {
    const poolId = await pool('10.0.0.0/24', 26);
    await subnet(poolId, { length: 27 });
    await subnet(poolId, { length: 25 });
    expect(await subnet(poolId, { length: 27 })).toMatchObject({ cidr: '10.0.0.32/27' });
    await expect(subnet(poolId, { length: 25 })).rejects.toMatchObject({ code: 'POOL_EXHAUSTED', facts: { largestFreePrefixLength: 26 } });
    await subnet(poolId, { length: 26 });
    await expect(subnet(poolId)).rejects.toMatchObject({ code: 'POOL_EXHAUSTED', facts: { largestFreePrefixLength: null } });
  });

  it('gives no gateway to a subnet of one address', async () => {
    for (const cidr of ['10.20.0.0/30', '2001:db8::/126']) {
      const poolId = await pool(cidr, Cidr.length(Cidr.parse(cidr)), cidr.includes(':') ? 128 : 32);
      const length = cidr.includes(':') ? 128 : 32;
      await expect(subnet(poolId, { length })).rejects.toMatchObject({
        code: 'OUT_OF_RANGE',
        facts: { accepted: expect.stringContaining('NONE') as string },
      });
      expect(await subnet(poolId, { length, gatewayMode: 'NONE' })).toMatchObject({ gatewayAddress: null });
    }
  });

  it('refuses what overlaps, lies outside or has a length that the pool does not give', async () => {
    const poolId = await pool('10.1.0.0/16', 24, 28);
    await subnet(poolId, { cidr: Cidr.parse('10.1.4.0/22') });
    await expect(subnet(poolId, { cidr: Cidr.parse('10.1.5.0/24') })).rejects.toMatchObject({
      code: 'OVERLAPS',
      facts: { overlapping: ['10.1.4.0/22'] },
    });
    await expect(subnet(poolId, { cidr: Cidr.parse('10.1.0.0/20') })).rejects.toMatchObject({ code: 'OVERLAPS' });
    await expect(subnet(poolId, { cidr: Cidr.parse('10.2.0.0/24') })).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
    await expect(subnet(poolId, { cidr: Cidr.parse('2001:db8::/64') })).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
    await expect(subnet(poolId, { length: 29 })).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
    expect(await subnet(poolId)).toMatchObject({ cidr: '10.1.0.0/24' });
  });

  it('gives the same prefix in another address space', async () => {
    const [a, b] = [await pool('10.9.0.0/16', 24), await pool('10.9.0.0/16', 24)];
    expect([(await subnet(a)).cidr, (await subnet(b)).cidr]).toEqual(['10.9.0.0/24', '10.9.0.0/24']);
  });

  it('never gives overlapping prefixes to callers that come at once', async () => {
    const poolId = await pool('10.30.0.0/16', 24);
    const networkId = await network();
    const lengths = Array.from({ length: 60 }, (_, i) => 22 + (i % 6));
    const subnets = await Promise.all(lengths.map((length) => subnet(poolId, { length, networkId })));
    const bounds = subnets.map((s) => Cidr.bounds(s.cidr)).sort((x, y) => (x.first < y.first ? -1 : 1));
    for (const [i, next] of bounds.slice(1).entries()) expect((bounds[i] as { last: bigint }).last < next.first).toBe(true);
  });

  it('merges blocks when a network is forgotten, at once; and after the quarantine when it is retired', async () => {
    const poolId = await pool('10.40.0.0/24', 25);
    const [one, two] = [await network(), await network()];
    await subnet(poolId, { networkId: one });
    await subnet(poolId, { networkId: two });
    await inTenant((tx) => addressing.forgetNetwork(tx, one));
    await inTenant((tx) => addressing.retireNetwork(tx, two));
    await expect(subnet(poolId, { length: 24 })).rejects.toMatchObject({ code: 'POOL_EXHAUSTED', facts: { largestFreePrefixLength: 25 } });
    await opened.db.inTransaction(system, (tx) => tx.run(`UPDATE prefix SET reusable_at = now() WHERE state = 'QUARANTINED'`));
    await sweep();
    expect(await subnet(poolId, { length: 24 })).toMatchObject({ cidr: '10.40.0.0/24' });
  });
});

describe('assigning addresses', () => {
  const assign = (s: Awaited<ReturnType<typeof subnet>>, key: string, over: { prefer?: string; mac?: string; dnsName?: string } = {}) =>
    inTenant((tx) =>
      addressing.assign(tx, {
        subnet: s,
        key,
        mac: over.mac === undefined ? null : Mac.parse(over.mac),
        dnsName: over.dnsName === undefined ? null : Fqdn.parse(over.dnsName),
        ...(over.prefer === undefined ? {} : { prefer: Ip.parse(over.prefer) }),
      }),
    );

  it('leaves out network, broadcast and gateway, and says when a subnet is full', async () => {
    const s = await subnet(await pool('10.50.0.0/24', 29));
    const given = [];
    for (let i = 0; i < 5; i++) given.push((await assign(s, `h${i}`)).address);
    expect(given).toEqual(['10.50.0.2', '10.50.0.3', '10.50.0.4', '10.50.0.5', '10.50.0.6']);
    await expect(assign(s, 'h5')).rejects.toMatchObject({ code: 'POOL_EXHAUSTED' });
  });

  it('gives a wanted address once', async () => {
    const s = await subnet(await pool('10.51.0.0/24', 24));
    expect((await assign(s, 'a', { prefer: '10.51.0.10' })).address).toBe('10.51.0.10');
    await expect(assign(s, 'b', { prefer: '10.51.0.10' })).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    for (const prefer of ['10.51.0.0', '10.51.0.255', '10.52.0.1'])
      await expect(assign(s, 'c', { prefer })).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
    await expect(assign(s, 'd', { prefer: '10.51.0.1' })).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
  });

  it('refuses a name or a MAC address that is in use', async () => {
    const s = await subnet(await pool('10.53.0.0/24', 24));
    await assign(s, 'a', { mac: 'bc:24:11:00:00:01', dnsName: 'vm1.cust.example' });
    await expect(assign(s, 'b', { dnsName: 'vm1.cust.example' })).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    await expect(assign(s, 'c', { mac: 'BC-24-11-00-00-01' })).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
  });

  it('costs the same in an IPv6 /64', async () => {
    const s = await subnet(await pool('2001:db8::/48', 64, 64));
    expect([
      s.gatewayAddress,
      (await assign(s, 'a')).address,
      (await assign(s, 'b', { prefer: '2001:db8::ffff:ffff:ffff:ffff' })).address,
    ]).toEqual(['2001:db8::1', '2001:db8::2', '2001:db8::ffff:ffff:ffff:ffff']);
  });
});
