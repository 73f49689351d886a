import type { Kind } from '../model.js';
import { textOf } from '../json.js';
import { COMMENTS, commentsSince, computed, countOf, DESCRIPTION, name, ref, slug } from '../fields.js';

const byName: Pick<Kind, 'display' | 'ordering'> = {
  display: ({ values }) => textOf(values['name']),
  ordering: ({ values }) => textOf(values['name']),
};

/** Of trees: how many are above. */
export const depth = (type: string) =>
  computed((row, { db }) => {
    let levels = 0;
    for (let at = row.values['parent']; typeof at === 'number'; levels += 1) at = db.table(type).get(at)?.values['parent'] ?? null;
    return levels;
  });

/** A tree has no circles. */
export const notBelowItself =
  (type: string): NonNullable<Kind['clean']> =>
  ({ values, before }, { db }) => {
    for (let at = values['parent']; typeof at === 'number' && before !== null; at = db.table(type).get(at)?.values['parent'] ?? null)
      if (at === before.id) return { parent: ['Cannot assign self or a descendant as parent.'] };
    return null;
  };

export const TENANCY: readonly Kind[] = [
  {
    type: 'tenancy.tenantgroup',
    path: 'tenancy/tenant-groups',
    label: 'tenant group',
    fields: {
      name: name(100, { isUnique: true }),
      slug: slug({ isUnique: true }),
      parent: ref('tenancy.tenantgroup', { onDelete: 'cascade' }),
      description: DESCRIPTION,
      comments: commentsSince('4.3'),
      tenant_count: countOf('tenancy.tenant', 'group'),
      _depth: depth('tenancy.tenantgroup'),
    },
    brief: ['name', 'slug', 'description', 'tenant_count', '_depth'],
    ...byName,
    clean: notBelowItself('tenancy.tenantgroup'),
  },
  {
    type: 'tenancy.tenant',
    path: 'tenancy/tenants',
    label: 'tenant',
    fields: {
      name: name(),
      slug: slug(),
      group: ref('tenancy.tenantgroup', { onDelete: 'clear', isClearedByPut: true }),
      description: DESCRIPTION,
      comments: COMMENTS,
      device_count: countOf('dcim.device', 'tenant'),
      ipaddress_count: countOf('ipam.ipaddress', 'tenant'),
      prefix_count: countOf('ipam.prefix', 'tenant'),
      site_count: countOf('dcim.site', 'tenant'),
      vlan_count: countOf('ipam.vlan', 'tenant'),
      vrf_count: countOf('ipam.vrf', 'tenant'),
    },
    brief: ['name', 'slug', 'description'],
    ...byName,
    unique: [
      {
        name: 'tenancy_tenant_unique_group_name',
        fields: ['group', 'name'],
        areNullsAlike: true,
        words: 'Tenant name must be unique per group.',
      },
      {
        name: 'tenancy_tenant_unique_group_slug',
        fields: ['group', 'slug'],
        areNullsAlike: true,
        words: 'Tenant slug must be unique per group.',
      },
    ],
  },
];
