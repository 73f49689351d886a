/** Objects of other apps of NetBox that name addresses, VLANs, AS numbers, interfaces and tenants; of each only that. */
import type { Field, Filter, Kind } from '../model.js';
import { COMMENTS, choice, DESCRIPTION, flag, genericRef, integer, json, name, ref, refs, slug, text } from '../fields.js';
import { textOf } from '../json.js';
import { badFields } from '../refusal.js';

const byName: Pick<Kind, 'display' | 'ordering'> = {
  display: ({ values }) => textOf(values['name']),
  ordering: ({ values }) => textOf(values['name']),
};

const since = (release: string, fields: Record<string, Field>): Record<string, Field> =>
  Object.fromEntries(Object.entries(fields).map(([field, declaration]) => [field, { ...declaration, since: release }]));

/** A filter by objects that have to be there. */
const among =
  (parameter: string, type: string, field: string): Filter =>
  (wanted, { world: { db } }) => {
    const strange = wanted.find((id) => !db.table(type).get(Number(id)));
    if (strange !== undefined) throw badFields({ [parameter]: [`Select a valid choice. ${strange} is not one of the available choices.`] });
    return ({ values }) => [values[field] ?? []].flat().some((id) => wanted.includes(textOf(id)));
  };

const terminates =
  (type: string): Filter =>
  (wanted) =>
  ({ values }) =>
    values['termination_type'] === type && wanted.includes(textOf(values['termination_id']));

export const USERS_OF_NUMBERS: readonly Kind[] = [
  {
    type: 'ipam.service',
    path: 'ipam/services',
    label: 'service',
    fields: {
      device: { ...ref('dcim.device', { onDelete: 'cascade' }), until: '4.3' },
      virtual_machine: { ...ref('virtualization.virtualmachine', { onDelete: 'cascade' }), until: '4.3' },
      ...since(
        '4.3',
        genericRef('parent_object', ['dcim.device', 'virtualization.virtualmachine', 'ipam.fhrpgroup'], { onDelete: 'cascade' }),
      ),
      name: name(),
      protocol: choice('Service.protocol', { required: true }),
      ports: json({ required: true, nullable: false }),
      ipaddresses: refs('ipam.ipaddress'),
      description: DESCRIPTION,
      comments: COMMENTS,
    },
    brief: ['name', 'protocol', 'ports', 'description'],
    ...byName,
    filters: {
      ip_address_id: among('ip_address_id', 'ipam.ipaddress', 'ipaddresses'),
      device_id:
        (wanted) =>
        ({ values }) =>
          wanted.includes(textOf(values['device'] ?? '')) ||
          (values['parent_object_type'] === 'dcim.device' && wanted.includes(textOf(values['parent_object_id']))),
    },
  },
  {
    type: 'wireless.wirelesslan',
    path: 'wireless/wireless-lans',
    label: 'wireless LAN',
    fields: { ssid: text({ max: 32, required: true }), vlan: ref('ipam.vlan'), tenant: ref('tenancy.tenant'), description: DESCRIPTION },
    brief: ['ssid', 'description'],
    display: ({ values }) => textOf(values['ssid']),
    ordering: ({ values }) => textOf(values['ssid']),
  },
  {
    type: 'circuits.provider',
    path: 'circuits/providers',
    label: 'provider',
    fields: {
      name: name(100, { isUnique: true }),
      slug: slug({ isUnique: true }),
      asns: refs('ipam.asn'),
      description: DESCRIPTION,
      comments: COMMENTS,
    },
    brief: ['name', 'slug', 'description'],
    ...byName,
  },
  {
    type: 'circuits.virtualcircuittermination',
    path: 'circuits/virtual-circuit-terminations',
    label: 'virtual circuit termination',
    fields: { interface: ref('dcim.interface', { required: true, onDelete: 'cascade' }), description: DESCRIPTION },
    brief: ['interface', 'description'],
    display: ({ values }, world) => world.display('dcim.interface', Number(values['interface'])),
    ordering: ({ id }) => String(id).padStart(9, '0'),
  },
  {
    type: 'vpn.tunnel',
    path: 'vpn/tunnels',
    label: 'tunnel',
    fields: {
      name: name(100, { isUnique: true }),
      status: choice('Tunnel.status', { required: true }),
      encapsulation: choice('Tunnel.encapsulation', { required: true }),
      tenant: ref('tenancy.tenant'),
      description: DESCRIPTION,
      comments: COMMENTS,
    },
    brief: ['name', 'description'],
    ...byName,
  },
  {
    type: 'vpn.tunneltermination',
    path: 'vpn/tunnel-terminations',
    label: 'tunnel termination',
    fields: {
      tunnel: ref('vpn.tunnel', { required: true, onDelete: 'cascade' }),
      role: choice('TunnelTermination.role', { default: 'peer' }),
      ...genericRef('termination', ['dcim.interface', 'virtualization.vminterface'], { required: true, onDelete: 'cascade' }),
      outside_ip: ref('ipam.ipaddress'),
    },
    brief: ['tunnel', 'role'],
    display: ({ values, id }, world) => `${world.display('vpn.tunnel', Number(values['tunnel']))}: Termination ${id}`,
    ordering: ({ values, id }) => `${textOf(values['tunnel']).padStart(9, '0')} ${String(id).padStart(9, '0')}`,
    unique: [{ name: 'vpn_tunneltermination_termination', fields: ['termination_type', 'termination_id'] }],
    filterIds: { interface_id: 'dcim.interface', vminterface_id: 'virtualization.vminterface' },
    filters: { interface_id: terminates('dcim.interface'), vminterface_id: terminates('virtualization.vminterface') },
  },
  {
    type: 'extras.configcontext',
    path: 'extras/config-contexts',
    label: 'config context',
    fields: {
      name: name(100, { isUnique: true }),
      weight: integer(0, 32_767, { default: 1000 }),
      description: DESCRIPTION,
      is_active: flag(true),
      sites: refs('dcim.site'),
      tenants: refs('tenancy.tenant'),
      data: json({ required: true, nullable: false }),
    },
    brief: ['name', 'description'],
    ...byName,
    lacks: ['tags', 'customFields'],
  },
];
