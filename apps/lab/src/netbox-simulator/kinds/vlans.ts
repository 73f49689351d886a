import type { Kind } from '../model.js';
import { COMMENTS, choice, commentsSince, computed, countOf, DESCRIPTION, genericRef, integer, json, name, ref, slug } from '../fields.js';
import { type Json, textOf } from '../json.js';

const byName: Pick<Kind, 'display' | 'ordering'> = {
  display: ({ values }) => textOf(values['name']),
  ordering: ({ values }) => textOf(values['name']),
};

type Ranges = readonly (readonly [number, number])[];
export const rangesOf = (value: Json | undefined): Ranges => (value ?? [[1, 4094]]) as unknown as Ranges;

function rangesProblem(value: Json): string | null {
  const isRange = (one: Json): boolean => Array.isArray(one) && one.length === 2 && one.every((end) => Number.isInteger(end));
  if (!Array.isArray(value) || !value.every(isRange)) return 'Ranges must be specified in the form (lower, upper).';
  if (value.length === 0) return 'This field cannot be blank.';
  const ranges = [...rangesOf(value)].sort((a, b) => a[0] - b[0]);
  for (const [at, [from, to]] of ranges.entries()) {
    if (from > to) return `Ending VLAN ID in range must be greater than or equal to the starting VLAN ID (${from}-${to})`;
    if (from < 1 || to > 4094) return `Starting and ending VLAN ID in range (${from}-${to}) must be between 1 and 4094`;
    if (from <= (ranges[at - 1]?.[1] ?? 0)) return 'Ranges cannot overlap.';
  }
  return null;
}

const total = (value: Json | undefined): number => rangesOf(value).reduce((sum, [from, to]) => sum + to - from + 1, 0);

export const VLANS: readonly Kind[] = [
  {
    type: 'ipam.vlangroup',
    path: 'ipam/vlan-groups',
    label: 'VLAN group',
    fields: {
      name: name(),
      slug: slug(),
      ...genericRef('scope', [
        'dcim.region',
        'dcim.sitegroup',
        'dcim.site',
        'dcim.location',
        'dcim.rack',
        'virtualization.clustergroup',
        'virtualization.cluster',
      ]),
      vid_ranges: json({ default: [[1, 4094]], nullable: false, problem: rangesProblem }),
      tenant: ref('tenancy.tenant', { since: '4.3' }),
      description: DESCRIPTION,
      comments: commentsSince('4.5'),
      vlan_count: countOf('ipam.vlan', 'group'),
      utilization: computed(
        ({ id, values }, { db }) =>
          `${((db.table('ipam.vlan').referring('group', id).size * 100) / total(values['vid_ranges'])).toFixed(2)}`,
      ),
      total_vlan_ids: computed(({ values }) => total(values['vid_ranges']), { since: '4.6' }),
    },
    brief: ['name', 'slug', 'description', 'vlan_count'],
    ...byName,
    unique: [
      { name: 'ipam_vlangroup_unique_scope_name', fields: ['scope_type', 'scope_id', 'name'] },
      { name: 'ipam_vlangroup_unique_scope_slug', fields: ['scope_type', 'scope_id', 'slug'] },
    ],
  },
  {
    type: 'ipam.vlan',
    path: 'ipam/vlans',
    label: 'VLAN',
    fields: {
      site: ref('dcim.site'),
      group: ref('ipam.vlangroup', { isClearedByPut: true }),
      vid: integer(1, 4094, { required: true }),
      name: name(64),
      tenant: ref('tenancy.tenant'),
      status: choice('VLAN.status', { default: 'active' }),
      role: ref('ipam.role', { onDelete: 'clear' }),
      description: DESCRIPTION,
      qinq_role: choice('VLAN.qinq_role', { nullable: true }),
      qinq_svlan: ref('ipam.vlan'),
      comments: COMMENTS,
      l2vpn_termination: computed(({ id }, world) => {
        const [termination] = world.db.table('vpn.l2vpntermination').referring('assigned_object_id', `ipam.vlan:${id}`);
        return termination === undefined ? null : world.brief('vpn.l2vpntermination', termination);
      }),
      prefix_count: countOf('ipam.prefix', 'vlan'),
    },
    brief: ['vid', 'name', 'description'],
    display: ({ values }) => `${textOf(values['name'])} (${textOf(values['vid'])})`,
    ordering: ({ values }) =>
      ['site', 'group', 'vid'].map((field) => (values[field] === null ? '~' : textOf(values[field]).padStart(9, '0'))).join(' '),
    unique: [
      { name: 'ipam_vlan_unique_group_vid', fields: ['group', 'vid'], words: 'VLAN with this Group and VLAN ID already exists.' },
      { name: 'ipam_vlan_unique_group_name', fields: ['group', 'name'], words: 'VLAN with this Group and Name already exists.' },
      { name: 'ipam_vlan_unique_qinq_svlan_vid', fields: ['qinq_svlan', 'vid'] },
      { name: 'ipam_vlan_unique_qinq_svlan_name', fields: ['qinq_svlan', 'name'] },
    ],
    clean: ({ values }, { db, release }) => {
      const customer = values['qinq_role'] === 'cvlan';
      if (release.isAtLeast('4.7') && values['qinq_svlan'] !== null && !customer)
        return { qinq_svlan: ['Only Q-in-Q customer VLANs maybe assigned to a service VLAN.'] };
      if (release.isAtLeast('4.7') && values['qinq_svlan'] === null && customer)
        return { qinq_role: ['A Q-in-Q customer VLAN must be assigned to a service VLAN.'] };
      const group = typeof values['group'] === 'number' ? db.table('ipam.vlangroup').get(values['group']) : undefined;
      if (!group) return null;
      const ranges = rangesOf(group.values['vid_ranges']);
      if (ranges.some(([from, to]) => Number(values['vid']) >= from && Number(values['vid']) <= to)) return null;
      return {
        vid: [
          `VID must be in ranges ${ranges.map((range) => range.join('-')).join(',')} for VLANs in group ${textOf(group.values['name'])}`,
        ],
      };
    },
    filterIds: { l2vpn_id: 'vpn.l2vpn', available_at_site: 'dcim.site' },
    filters: {
      l2vpn_id: (wanted, { world: { db } }) => {
        const terminations = db.table('vpn.l2vpntermination');
        const vlans = new Set(
          wanted.flatMap((l2vpn) =>
            [...terminations.referring('l2vpn', l2vpn)].flatMap((id) => {
              const values = terminations.get(id)?.values;
              return values?.['assigned_object_type'] === 'ipam.vlan' ? [Number(values['assigned_object_id'])] : [];
            }),
          ),
        );
        return ({ id }) => vlans.has(id);
      },
      available_at_site:
        (sites, { world: { db } }) =>
        ({ values }) => {
          const group = typeof values['group'] === 'number' ? db.table('ipam.vlangroup').get(values['group']) : undefined;
          const isOfGroup = group?.values['scope_type'] === 'dcim.site' && sites.includes(textOf(group.values['scope_id']));
          const isGlobal = values['site'] === null && (group === undefined || group.values['scope_type'] === null);
          return isGlobal || isOfGroup || sites.includes(textOf(values['site']));
        },
    },
  },
];
