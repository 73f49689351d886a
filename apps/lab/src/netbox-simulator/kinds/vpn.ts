import type { Filter, Kind } from '../model.js';
import { textOf } from '../json.js';
import { COMMENTS, choice, DESCRIPTION, genericRef, integer, name, ref, refs, slug } from '../fields.js';

/** Two ends and no more (`L2VPNTypeChoices.P2P`). */
const POINT_TO_POINT = ['vpws', 'epl', 'ep-lan', 'ep-tree'];

const assigned =
  (type: string): Filter =>
  (ids) =>
  ({ values }) =>
    values['assigned_object_type'] === type && ids.includes(textOf(values['assigned_object_id']));

export const VPN: readonly Kind[] = [
  {
    type: 'vpn.l2vpn',
    path: 'vpn/l2vpns',
    label: 'L2VPN',
    fields: {
      identifier: integer(-(2 ** 53), 2 ** 53, { nullable: true }), // Not unique: two L2VPNs may have one VNI.
      name: name(100, { isUnique: true }),
      slug: slug({ isUnique: true }),
      type: choice('L2VPN.type', { required: true }),
      status: choice('L2VPN.status', { default: 'active', since: '4.3' }),
      import_targets: refs('ipam.routetarget'),
      export_targets: refs('ipam.routetarget'),
      description: DESCRIPTION,
      comments: COMMENTS,
      tenant: ref('tenancy.tenant'),
    },
    brief: ['identifier', 'name', 'slug', 'type', 'description'],
    display: ({ values }) =>
      values['identifier'] === null ? textOf(values['name']) : `${textOf(values['name'])} (${textOf(values['identifier'])})`,
    ordering: ({ values }) => `${textOf(values['name'])} ${textOf(values['identifier'] ?? '').padStart(12, '0')}`,
  },
  {
    type: 'vpn.l2vpntermination',
    path: 'vpn/l2vpn-terminations',
    label: 'L2VPN termination',
    fields: {
      l2vpn: ref('vpn.l2vpn', { required: true, onDelete: 'cascade' }),
      ...genericRef('assigned_object', ['ipam.vlan', 'dcim.interface', 'virtualization.vminterface'], {
        required: true,
        onDelete: 'cascade',
        isUnchecked: true,
      }),
    },
    brief: ['l2vpn'],
    display: ({ values }, world) =>
      `${world.display(textOf(values['assigned_object_type']), Number(values['assigned_object_id'])) || 'None'} <> ${world.display('vpn.l2vpn', Number(values['l2vpn']))}`,
    ordering: ({ values, id }) => `${textOf(values['l2vpn']).padStart(9, '0')} ${String(id).padStart(9, '0')}`,
    unique: [{ name: 'vpn_l2vpntermination_assigned_object', fields: ['assigned_object_type', 'assigned_object_id'] }],
    clean: ({ values, before }, world) => {
      const table = world.db.table('vpn.l2vpntermination');
      const [type, id] = [textOf(values['assigned_object_type']), Number(values['assigned_object_id'])];
      const others = (ids: ReadonlySet<number>): number => [...ids].filter((one) => one !== before?.id).length;
      if (others(table.referring('assigned_object_id', `${type}:${id}`)) > 0)
        return { __all__: [`L2VPN Termination already assigned (${world.display(type, id)})`] };
      const l2vpn = world.db.table('vpn.l2vpn').get(Number(values['l2vpn']));
      const ends = others(table.referring('l2vpn', Number(values['l2vpn'])));
      if (!POINT_TO_POINT.includes(textOf(l2vpn?.values['type'])) || ends < 2) return null;
      return {
        __all__: [`${textOf(l2vpn?.values['type'])} L2VPNs cannot have more than two terminations; found ${ends} already defined.`],
      };
    },
    filterIds: { vlan_id: 'ipam.vlan', interface_id: 'dcim.interface', vminterface_id: 'virtualization.vminterface' },
    filters: {
      vlan_id: assigned('ipam.vlan'),
      interface_id: assigned('dcim.interface'),
      vminterface_id: assigned('virtualization.vminterface'),
    },
  },
];
