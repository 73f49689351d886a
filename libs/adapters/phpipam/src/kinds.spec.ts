import fc from 'fast-check';
import type { Fields } from '#engines/reconcile';
import { decodeFields, encodeFields, KINDS, PHPIPAM_KINDS, type PhpIpamKind, USED_TAG } from './kinds.js';
import { parseMark, printMark } from './mark-text.js';
import type { Row } from './row.js';

const SEED = 20_261_121;

const words = (maxLength: number) => fc.string({ minLength: 1, maxLength, unit: 'grapheme-ascii' }).filter((text) => text.trim() === text);
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
const ref = (kind: string) => fc.integer({ min: 1, max: 2 ** 31 - 1 }).map((id) => ({ kind, id: `~${id}` }));
const slug = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?$/);
const dnsName = fc.stringMatching(/^[a-z][a-z0-9]{0,10}\.example\.com$/);
const host = fc.oneof(
  fc.ipV4(),
  fc.integer({ min: 1, max: 0xffff }).map((group) => `2001:db8::${group.toString(16)}`),
);
const tenant = maybe(ref('tenant'));

const FIELDS: Readonly<Record<PhpIpamKind, fc.Arbitrary<Fields>>> = {
  tenant: fc.record({ name: words(100), slug, description: maybe(words(200)) }),
  vrf: fc.record({ name: words(32), tenant, description: maybe(words(200)) }),
  vlanGroup: slug.map((name) => ({ name, slug: name })),
  vlan: fc.record({ vid: fc.integer({ min: 1, max: 4094 }), name: words(60), group: ref('vlanGroup'), tenant }),
  prefix: fc.record({
    prefix: fc.constant('10.20.0.0/24'),
    vrf: maybe(ref('vrf')),
    tenant,
    vlan: maybe(ref('vlan')),
    description: maybe(words(200)),
  }),
  ipAddress: fc.record({
    host,
    vrf: maybe(ref('vrf')),
    tenant,
    dnsName: maybe(dnsName),
    status: fc.constantFrom('active', 'reserved', 'deprecated', 'dhcp'),
    description: maybe(words(60)),
  }),
};

/** What phpIPAM shows of what was written: numbers as PHP before 8.1 has them, or after. */
function shown(kind: PhpIpamKind, fields: Fields, hasNativeNumbers: boolean): Row {
  const fixed = kind === 'prefix' ? { subnet: '10.20.0.0', mask: '24' } : kind === 'ipAddress' ? { ip: fields['host'] } : {};
  const stored = { id: 7, sectionId: 1, tag: USED_TAG, ...encodeFields(kind, fields), ...fixed };
  const cell = (value: unknown): unknown =>
    value === null || value === undefined || hasNativeNumbers ? value : String(value as string | number);
  return Object.fromEntries(Object.entries(stored).map(([name, value]) => [name, cell(value)]));
}

function readBack(kind: PhpIpamKind, fields: Fields, row: Row): Fields {
  const tenantSlug = kind === 'tenant' ? String(fields['slug'] as string) : null;
  const vrf = fields['vrf'] as { readonly id: string } | null | undefined;
  const subnet = { id: 1, cidr: '10.20.0.0/24', vrfId: vrf ? Number(vrf.id.slice(1)) : null };
  const mark = parseMark(printMark({ id: 'x_1', slug: tenantSlug, isDeprecated: false }));
  return decodeFields(kind, { row, mark, subnet: kind === 'ipAddress' ? subnet : null });
}

describe.each(PHPIPAM_KINDS)('%s', (kind) => {
  it.each([true, false])('is read as it was written, numbers native: %s', (hasNativeNumbers) => {
    fc.assert(
      fc.property(FIELDS[kind], (fields) => {
        expect(readBack(kind, fields, shown(kind, fields, hasNativeNumbers))).toEqual(fields);
      }),
      { seed: SEED },
    );
  });

  it('has columns for every field, and none for a field that it does not know', () => {
    expect(encodeFields(kind, { colour: 'red' })).toEqual({});
    const [fields] = fc.sample(FIELDS[kind], { seed: SEED, numRuns: 1 });
    expect(Object.keys(fields ?? {}).sort()).toEqual(Object.keys(KINDS[kind].fields).sort());
  });
});

const decode = (kind: PhpIpamKind, row: Row): Fields => decodeFields(kind, { row, mark: null, subnet: null });

it.each([
  ['an empty text', 'vrf', { name: 'red', description: '', customer_id: '' }, { name: 'red', description: null, tenant: null }],
  ['0 for none', 'prefix', { subnet: '10.20.0.0', mask: '24', vrfId: '0', vlanId: 0 }, { prefix: '10.20.0.0/24', vrf: null, vlan: null }],
  [
    'a name in capitals with a dot at its end',
    'ipAddress',
    { ip: '10.0.0.1', hostname: 'WEB.example.com.' },
    { dnsName: 'web.example.com' },
  ],
  ['an address as a number', 'ipAddress', { ip: '169085447' }, { host: '10.20.10.7' }],
  ['an IPv6 address as a number', 'ipAddress', { ip: '42540766411282592856903984951653826567' }, { host: '2001:db8::7' }],
  ['an address in long words', 'ipAddress', { ip: '2001:DB8:0:0:0:0:0:7' }, { host: '2001:db8::7' }],
  ['what is no address', 'ipAddress', { ip: 'next free' }, { host: 'next free' }],
  ['a prefix whose host bits are set', 'prefix', { subnet: '10.20.0.1', mask: '24' }, { prefix: '10.20.0.1/24' }],
  ['a tag of an administrator', 'ipAddress', { ip: '10.0.0.1', tag: '9' }, { status: 'tag-9' }],
  ['no tag', 'ipAddress', { ip: '10.0.0.1', tag: null }, { status: 'active' }],
  ['a customer without a mark', 'tenant', { title: 'ACME GmbH & Co' }, { name: 'ACME GmbH & Co', slug: 'acme-gmbh-co' }],
] as const)('reads %s', (_what, kind, row, fields) => {
  expect(decode(kind, row)).toMatchObject(fields);
});

it.each([
  ['vrf', { name: 'x'.repeat(33) }, 'the name has 33 characters, and phpIPAM keeps 32'],
  ['ipAddress', { description: 'x'.repeat(65) }, 'the description has 65 characters, and phpIPAM keeps 64'],
  ['ipAddress', { status: 'container' }, 'phpIPAM has no tag for container: deprecated, active, reserved, dhcp'],
  ['vrf', { tenant: { kind: 'tenant', id: 'ten_1' } }, 'its tenant is not in phpIPAM'],
  ['vrf', { tenant: { kind: 'tenant', id: '~0' } }, 'its tenant is not in phpIPAM'],
] as const)('of %s refuses %j', (kind, fields, words) => {
  expect(() => encodeFields(kind, fields)).toThrow(words);
});
