import { createInventoryWorld, type InventoryWorld } from '../../../../../test/support/inventory-world.js';
import {
  AddressAllocationService,
  AddressingService,
  PrefixAllocationService,
  PrefixTreeService,
  SubnetService,
} from '#contexts/addressing';
import { type Network, TenancyService, type Vrf } from '#contexts/tenancy';
import { Cidr, type DeviceId, encodeId, Fqdn, IdempotencyKey, Ip, type IpAddressId, type PrefixId } from '#engines/kernel';
import { systemScope } from '#platform';
import { ContextInventory } from './context-inventory.js';
import { DEFAULT_RULES, INVENTORY_KINDS, type InventoryKind } from './kinds.js';
import type { LocalObject } from './local-inventory.js';

const scope = systemScope('spec');
let world: InventoryWorld;
const inventory = () => world.app.get(ContextInventory);
let vrf: Vrf;
let network: Network;
let held: IpAddressId;
let released: IpAddressId;
let standalone: PrefixId;

beforeAll(async () => {
  world = await createInventoryWorld([ContextInventory]);
  const { app, asSystem, tenantId, prefixPoolId, spaceId } = world;
  vrf = await world.vrf('prod');
  network = await world.network('web', 100);
  const subnet = await world.subnet(network, { cidr: Cidr.parse('10.20.5.0/24') });
  const addresses = app.get(AddressAllocationService);
  const address = async (key: string, over: object = {}) =>
    (await addresses.allocate(scope, { subnetId: subnet.id, tenantId, key: IdempotencyKey.parse(key), ...over })).allocations[0];
  await address('www', { prefer: Ip.parse('10.20.5.10'), dnsName: Fqdn.parse('www.cust.example') });
  held = (await address('later', { prefer: Ip.parse('10.20.5.11'), ttlSeconds: 3600 }))?.id as IpAddressId;
  released = (await address('gone', { prefer: Ip.parse('10.20.5.12') }))?.id as IpAddressId;
  await addresses.release(scope, released, null);
  await asSystem(async (tx) => {
    const subnets = app.get(SubnetService);
    for (const [first, last] of [
      ['10.20.5.200', '10.20.5.220'],
      ['10.20.5.50', '10.20.5.60'],
    ] as const)
      await subnets.addRange(tx, subnet.id, { first: Ip.parse(first), last: Ip.parse(last), kind: 'DHCP', reason: `from ${first}` });
    await app.get(PrefixTreeService).createContainer(tx, { spaceId, cidr: Cidr.parse('10.0.0.0/8') });
  });
  const leaf = (
    await app.get(PrefixAllocationService).allocate(scope, {
      poolId: prefixPoolId,
      tenantId,
      prefer: Cidr.parse('10.20.9.0/24'),
      key: IdempotencyKey.parse('leaf'),
    })
  ).allocations[0];
  standalone = leaf?.id as PrefixId;
  await asSystem((tx) =>
    app
      .get(SubnetService)
      .open(tx, { prefixId: standalone, generation: leaf?.generation ?? 0, tenantId, vrfId: vrf.id, gatewayMode: 'NONE' }),
  );
});
afterAll(() => world.close());

const page = (kind: InventoryKind, after: string | null, limit: number): Promise<readonly LocalObject[]> =>
  world.asSystem((tx) => inventory().page(tx, kind, after, limit));
const all = (kind: InventoryKind): Promise<readonly LocalObject[]> => page(kind, null, 1000);
const byIds = (kind: InventoryKind, ids: readonly string[]): Promise<readonly LocalObject[]> =>
  world.asSystem((tx) => inventory().byIds(tx, kind, ids));
const fieldsOf = async (kind: InventoryKind) => (await all(kind)).map(({ fields }) => fields);
const tenantRef = () => ({ kind: 'tenant', id: encodeId('tenant', world.tenantId) });
const vlanId = () => `${encodeId('vlanDomain', world.vlanDomainId)}-${encodeId('network', network.id)}`;

