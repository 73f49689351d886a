import fc from 'fast-check';
import { INVENTORY_KINDS, type InventoryKind } from '#contexts/sync/ports';
import { compareNatural, Ip } from '#engines/kernel';
import type { Fields, FieldValue } from '#engines/reconcile';
import { decodeFields, KINDS, labelOf } from './kinds.js';
import { type Row, rowOf } from './row.js';

/** As NetBox shows what was written: choices as objects, ids as nested objects, texts empty and never null. */
function shown(body: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const nested = (id: unknown) => ({ id, url: `/x/${String(id)}/`, display: `object ${String(id)}` });
  const choices = ['status', 'role'];
  const references = ['tenant', 'vrf', 'group', 'vlan', 'device', 'l2vpn'];
  return Object.fromEntries(
    Object.entries(body).map(([name, value]) => {
      if (choices.includes(name)) return [name, value === null ? null : { value, label: 'A label' }];
      if (references.includes(name)) return [name, value === null ? null : nested(value)];
      if (Array.isArray(value)) return [name, value.map(nested)];
      return [name, value];
    }),
  );
}

const EMPTY: Readonly<Record<InventoryKind, object>> = {
  tenant: {},
  routeTarget: { tenant: null },
  vrf: { tenant: null, import_targets: [], export_targets: [] },
  vlanGroup: {},
  vlan: { group: null, tenant: null, status: null },
  l2vpn: { identifier: null, tenant: null, status: null, import_targets: [], export_targets: [] },
  l2vpnTermination: { assigned_object_type: null, assigned_object_id: null },
  prefix: { vrf: null, tenant: null, vlan: null, status: null, is_pool: false },
  ipRange: { vrf: null, tenant: null, status: null },
  asn: {},
  device: { status: null },
  interface: {},
  ipAddress: { vrf: null, tenant: null, status: null, role: null, dns_name: '', assigned_object_type: null, assigned_object_id: null },
};

/** @param body of a create. */
function rowFrom(kind: InventoryKind, body: Readonly<Record<string, unknown>>): Row {
  const columns = { description: '', ...EMPTY[kind], ...shown(body) };
  return rowOf({ id: 7, display: 'the object', last_updated: '2026-05-01T10:00:00Z', custom_fields: {}, tags: [], ...columns }, 'test');
}

function encode(kind: InventoryKind, fields: Fields, present: Row | null = null): Record<string, unknown> {
  const merged = { ...(present ? decodeFields(KINDS[kind], Object.keys(KINDS[kind].fields), present) : {}), ...fields };
  const bodies = Object.entries(fields).map(([name, value]) => KINDS[kind].fields[name]?.encode(value, { merged, present }) ?? {});
  return Object.assign({}, ...bodies) as Record<string, unknown>;
}

const decode = (kind: InventoryKind, row: Row): Fields => decodeFields(KINDS[kind], Object.keys(KINDS[kind].fields), row);

const word = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}[a-z0-9]$/);
const maybe = <T extends FieldValue>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
const to = (kind: string) => fc.integer({ min: 1, max: 1e9 }).map((id) => ({ kind, id: `~${id}` }));
const setOf = (kind: string) =>
  fc.uniqueArray(to(kind), { selector: ({ id }) => id, maxLength: 5 }).map((all) => all.sort((a, b) => compareNatural(a.id, b.id)));
const description = maybe(fc.string({ minLength: 1, maxLength: 60 }).filter((text) => !/^mac:/i.test(text)));
const status = fc.constantFrom('active', 'reserved', 'deprecated', 'container', 'of-the-administrator');
const v4 = fc.integer({ min: 1, max: 0xffff_fffe }).map((value) => Ip.fromBigInt(4, BigInt(value)));
const v6 = fc.bigInt({ min: 1n << 125n, max: (1n << 126n) - 1n }).map((value) => Ip.fromBigInt(6, value));
const routeTarget = fc.tuple(fc.integer({ min: 0, max: 65_535 }), fc.integer({ min: 0, max: 4_294_967_295 })).map(([a, n]) => `${a}:${n}`);
const address = fc.oneof(
  fc.record({ host: v4, length: fc.integer({ min: 1, max: 32 }) }),
  fc.record({ host: v6, length: fc.integer({ min: 1, max: 128 }) }),
);
const targets = { importTargets: setOf('routeTarget'), exportTargets: setOf('routeTarget') };
const tenant = maybe(to('tenant'));
const vrf = maybe(to('vrf'));

/** What the inventory says of an object of ours. */
const OBJECTS: Readonly<Record<InventoryKind, fc.Arbitrary<Fields>>> = {
  tenant: fc.record({ name: word, slug: word, description }),
  routeTarget: fc.record({ name: fc.oneof(routeTarget, word), tenant, description }),
  vrf: fc.record({ name: word, tenant, ...targets, description }),
  vlanGroup: fc.record({ name: word, slug: word, description }),
  vlan: fc.record({ vid: fc.integer({ min: 1, max: 4094 }), name: word, group: maybe(to('vlanGroup')), tenant, status, description }),
  l2vpn: fc.record({
    name: word,
    slug: word,
    identifier: fc.integer({ min: 1, max: 16_777_214 }),
    tenant,
    status,
    ...targets,
    description,
  }),
  l2vpnTermination: fc.record({ l2vpn: to('l2vpn'), vlan: to('vlan') }),
  prefix: fc.record({
    prefix: fc.tuple(v4, fc.constant(32)).map(([host, length]) => `${host}/${length}`),
    vrf,
    tenant,
    vlan: maybe(to('vlan')),
    status,
    isPool: fc.boolean(),
    description,
  }),
  ipRange: fc
    .tuple(fc.record({ vrf, tenant, status, description }), v4, fc.integer({ min: 1, max: 1000 }))
    .map(([rest, start, size]) => ({ ...rest, start, end: Ip.fromBigInt(4, (Ip.toBigInt(start) + BigInt(size)) % (1n << 32n)) })),
  asn: fc.record({ asn: fc.integer({ min: 1, max: 4_294_967_294 }), description }),
  device: fc.record({ name: word, status: fc.constantFrom('active', 'reserved', 'deprecated', 'staged'), description }),
  interface: fc.record({ device: to('device'), name: word, description }),
  ipAddress: fc
    .tuple(
      fc.record({
        vrf,
        tenant,
        dnsName: maybe(word.map((label) => `${label}.cust.example`)),
        status,
        role: maybe(fc.constantFrom('loopback', 'anycast', 'vip')),
        interface: maybe(to('interface')),
        description,
      }),
      address,
    )
    .map(([rest, at]) => ({ ...rest, ...at })),
};

