/** VRFs, route targets, AS numbers and who hands them out. */
import type { Kind } from '../model.js';
import { textOf } from '../json.js';
import { isWithin, parseAddress } from '../addresses.js';
import { COMMENTS, commentsSince, computed, countOf, DESCRIPTION, flag, integer, name, ref, refs, slug, text } from '../fields.js';
import { familyOf } from './family.js';

const byName: Pick<Kind, 'display' | 'ordering'> = {
  display: ({ values }) => textOf(values['name']),
  ordering: ({ values }) => textOf(values['name']),
};
const ASN_MAX = 4_294_967_295;

/** Of four bytes also in dots. */
const asnText = (asn: number): string => (asn > 65_535 ? `AS${asn} (${Math.floor(asn / 65_536)}.${asn % 65_536})` : `AS${asn}`);

export const ROUTING: readonly Kind[] = [
  {
    type: 'ipam.vrf',
    path: 'ipam/vrfs',
    label: 'VRF',
    fields: {
      name: name(), // Not unique: two VRFs of one name are two VRFs.
      rd: text({ max: 21, nullable: true, isUnique: true }),
      tenant: ref('tenancy.tenant'),
      enforce_unique: flag(true),
      description: DESCRIPTION,
      comments: COMMENTS,
      import_targets: refs('ipam.routetarget'),
      export_targets: refs('ipam.routetarget'),
      ipaddress_count: countOf('ipam.ipaddress', 'vrf'),
      prefix_count: countOf('ipam.prefix', 'vrf'),
    },
    brief: ['name', 'rd', 'description', 'prefix_count'],
    display: ({ values }) => (values['rd'] ? `${textOf(values['name'])} (${textOf(values['rd'])})` : textOf(values['name'])),
    ordering: ({ values }) => `${textOf(values['name'])} ${textOf(values['rd'] ?? '')}`,
  },
  {
    type: 'ipam.routetarget',
    path: 'ipam/route-targets',
    label: 'route target',
    fields: { name: name(21, { isUnique: true }), tenant: ref('tenancy.tenant'), description: DESCRIPTION, comments: COMMENTS },
    brief: ['name', 'description'],
    ...byName,
  },
  {
    type: 'ipam.rir',
    path: 'ipam/rirs',
    label: 'RIR',
    fields: {
      name: name(100, { isUnique: true }),
      slug: slug({ isUnique: true }),
      is_private: flag(false),
      description: DESCRIPTION,
      comments: commentsSince('4.5'),
      aggregate_count: countOf('ipam.aggregate', 'rir'),
    },
    brief: ['name', 'slug', 'description', 'aggregate_count'],
    ...byName,
  },
  {
    type: 'ipam.role',
    path: 'ipam/roles',
    label: 'role',
    fields: {
      name: name(100, { isUnique: true }),
      slug: slug({ isUnique: true }),
      weight: integer(0, 32_767, { default: 1000 }),
      description: DESCRIPTION,
      comments: commentsSince('4.5'),
      prefix_count: countOf('ipam.prefix', 'role'),
      vlan_count: countOf('ipam.vlan', 'role'),
    },
    brief: ['name', 'slug', 'description', 'prefix_count', 'vlan_count'],
    display: byName.display,
    ordering: ({ values }) => `${textOf(values['weight']).padStart(6, '0')} ${textOf(values['name'])}`,
  },
  {
    type: 'ipam.asn',
    path: 'ipam/asns',
    label: 'ASN',
    fields: {
      asn: integer(1, ASN_MAX, { required: true, isUnique: true }),
      rir: ref('ipam.rir', { required: true }),
      role: ref('ipam.role', { onDelete: 'clear', since: '4.6' }),
      tenant: ref('tenancy.tenant'),
      description: DESCRIPTION,
      comments: COMMENTS,
      // One relation, written by the site here.
      sites: computed(
        ({ id }, world) => [...world.db.table('dcim.site').referring('asns', id)].map((site) => world.brief('dcim.site', site)),
        {
          since: '4.5',
        },
      ),
      site_count: countOf('dcim.site', 'asns'),
      provider_count: countOf('circuits.provider', 'asns'),
    },
    brief: ['asn', 'description'],
    display: ({ values }) => asnText(Number(values['asn'])),
    ordering: ({ values }) => textOf(values['asn']).padStart(10, '0'),
  },
  {
    type: 'ipam.asnrange',
    path: 'ipam/asn-ranges',
    label: 'ASN range',
    fields: {
      name: name(100, { isUnique: true }),
      slug: slug({ isUnique: true }),
      rir: ref('ipam.rir', { required: true }),
      start: integer(1, ASN_MAX, { required: true }),
      end: integer(1, ASN_MAX, { required: true }),
      tenant: ref('tenancy.tenant'),
      description: DESCRIPTION,
      comments: commentsSince('4.5'),
      asn_count: computed(({ values }, { db }) => {
        const [start, end] = [Number(values['start']), Number(values['end'])];
        return db
          .table('ipam.asn')
          .all()
          .filter(({ values: { asn } }) => Number(asn) >= start && Number(asn) <= end).length;
      }),
    },
    brief: ['name', 'description'],
    ...byName,
    display: ({ values }) => `${textOf(values['name'])} (${textOf(values['start'])}-${textOf(values['end'])})`,
    clean: ({ values }) =>
      Number(values['end']) <= Number(values['start'])
        ? { __all__: [`Starting ASN (${textOf(values['start'])}) must be lower than ending ASN (${textOf(values['end'])}).`] }
        : null,
  },
  {
    type: 'ipam.aggregate',
    path: 'ipam/aggregates',
    label: 'aggregate',
    fields: {
      family: familyOf('prefix'),
      prefix: { type: 'prefix', required: true },
      rir: ref('ipam.rir', { required: true }),
      tenant: ref('tenancy.tenant'),
      date_added: text({ max: 10, nullable: true, pattern: /^\d{4}-\d\d-\d\d$/ }),
      description: DESCRIPTION,
      comments: COMMENTS,
    },
    brief: ['family', 'prefix', 'description'],
    display: ({ values }) => textOf(values['prefix']),
    ordering: ({ values }) => textOf(values['prefix']),
    clean: ({ values, before }, { db }) => {
      const mine = parseAddress(textOf(values['prefix']));
      for (const { id, values: others } of db.table('ipam.aggregate').all()) {
        const other = parseAddress(textOf(others['prefix']));
        if (!mine || !other || id === before?.id) continue;
        if (isWithin(mine, other))
          return {
            prefix: [
              `Aggregates cannot overlap. ${textOf(values['prefix'])} is already covered by an existing aggregate (${textOf(others['prefix'])}).`,
            ],
          };
        if (isWithin(other, mine))
          return {
            prefix: [
              `Prefixes cannot overlap aggregates. ${textOf(values['prefix'])} covers an existing aggregate (${textOf(others['prefix'])}).`,
            ],
          };
      }
      return null;
    },
  },
];
