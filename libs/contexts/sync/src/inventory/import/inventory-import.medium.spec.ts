import { createInventoryWorld, type InventoryWorld } from '../../../../../../test/support/inventory-world.js';
import { AddressAllocationService, PrefixAllocationService, PrefixPoolAdminService } from '#contexts/addressing';
import { addressInvariants, prefixInvariants } from '#contexts/addressing/testing';
import { NumberingService } from '#contexts/numbering';
import { numberingInvariants } from '#contexts/numbering/testing';
import { Cidr, decodeId, IdempotencyKey, Ip, type PrefixId } from '#engines/kernel';
import type { Fields } from '#engines/reconcile';
import { systemScope } from '#platform';
import type { ForeignObject } from '../../ports/foreign-inventory.js';
import { ContextInventory } from '../context-inventory.js';
import { takingProviders } from '../inventory-providers.js';
import { INVENTORY_KINDS, type InventoryKind } from '../kinds.js';
import { type ImportCounts, InventoryImport, type NotTaken } from './inventory-import.js';
import type { ImportLinks, ImportPlaces, ImportSource } from './taking.js';

const scope = systemScope('spec');
const signal = new AbortController().signal;
let world: InventoryWorld;
const inventory = () => world.app.get(ContextInventory);
let links: Map<string, string>;
let counts: ImportCounts;
let told: NotTaken[];

const ref = (kind: InventoryKind, id: number) => ({ kind, id: `~${id}` });

/** What stands in a NetBox that somebody has kept for years, by kind and id. */
const THERE: Partial<Record<InventoryKind, Record<number, Fields>>> = {
  tenant: {
    1: { name: 'Blue', slug: 'blue', description: 'since 2011' },
    2: { name: 'Red & Co', slug: 'red_co', description: null },
    3: { name: 'Acme', slug: 'acme', description: null },
  },
  routeTarget: {
    1: { name: '65051:50007', tenant: ref('tenant', 1) },
    2: { name: '65051:12345', tenant: null },
    3: { name: 'internet', tenant: null },
    4: { name: '65051:7', tenant: null },
    5: { name: '65051:8', tenant: null },
  },
  vrf: {
    1: vrf('Blue prod', 1, [1], [1, 3]),
    2: vrf('Blue mgmt', 1, [1, 4], [4]),
    3: vrf('Nobody', null, [], []),
  },
  vlanGroup: { 1: { name: 'leaf', slug: 'leaf-test' }, 2: { name: 'Office', slug: 'office' } },
  vlan: {
    9: { vid: 300, name: 'web', group: ref('vlanGroup', 1), tenant: ref('tenant', 1), status: 'active' },
    10: { vid: 20, name: 'printers', group: ref('vlanGroup', 2), tenant: null, status: 'active' },
  },
  l2vpn: {
    5: l2vpn('Blue web', 'blue_web', 12_345, [2]),
    6: l2vpn('E-LAN', 'e-lan', null, []),
    7: l2vpn('Far', 'far', 900_000, []),
  },
  l2vpnTermination: {
    1: { l2vpn: ref('l2vpn', 5), vlan: ref('vlan', 9) },
    2: { l2vpn: ref('l2vpn', 5), vlan: null },
  },
  prefix: {
    1: prefix('10.30.1.0/24', 'active', { vrf: 1, description: 'web servers' }),
    2: prefix('10.30.0.0/16', 'container', { tenant: null }),
    3: prefix('10.20.7.0/24', 'active', { vlan: 9 }),
    4: prefix('198.51.100.0/24', 'active'),
    5: prefix('10.30.1.128/25', 'active', { vrf: 1 }),
    6: prefix('10.30.9.0/24', 'reserved', { description: 'for the merger' }),
    7: prefix('2001:db8:1::/64', 'active'),
    8: prefix('203.0.113.0/24', 'active', { tenant: null }),
  },
  ipRange: {
    1: { start: '10.30.1.100', end: '10.30.1.120', vrf: ref('vrf', 1), tenant: null, status: 'active', description: 'dhcp' },
    2: { start: '192.168.0.10', end: '192.168.0.20', vrf: null, tenant: null, status: 'active', description: null },
  },
  ipAddress: {
    1: address('10.30.1.10', { vrf: 1, dnsName: 'www.blue.example' }),
    2: address('10.30.1.11', { vrf: 1, dnsName: 'www.blue.example' }),
    3: address('10.30.1.12'),
    4: address('192.168.0.5'),
    5: address('10.20.7.5', { role: 'vrrp', dnsName: '_tcp' }),
    6: address('10.30.1.101', { vrf: 1 }),
    7: address('2001:db8:1::5', { description: 'printer' }),
  },
};

