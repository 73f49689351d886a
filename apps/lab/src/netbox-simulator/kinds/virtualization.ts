import type { Kind } from '../model.js';
import { COMMENTS, choice, computed, DESCRIPTION, flag, integer, name, ref } from '../fields.js';
import { textOf } from '../json.js';
import { VLAN_FIELDS, VLAN_FILTERS } from './interface-vlans.js';

export const VIRTUALIZATION: readonly Kind[] = [
  {
    type: 'virtualization.virtualmachine',
    path: 'virtualization/virtual-machines',
    label: 'virtual machine',
    fields: {
      name: name(64),
      status: choice('VirtualMachine.status', { default: 'active' }),
      site: ref('dcim.site'),
      tenant: ref('tenancy.tenant'),
      primary_ip: computed(({ values }, world) => {
        const id = values['primary_ip6'] ?? values['primary_ip4'];
        return typeof id === 'number' ? world.brief('ipam.ipaddress', id) : null;
      }),
      primary_ip4: ref('ipam.ipaddress', { onDelete: 'clear' }),
      primary_ip6: ref('ipam.ipaddress', { onDelete: 'clear' }),
      vcpus: integer(1, 10_000, { nullable: true }),
      memory: integer(0, 2_147_483_647, { nullable: true }),
      description: DESCRIPTION,
      comments: COMMENTS,
    },
    brief: ['name', 'description'],
    display: ({ values }) => textOf(values['name']),
    ordering: ({ values }) => textOf(values['name']),
    clean: ({ values }, { release }) =>
      values['site'] === null && !release.isAtLeast('4.6')
        ? { cluster: ['A virtual machine must be assigned to a site and/or cluster.'] }
        : null,
  },
  {
    type: 'virtualization.vminterface',
    path: 'virtualization/interfaces',
    label: 'interface',
    fields: {
      virtual_machine: ref('virtualization.virtualmachine', { required: true, onDelete: 'cascade' }),
      name: name(64),
      enabled: flag(true),
      parent: ref('virtualization.vminterface'),
      bridge: ref('virtualization.vminterface', { onDelete: 'clear' }),
      mtu: integer(1, 65_536, { nullable: true }),
      description: DESCRIPTION,
      ...VLAN_FIELDS,
      vrf: ref('ipam.vrf', { onDelete: 'clear' }),
    },
    brief: ['virtual_machine', 'name', 'description'],
    display: ({ values }) => textOf(values['name']),
    ordering: ({ values }) => `${textOf(values['virtual_machine']).padStart(9, '0')} ${textOf(values['name'])}`,
    unique: [{ name: 'virtualization_vminterface_unique_virtual_machine_name', fields: ['virtual_machine', 'name'] }],
    ...VLAN_FILTERS,
  },
];