describe('what Trame has, for other systems', () => {
  it.each(INVENTORY_KINDS)('has pages of %s in the order of ids, whatever their size, and each by its id', async (kind) => {
    const whole = await all(kind);
    expect(whole.length).toBeGreaterThan(0);
    const ids = whole.map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)].sort());
    const paged: LocalObject[] = [];
    for (let after: string | null = null; ; after = paged.at(-1)?.id ?? null) {
      const next = await page(kind, after, 1);
      paged.push(...next);
      if (next.length === 0) break;
    }
    expect(paged).toEqual(whole);
    expect(await byIds(kind, [...ids].reverse())).toEqual(whole);
    expect(await byIds(kind, ['somebody-else', ''])).toEqual([]);
  });

  it.each(INVENTORY_KINDS)('says nothing of %s that no rule is for', async (kind) => {
    for (const fields of await fieldsOf(kind))
      expect(Object.keys(DEFAULT_RULES[kind])).toEqual(expect.arrayContaining(Object.keys(fields)));
  });

  it('has the tenancy: names that are unique elsewhere, and targets as references', async () => {
    expect(await fieldsOf('tenant')).toEqual([{ name: 'Acme SA', slug: 'acme', description: null }]);
    const targets = [{ kind: 'routeTarget', id: `rt-65051:${vrf.l3vni}` }];
    expect(await fieldsOf('vrf')).toEqual([
      { name: 'PROD', tenant: tenantRef(), importTargets: targets, exportTargets: targets, description: null },
    ]);
    expect(await fieldsOf('l2vpn')).toMatchObject([
      {
        name: `web-${network.vni}`,
        slug: `web-${network.vni}`,
        identifier: network.vni,
        status: 'reserved',
        importTargets: [{ kind: 'routeTarget', id: `rt-65051:${network.vni}` }],
      },
    ]);
    expect((await fieldsOf('routeTarget')).map(({ name }) => name)).toEqual([`65051:${network.vni}`, `65051:${vrf.l3vni}`]);
    await world.asSystem((tx) => world.app.get(TenancyService).activate(tx, network.id));
    expect(await fieldsOf('l2vpn')).toMatchObject([{ status: 'active' }]);
  });

  it('has the VLAN of a network in its domain, and what joins them', async () => {
    expect(await fieldsOf('vlanGroup')).toEqual([{ name: 'leaf-test', slug: 'leaf-test' }]);
    expect(await all('vlan')).toMatchObject([
      { id: vlanId(), fields: { vid: 100, name: `web-${network.vni}`, group: { kind: 'vlanGroup' }, tenant: tenantRef() } },
    ]);
    expect(await all('l2vpnTermination')).toEqual([
      { id: vlanId(), fields: { l2vpn: { kind: 'l2vpn', id: encodeId('network', network.id) }, vlan: { kind: 'vlan', id: vlanId() } } },
    ]);
  });

  it('has containers, ranges of pools and subnets, with the VRF and the VLAN that follow from them', async () => {
    const prefixes = new Map((await fieldsOf('prefix')).map((fields) => [fields['prefix'], fields]));
    expect([...prefixes.keys()].sort()).toEqual(['10.0.0.0/8', '10.20.0.0/16', '10.20.5.0/24', '10.20.9.0/24']);
    expect(prefixes.get('10.0.0.0/8')).toMatchObject({ status: 'container', tenant: null, vrf: null });
    expect(prefixes.get('10.20.0.0/16')).toMatchObject({ status: 'container', tenant: null });
    expect(prefixes.get('10.20.5.0/24')).toMatchObject({ status: 'active', tenant: tenantRef(), vlan: { kind: 'vlan', id: vlanId() } });
    expect(prefixes.get('10.20.9.0/24')).toMatchObject({ vrf: { kind: 'vrf', id: encodeId('vrf', vrf.id) } });
    expect(prefixes.get('10.20.9.0/24')).not.toHaveProperty('vlan');
  });

  it('has ranges in the order of their addresses', async () => {
    expect((await fieldsOf('ipRange')).map(({ start, end, status, description }) => [start, end, status, description])).toEqual([
      ['10.20.5.50', '10.20.5.60', 'active', 'from 10.20.5.50'],
      ['10.20.5.200', '10.20.5.220', 'active', 'from 10.20.5.200'],
    ]);
  });

  it('has addresses of stations, gateways and VTEPs, and none that rests', async () => {
    const addresses = new Map((await fieldsOf('ipAddress')).map((fields) => [fields['host'], fields]));
    expect([...addresses.keys()].sort()).toEqual(['10.20.5.1', '10.20.5.10', '10.20.5.11', '172.16.1.1', '172.16.1.51', '172.16.1.52']);
    expect(addresses.get('10.20.5.1')).toMatchObject({ role: 'anycast', length: 24, status: 'active' });
    expect(addresses.get('10.20.5.10')).toMatchObject({ role: null, dnsName: 'www.cust.example', tenant: tenantRef() });
    expect(addresses.get('10.20.5.10')).not.toHaveProperty('interface');
    expect(addresses.get('10.20.5.11')).toMatchObject({ status: 'reserved' });
    expect(addresses.get('172.16.1.1')).toMatchObject({ role: 'loopback', length: 32, interface: { kind: 'interface' } });
    expect(await byIds('ipAddress', [encodeId('ipAddress', released), encodeId('ipAddress', held)])).toMatchObject([
      { fields: { host: '10.20.5.11' } },
    ]);
  });

  it('has devices with the interfaces of their VTEPs, and their ASN once', async () => {
    expect((await fieldsOf('device')).map(({ name, site }) => [name, site])).toEqual([
      ['pve1', 'par1'],
      ['pve2', 'par1'],
      ['TEST', 'par1'],
    ]);
    expect((await fieldsOf('interface')).map(({ name }) => name).sort()).toEqual(['Loopback1', 'lo', 'lo']);
    expect(await all('asn')).toEqual([{ id: 'asn-0000065051', fields: { asn: 65_051 } }]);
  });

  it('has the address that two switches share', async () => {
    const [address, device] = await world.asSystem(async (tx) => {
      const devices = await tx.sql<{ id: DeviceId }>('SELECT id FROM device ORDER BY id');
      const members = [devices[1], devices[0]].map((each) => ({ deviceId: each?.id }));
      await tx.run(`UPDATE fabric SET facts = jsonb_set(facts, '{mlags}', $1::jsonb)`, [
        JSON.stringify([{ members, sharedVtep: '172.16.1.100' }, { members }]),
      ]);
      return ['172.16.1.100', devices[0]?.id ?? ''];
    });
    const id = `pair-${encodeId('device', device)}`;
    expect(await byIds('ipAddress', [id])).toMatchObject([{ id, fields: { host: address, role: 'anycast', length: 32 } }]);
    const ids = (await all('ipAddress')).map((object) => object.id);
    expect(ids).toEqual([...ids].sort());
    const after: string[] = [];
    for (let last: string | null = null; ; last = after.at(-1) ?? null) {
      const next = await page('ipAddress', last, 2);
      after.push(...next.map((object) => object.id));
      if (next.length < 2) break;
    }
    expect(after).toEqual(ids);
    expect(ids).toContain(id);
  });

  it('shows a leaf that fills its pool instead of the pool, as long as the leaf is there', async () => {
    const { app, asSystem, spaceId, tenantId } = world;
    const cidr = Cidr.parse('192.0.2.0/24');
    const lengths = { minLength: 24, defaultLength: 24, maxLength: 30 };
    const prefixes = app.get(PrefixAllocationService);
    const poolId = await asSystem((tx) =>
      app.get(AddressingService).createPrefixPool(tx, { spaceId, cidr, slug: 'one', name: 'One', ...lengths, quarantineSeconds: 0 }),
    );
    const statuses = async () => (await fieldsOf('prefix')).filter(({ prefix }) => prefix === cidr).map(({ status }) => status);
    expect(await statuses()).toEqual(['container']);
    const { allocations } = await prefixes.allocate(scope, { poolId, tenantId, key: IdempotencyKey.parse('whole') });
    expect(await statuses()).toEqual(['active']);
    await prefixes.release(scope, allocations[0]?.id as PrefixId, null);
    expect(await statuses()).toEqual(['container']);
  });
});