function vrf(name: string, tenant: number | null, imports: number[], exports: number[]): Fields {
  const targets = (ids: number[]) => ids.map((id) => ref('routeTarget', id));
  return {
    name,
    tenant: tenant === null ? null : ref('tenant', tenant),
    importTargets: targets(imports),
    exportTargets: targets(exports),
    description: null,
  };
}
function l2vpn(name: string, slug: string, identifier: number | null, targets: number[]): Fields {
  const refs = targets.map((id) => ref('routeTarget', id));
  return {
    name,
    slug,
    identifier,
    tenant: ref('tenant', 1),
    status: 'active',
    importTargets: refs,
    exportTargets: refs,
    description: null,
  };
}
function prefix(cidr: string, status: string, over: { vrf?: number; vlan?: number; tenant?: null; description?: string } = {}): Fields {
  return {
    prefix: cidr,
    vrf: over.vrf === undefined ? null : ref('vrf', over.vrf),
    tenant: over.tenant === null || over.vrf !== undefined ? null : ref('tenant', 1),
    vlan: over.vlan === undefined ? null : ref('vlan', over.vlan),
    status,
    description: over.description ?? null,
  };
}
function address(host: string, over: { vrf?: number; dnsName?: string; role?: string; description?: string } = {}): Fields {
  return {
    host,
    length: 24,
    vrf: over.vrf === undefined ? null : ref('vrf', over.vrf),
    tenant: null,
    dnsName: over.dnsName ?? null,
    status: 'active',
    role: over.role ?? null,
    description: over.description ?? null,
  };
}

const objectOf = (kind: InventoryKind, id: number, fields: Fields): ForeignObject => ({
  remoteId: String(id),
  order: id,
  version: null,
  mark: null,
  fields,
  label: `${kind} ${id}`,
});
/** Pages of three. */
const source: ImportSource = {
  scan: (kind, after) => {
    const ids = Object.keys(THERE[kind] ?? {}).map(Number);
    const page = ids.filter((id) => id > Number(after ?? 0)).slice(0, 3);
    const last = page.at(-1);
    const objects = page.map((id) => objectOf(kind, id, THERE[kind]?.[id] as Fields));
    return Promise.resolve({ objects, next: last === undefined || last === ids.at(-1) ? null : String(last), total: ids.length });
  },
  get: (kind, remoteIds) =>
    Promise.resolve(
      remoteIds.flatMap((id) => {
        const fields = THERE[kind]?.[Number(id)];
        return fields ? [objectOf(kind, Number(id), fields)] : [];
      }),
    ),
};
const keptLinks: ImportLinks = {
  known: (_tx, kind, remoteIds) =>
    Promise.resolve(
      new Map(
        remoteIds.flatMap((id) => {
          const local = links.get(`${kind} ${id}`);
          return local === undefined ? [] : [[id, local] as const];
        }),
      ),
    ),
  link: (_tx, kind, localId, { remoteId }) => {
    links.set(`${kind} ${remoteId}`, localId);
    return Promise.resolve();
  },
};

async function run(over: Partial<ImportPlaces> = {}): Promise<void> {
  const places = {
    source: 'netbox',
    fabricId: world.fabricId,
    spaceId: world.spaceId,
    elsewhere: [],
    tenantId: null,
    pools: 'MAKE',
    ...over,
  } as const;
  const imports = world.app.get(InventoryImport);
  told = [];
  const keep = (_tx: unknown, notTaken: readonly NotTaken[]) => {
    told.push(...notTaken);
    return Promise.resolve();
  };
  counts = await imports.adoptFrom(
    { source, kinds: new Set(INVENTORY_KINDS), places, links: keptLinks, told: keep, inTransaction: world.asSystem },
    signal,
  );
}
const localObject = async (kind: InventoryKind, remoteId: number) => {
  const [object] = await world.asSystem((tx) => inventory().byIds(tx, kind, [links.get(`${kind} ${remoteId}`) ?? '']));
  return object;
};
const refusals = (kind: InventoryKind) => told.filter((each) => each.kind === kind).map(({ remoteId, code }) => `${remoteId} ${code}`);

