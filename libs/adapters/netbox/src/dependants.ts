/**
 * What others would lose when an object is deleted. NetBox refuses some of that (`PROTECT`, 409) and does the rest without a word: it deletes
 * what is in the object, and takes the object off what names it (`SET_NULL`, lists). Which is which stands in its models, 4.2 to 4.7.
 */
import type { InventoryKind } from '#contexts/sync/ports';
import type { NetBoxQuery } from './netbox-client.js';

/** Found in a list of others. */
export interface Naming {
  readonly path: string;
  readonly filter: string;
  /** Beside the filter: of a reference that may name several types, which. */
  readonly scope?: NetBoxQuery;
  /** The filter takes one id; of several the last one counts. */
  readonly takesOne?: true;
  /** Where a dependant names the object, with dots: an id, a nested object, or a list of them. */
  readonly columns: readonly string[];
  readonly what: string;
  /** Only addresses of this family can be named there. */
  readonly family?: 4 | 6;
  /** One that carries a mark and is shown as going away loses nothing: it would have to go after what it names, which would wait for it. */
  readonly mayBeLeaving?: true;
}

/** Told by the object itself, whoever may see them: a number, an object, or a list. */
export interface Counted {
  readonly column: string;
  readonly what: string;
}

interface Dependants {
  readonly naming?: readonly Naming[];
  readonly counted?: readonly Counted[];
}

const targetsOf = (direction: string): Naming[] => [
  { path: 'ipam/vrfs', filter: `${direction}_target_id`, columns: [`${direction}_targets`], what: `VRF that ${direction}s it` },
  { path: 'vpn/l2vpns', filter: `${direction}_target_id`, columns: [`${direction}_targets`], what: `L2VPN that ${direction}s it` },
];

const primaryOf = (path: string, what: string, more: Partial<Naming> = {}): Naming[] =>
  ([4, 6] as const).map((family) => ({
    path,
    filter: `primary_ip${family}_id`,
    columns: [`primary_ip${family}`],
    what: `${what} whose primary address it is`,
    family,
    ...more,
  }));

/** Both kinds of interfaces: of devices and of virtual machines. */
const interfacesBy = (filter: string, columns: readonly string[], what: string, takesOne = false): Naming[] =>
  [
    ['dcim/interfaces', 'interface'],
    ['virtualization/interfaces', 'VM interface'],
  ].map(([path = '', kind = '']) => ({ path, filter, columns, what: `${kind} ${what}`, ...(takesOne && { takesOne: true }) }));

const PARTS: readonly Counted[] = [
  ['interface', 'interface'],
  ['console_port', 'console port'],
  ['console_server_port', 'console server port'],
  ['power_port', 'power port'],
  ['power_outlet', 'power outlet'],
  ['front_port', 'front port'],
  ['rear_port', 'rear port'],
  ['device_bay', 'device bay'],
  ['module_bay', 'module bay'],
  ['inventory_item', 'inventory item'],
].map(([part = '', what = '']) => ({ column: `${part}_count`, what }));

/** Kinds that are not here: NetBox refuses with 409 where anything names one of them. */
export const DEPENDANTS: Readonly<Partial<Record<InventoryKind, Dependants>>> = {
  // All else that names a tenant protects it.
  tenant: { naming: [{ path: 'extras/config-contexts', filter: 'tenant_id', columns: ['tenants'], what: 'config context' }] },
  routeTarget: { naming: [...targetsOf('import'), ...targetsOf('export')] },
  // Prefixes, ranges and addresses protect it.
  vrf: { naming: interfacesBy('vrf_id', ['vrf'], 'in it') },
  // Prefixes, wireless LANs and customer VLANs protect it.
  vlan: {
    naming: [
      { path: 'vpn/l2vpn-terminations', filter: 'vlan_id', columns: ['assigned_object_id'], what: 'L2VPN termination' },
      ...interfacesBy('vlan_id', ['untagged_vlan', 'tagged_vlans', 'qinq_svlan'], 'that carries it', true),
    ],
  },
  l2vpn: { naming: [{ path: 'vpn/l2vpn-terminations', filter: 'l2vpn_id', columns: ['l2vpn'], what: 'termination' }] },
  asn: {
    counted: [
      { column: 'site_count', what: 'site' },
      { column: 'provider_count', what: 'provider' },
    ],
  },
  // Virtual machines and device contexts on it, and the chassis that it is master of, protect it.
  device: {
    counted: [...PARTS, { column: 'parent_device', what: 'device that it is in a bay of' }],
    naming: [
      { path: 'ipam/ip-addresses', filter: 'device_id', columns: ['assigned_object.device'], what: 'address' },
      // Up to 4.2 a column of its own.
      { path: 'ipam/services', filter: 'device_id', columns: ['device', 'parent_object_id'], what: 'service' },
    ],
  },
  // Interfaces below it and wireless links protect it.
  interface: {
    counted: [
      { column: 'cable', what: 'cable' },
      { column: 'mac_addresses', what: 'MAC address' },
      { column: 'count_fhrp_groups', what: 'FHRP group' },
      { column: 'l2vpn_termination', what: 'L2VPN termination' },
    ],
    naming: [
      { path: 'ipam/ip-addresses', filter: 'interface_id', columns: ['assigned_object_id'], what: 'address' },
      { path: 'dcim/interfaces', filter: 'lag_id', columns: ['lag'], what: 'interface in its bundle' },
      { path: 'dcim/interfaces', filter: 'bridge_id', columns: ['bridge'], what: 'interface in its bridge' },
      {
        path: 'dcim/inventory-items',
        scope: [['component_type', 'dcim.interface']],
        filter: 'component_id',
        columns: ['component_id'],
        what: 'inventory item',
      },
      { path: 'vpn/tunnel-terminations', filter: 'interface_id', columns: ['termination_id'], what: 'tunnel termination' },
      {
        path: 'circuits/virtual-circuit-terminations',
        filter: 'interface_id',
        columns: ['interface'],
        what: 'virtual circuit termination',
      },
    ],
  },
  // Ends of tunnels protect it.
  ipAddress: {
    counted: [{ column: 'nat_outside', what: 'address that is translated to it' }],
    naming: [
      ...primaryOf('dcim/devices', 'device', { mayBeLeaving: true }),
      { path: 'dcim/devices', filter: 'oob_ip_id', columns: ['oob_ip'], what: 'device whose management address it is', mayBeLeaving: true },
      ...primaryOf('virtualization/virtual-machines', 'virtual machine'),
      ...primaryOf('dcim/virtual-device-contexts', 'device context'),
      { path: 'ipam/services', filter: 'ip_address_id', columns: ['ipaddresses'], what: 'service' },
    ],
  },
};