describe('what is taken over', () => {
  it('is what people write for people, of each kind', async () => {
    for (const kind of ['tenant', 'vrf', 'l2vpn', 'prefix', 'ipRange', 'device', 'ipAddress'] as const) {
      const id = (await all(kind))[0]?.id ?? '';
      await world.asSystem((tx) => inventory().take(tx, kind, id, { description: 'Said there.\nTwice.' }));
      expect(await byIds(kind, [id])).toMatchObject([{ fields: { description: 'Said there.\nTwice.' } }]);
      await world.asSystem((tx) => inventory().take(tx, kind, id, { description: null }));
      expect(await byIds(kind, [id])).toMatchObject([{ fields: { description: null } }]);
    }
    const [tenant] = await all('tenant');
    await world.asSystem((tx) => inventory().take(tx, 'tenant', tenant?.id ?? '', { name: 'Acme Group' }));
    expect(await fieldsOf('tenant')).toMatchObject([{ name: 'Acme Group', slug: 'acme' }]);
  });

  it('is nothing else: the refusal says what can be', async () => {
    const [address] = await all('ipAddress');
    const take = (kind: InventoryKind, id: string, fields: Parameters<ContextInventory['take']>[3]) =>
      world.asSystem((tx) => inventory().take(tx, kind, id, fields));
    await expect(take('ipAddress', address?.id ?? '', { description: 'x', dnsName: 'y.example' })).rejects.toMatchObject({
      code: 'INVALID_VALUE',
      facts: { field: 'dnsName', accepted: 'description' },
    });
    await expect(take('asn', 'asn-0000065051', { asn: 1 })).rejects.toMatchObject({
      code: 'INVALID_VALUE',
      facts: { accepted: 'nothing' },
    });
    await expect(take('ipAddress', encodeId('vtep', world.tenantId), { description: 'x' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await byIds('ipAddress', [address?.id ?? ''])).toMatchObject([{ fields: { description: null } }]);
  });
});