beforeAll(async () => {
  world = await createInventoryWorld(takingProviders);
  links = new Map();
  await run();
});
afterAll(() => world.close());

describe('an import of another inventory', () => {
  it('takes tenants, VRFs and networks with their numbers', async () => {
    expect(counts).toMatchObject({
      tenant: { taken: 1, refused: 2 },
      vrf: { taken: 2, refused: 1 },
      l2vpn: { taken: 1, refused: 2 },
      vlanGroup: { taken: 1, refused: 1 },
      l2vpnTermination: { taken: 1, refused: 1 },
    });
    expect(await localObject('tenant', 1)).toMatchObject({ fields: { name: 'Blue', slug: 'blue', description: 'since 2011' } });
    expect(await localObject('vrf', 1)).toMatchObject({
      fields: { name: 'Blue prod', importTargets: [{ id: 'rt-65051:50007' }], exportTargets: [{ id: 'rt-65051:50007' }] },
    });
    expect(await localObject('l2vpn', 5)).toMatchObject({
      fields: { name: 'Blue web', slug: 'blue-web', identifier: 12_345, status: 'active', importTargets: [{ id: 'rt-65051:12345' }] },
    });
    expect(await localObject('vlan', 9)).toMatchObject({ fields: { vid: 300, group: { id: links.get('vlanGroup 1') } } });
    expect(await localObject('l2vpnTermination', 1)).toMatchObject({ fields: { l2vpn: { id: links.get('l2vpn 5') } } });
    const { l3vni } = await world.asSystem((tx) =>
      tx.one<{ l3vni: number }>(`SELECT l3vni FROM vrf WHERE slug = 'blue-prod'`).then((row) => row ?? { l3vni: 0 }),
    );
    expect(l3vni).toBe(50_007);
  });

  it('takes containers, subnets of networks, subnets in VRFs, and makes pools for what is in none', async () => {
    expect(counts.prefix).toEqual({ taken: 5, known: 0, refused: 3 });
    expect(await localObject('prefix', 1)).toMatchObject({
      fields: {
        prefix: '10.30.1.0/24',
        status: 'active',
        vrf: { id: links.get('vrf 1') },
        tenant: { id: links.get('tenant 1') },
        description: 'web servers',
      },
    });
    expect(await localObject('prefix', 3)).toMatchObject({ fields: { prefix: '10.20.7.0/24', vlan: { id: links.get('vlan 9') } } });
    const pools = await world.asSystem((tx) => world.app.get(PrefixPoolAdminService).pools(tx));
    expect(pools.map(({ slug, ranges }) => [slug, ranges])).toEqual([
      ['cust-v4', ['10.20.0.0/16']],
      ['imported-ipv4', ['10.30.0.0/16', '198.51.100.0/24']],
      ['imported-ipv6', ['2001:db8:1::/64']],
    ]);
  });

  it('takes addresses and ranges into the subnets that have them', async () => {
    expect(counts.ipRange).toEqual({ taken: 1, known: 0, refused: 1 });
    expect(counts.ipAddress).toEqual({ taken: 5, known: 0, refused: 2 });
    expect(await localObject('ipRange', 1)).toMatchObject({ fields: { start: '10.30.1.100', end: '10.30.1.120', description: 'dhcp' } });
    expect(await localObject('ipAddress', 1)).toMatchObject({ fields: { host: '10.30.1.10', dnsName: 'www.blue.example' } });
    expect(await localObject('ipAddress', 2)).toMatchObject({ fields: { host: '10.30.1.11', dnsName: null } });
    expect(await localObject('ipAddress', 5)).toMatchObject({ fields: { host: '10.20.7.5', role: 'vip' } });
    expect(await localObject('ipAddress', 7)).toMatchObject({ fields: { host: '2001:db8:1::5', description: 'printer' } });
  });

  it('names everything that was not taken, or not as it is there, and why', () => {
    expect(refusals('tenant')).toEqual(['2 INVALID_VALUE', '3 ALREADY_EXISTS']);
    expect(refusals('routeTarget')).toEqual(['3 INVALID_VALUE', '5 NOT_FOUND']);
    expect(refusals('vrf')).toEqual(['1 null', '2 null', '3 NOT_FOUND']);
    expect(refusals('l2vpn')).toEqual(['5 null', '6 INVALID_VALUE', '7 OUT_OF_RANGE']);
    expect(refusals('vlanGroup')).toEqual(['2 NOT_FOUND']);
    expect(refusals('l2vpnTermination')).toEqual(['2 INVALID_VALUE']);
    expect(refusals('vlan')).toEqual(['10 INVALID_VALUE']);
    expect(refusals('prefix')).toEqual(['5 OVERLAPS', '6 INVALID_STATE', '8 NOT_FOUND']);
    expect(refusals('ipRange')).toEqual(['2 NOT_FOUND']);
    expect(refusals('ipAddress')).toEqual(['2 null', '3 NOT_FOUND', '4 NOT_FOUND', '5 null']);
    const shared = told.find(({ kind, remoteId }) => kind === 'vrf' && remoteId === '2');
    expect(shared?.reason).toContain('65051:50007');
  });

  it('gives nothing that was taken to anybody else, and the books agree', async () => {
    const { app, asSystem, tenantId } = world;
    const leaf = decodeId<PrefixId>('prefix', links.get('prefix 1') ?? '');
    const subnet = await asSystem((tx) =>
      tx.one<{ id: never; tenantId: never }>('SELECT id, tenant_id AS "tenantId" FROM subnet WHERE prefix_id = $1', [leaf]),
    );
    const wanted = { subnetId: subnet?.id as never, tenantId: subnet?.tenantId as never, key: IdempotencyKey.parse('x') };
    await expect(app.get(AddressAllocationService).allocate(scope, { ...wanted, prefer: Ip.parse('10.30.1.10') })).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
    });
    const pool = await asSystem((tx) => app.get(PrefixPoolAdminService).poolBySlug(tx, 'imported-ipv4'));
    for (const taken of ['10.30.1.0/24', '10.30.9.0/24', '198.51.100.0/25'])
      await expect(
        app
          .get(PrefixAllocationService)
          .allocate(scope, { poolId: pool.id, tenantId, prefer: Cidr.parse(taken), key: IdempotencyKey.parse(taken) }),
        taken,
      ).rejects.toMatchObject({ code: expect.stringMatching(/^(?:OVERLAPS|OUT_OF_RANGE)$/) });
    const vnis = { poolId: world.vniPoolId, tenantId, key: 'mine', holder: 'network', prefer: 12_345 } as const;
    await expect(asSystem((tx) => app.get(NumberingService).claim(tx, vnis))).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    for (const invariant of [...prefixInvariants, ...addressInvariants, ...numberingInvariants])
      await asSystem(async (tx) => {
        expect(await invariant.violations(tx, await invariant.slices.next(tx, null), 5), invariant.name).toEqual([]);
      });
  });

  it('takes nothing the second time, and what was put right since', async () => {
    const before = new Map(links);
    await run();
    expect(Object.values(counts).map(({ taken }) => taken)).toEqual(Object.values(counts).map(() => 0));
    expect(links).toEqual(before);
    await run({ tenantId: world.tenantId });
    expect(counts.vrf).toMatchObject({ taken: 1, known: 2, refused: 0 });
    expect(counts.prefix).toMatchObject({ taken: 1, known: 5, refused: 2 });
  });
});

describe('an import that may make no pools', () => {
  it('says which pool a prefix would need', async () => {
    const other = await createInventoryWorld(takingProviders);
    const first = world;
    const kept = links;
    try {
      [world, links] = [other, new Map()];
      await run({ pools: 'REPORT' });
      expect(counts.prefix).toMatchObject({ taken: 2 });
      const refused = told.find(({ kind, remoteId }) => kind === 'prefix' && remoteId === '4');
      expect(refused).toMatchObject({ code: 'OUT_OF_RANGE', reason: expect.stringContaining('prefix pool') });
    } finally {
      [world, links] = [first, kept];
      await other.close();
    }
  });
});