describe('a kind', () => {
  it.each(INVENTORY_KINDS)('%s comes back from NetBox as it was written', (kind) => {
    fc.assert(
      fc.property(OBJECTS[kind], (fields) => {
        expect(decodeFields(KINDS[kind], Object.keys(fields), rowFrom(kind, encode(kind, fields)))).toEqual(fields);
      }),
      { numRuns: 200, seed: 20_261_121 },
    );
  });

  it.each(INVENTORY_KINDS)('%s refuses a reference to what is not in NetBox', (kind) => {
    const references = Object.keys(EMPTY[kind]).filter((name) => ['tenant', 'vrf'].includes(name));
    for (const field of references) {
      expect(() => encode(kind, { [field]: { kind: field, id: 'ten_0123' } })).toThrow(expect.objectContaining({ code: 'INVALID_VALUE' }));
    }
  });
});

describe('texts of one meaning are equal', () => {
  it.each([
    ['routeTarget', 'name', { name: '0:65000:1' }, '65000:1'],
    ['routeTarget', 'name', { name: 'to the internet' }, 'to the internet'],
    ['prefix', 'prefix', { prefix: '2001:DB8:0::/64' }, '2001:db8::/64'],
    ['ipAddress', 'dnsName', { address: '10.0.0.1/24', dns_name: 'Web1.Cust.Example.' }, 'web1.cust.example'],
    ['ipAddress', 'host', { address: '2001:DB8:0:0::1/64' }, '2001:db8::1'],
    ['l2vpn', 'status', { identifier: 1, status: 'decommissioning' }, 'deprecated'],
    ['device', 'status', { status: 'planned' }, 'reserved'],
  ] as const)('%s.%s', (kind, field, columns, expected) => {
    expect(decodeFields(KINDS[kind], [field], rowFrom(kind, columns))[field]).toBe(expected);
  });
});

describe('what is of others in an object', () => {
  it('an address whose description Proxmox finds it by keeps it, whatever is written', () => {
    const row = rowFrom('ipAddress', { address: '10.0.0.5/24', description: 'MAC:BC:24:11:00:00:01' });
    expect(decode('ipAddress', row)).not.toHaveProperty('description');
    expect(encode('ipAddress', { description: 'web server', status: 'active' }, row)).toEqual({ status: 'active' });
  });

  it('an address on the interface of a virtual machine stays on it', () => {
    const row = rowFrom('ipAddress', {
      address: '10.0.0.5/24',
      assigned_object_type: 'virtualization.vminterface',
      assigned_object_id: 12,
    });
    expect(decode('ipAddress', row)).not.toHaveProperty('interface');
    expect(encode('ipAddress', { interface: null }, row)).toEqual({});
  });

  it('a range keeps its mask, a change of the length of an address its host', () => {
    const range = rowFrom('ipRange', { start_address: '10.0.0.10/24', end_address: '10.0.0.20/24' });
    expect(encode('ipRange', { end: '10.0.0.30' }, range)).toEqual({ start_address: '10.0.0.10/24', end_address: '10.0.0.30/24' });
    expect(encode('ipRange', { start: '10.0.0.10', end: '10.0.0.20' })).toEqual({
      start_address: '10.0.0.10/27',
      end_address: '10.0.0.20/27',
    });
    expect(encode('ipAddress', { length: 25 }, rowFrom('ipAddress', { address: '10.0.0.5/24' }))).toEqual({ address: '10.0.0.5/25' });
  });
});

describe('an answer of another shape', () => {
  it.each([
    ['vlan', { vid: '100', name: 'a' }, 'vid'],
    ['vlan', { vid: 100, name: 'a', status: 'active' }, 'status'],
    ['prefix', { prefix: 5 }, 'prefix'],
    ['vrf', { name: 'a', import_targets: [1] }, 'import_targets'],
    ['tenant', { name: 'a' }, 'slug'],
  ] as const)('%s %j is an error that names the column', (kind, columns, name) => {
    const row = rowOf({ id: 7, display: 'x', last_updated: null, custom_fields: {}, ...EMPTY[kind], description: '', ...columns }, 'test');
    expect(() => decode(kind, row)).toThrow(
      expect.objectContaining({ code: 'NETBOX_UNEXPECTED_ANSWER', message: expect.stringContaining(name) }),
    );
  });

  it('an object without its base is one, too', () => {
    const read = () => rowOf({ id: 7, display: 'x', last_updated: null }, 'GET /api/ipam/vlans/');
    expect(read).toThrow(expect.objectContaining({ code: 'NETBOX_UNEXPECTED_ANSWER' }));
    expect(() => rowOf(null, 'x')).toThrow();
  });
});

it('a label says what the object is in', () => {
  const row = rowFrom('prefix', { prefix: '10.0.0.0/24', vrf: 3 });
  expect(labelOf(KINDS.prefix, row)).toBe('the object (VRF object 3)');
});
