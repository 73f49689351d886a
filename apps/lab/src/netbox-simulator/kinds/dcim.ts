import type { Draft, Kind, Row, World } from '../model.js';
import {
  COMMENTS,
  choice,
  commentsSince,
  computed,
  countOf,
  DESCRIPTION,
  flag,
  genericRef,
  integer,
  json,
  name,
  ref,
  refs,
  slug,
  text,
} from '../fields.js';
import { type Json, type JsonObject, textOf } from '../json.js';
import { CABLE_OF_INTERFACE, PARENT_DEVICE, PART_COUNTS, unplug } from './device-parts.js';
import { VLAN_FIELDS, VLAN_FILTERS } from './interface-vlans.js';
import { depth, notBelowItself } from './tenancy.js';

const byName: Pick<Kind, 'display' | 'ordering'> = {
  display: ({ values }) => textOf(values['name']),
  ordering: ({ values }) => textOf(values['name']),
};
const unique = { name: name(100, { isUnique: true }), slug: slug({ isUnique: true }) };

/** The device that an address is on; null where it is on none. */
function deviceOf(address: Row | undefined, { db }: World): Json {
  if (address?.values['assigned_object_type'] !== 'dcim.interface') return null;
  return db.table('dcim.interface').get(Number(address.values['assigned_object_id']))?.values['device'] ?? null;
}

function primaryIpProblem({ values, before }: Draft, world: World): Record<string, Json> | null {
  for (const field of ['primary_ip4', 'primary_ip6', 'oob_ip']) {
    const id = values[field];
    if (typeof id !== 'number') continue;
    const address = world.db.table('ipam.ipaddress').get(id);
    const text = textOf(address?.values['address']);
    const family = text.includes(':') ? 6 : 4;
    if (field !== 'oob_ip' && !field.endsWith(String(family))) return { [field]: [`${text} is not an IPv${field.slice(-1)} address.`] };
    if (before === null || deviceOf(address, world) !== before.id)
      return { [field]: [`The specified IP address (${text}) is not assigned to this device.`] };
  }
  return null;
}

function vlanProblem({ values }: Draft, { db }: World): Record<string, Json> | null {
  const mode = values['mode'];
  const tagged = values['tagged_vlans'] as number[];
  if (mode === null && values['untagged_vlan'] !== null) return { untagged_vlan: ['Interface mode does not support an untagged vlan.'] };
  if (mode !== 'tagged' && tagged.length > 0) return { tagged_vlans: ['Interface mode does not support tagged vlans'] };
  const site = db.table('dcim.device').get(Number(values['device']))?.values['site'];
  const vlanSite = (id: Json | undefined): Json =>
    typeof id === 'number' ? (db.table('ipam.vlan').get(id)?.values['site'] ?? null) : null;
  const isElsewhere = (id: Json | undefined): boolean => vlanSite(id) !== null && vlanSite(id) !== site;
  if (isElsewhere(values['untagged_vlan']))
    return { untagged_vlan: ["The untagged VLAN must belong to the same site as the interface's parent device, or it must be global."] };
  return tagged.some(isElsewhere)
    ? { tagged_vlans: ["The tagged VLANs must belong to the same site as the interface's parent device, or it must be global."] }
    : null;
}

const terminationOf = (type: string) =>
  computed(({ id }: Row, world: World) => {
    const [termination] = world.db.table('vpn.l2vpntermination').referring('assigned_object_id', `${type}:${id}`);
    return termination === undefined ? null : world.brief('vpn.l2vpntermination', termination);
  });

const macOf = ({ values }: { readonly values: JsonObject }, { db }: World): Json =>
  typeof values['primary_mac_address'] === 'number'
    ? (db.table('dcim.macaddress').get(values['primary_mac_address'])?.values['mac_address'] ?? null)
    : null;

export const DCIM: readonly Kind[] = [
  {
    type: 'dcim.region',
    path: 'dcim/regions',
    label: 'region',
    fields: {
      ...unique,
      parent: ref('dcim.region', { onDelete: 'cascade' }),
      description: DESCRIPTION,
      comments: commentsSince('4.3'),
      _depth: depth('dcim.region'),
    },
    brief: ['name', 'slug', 'description', '_depth'],
    ...byName,
    clean: notBelowItself('dcim.region'),
  },
  {
    type: 'dcim.site',
    path: 'dcim/sites',
    label: 'site',
    fields: {
      ...unique,
      status: choice('Site.status', { default: 'active' }),
      region: ref('dcim.region', { onDelete: 'clear' }),
      tenant: ref('tenancy.tenant'),
      facility: text({ max: 50 }),
      asns: refs('ipam.asn'),
      description: DESCRIPTION,
      comments: COMMENTS,
      device_count: countOf('dcim.device', 'site'),
      prefix_count: computed(({ id }, { db }) => db.table('ipam.prefix').referring('scope_id', `dcim.site:${id}`).size),
      vlan_count: countOf('ipam.vlan', 'site'),
    },
    brief: ['name', 'slug', 'description'],
    ...byName,
  },
  {
    type: 'dcim.manufacturer',
    path: 'dcim/manufacturers',
    label: 'manufacturer',
    fields: {
      ...unique,
      description: DESCRIPTION,
      comments: commentsSince('4.5'),
      devicetype_count: countOf('dcim.devicetype', 'manufacturer'),
    },
    brief: ['name', 'slug', 'description', 'devicetype_count'],
    ...byName,
  },
  {
    type: 'dcim.devicetype',
    path: 'dcim/device-types',
    label: 'device type',
    fields: {
      manufacturer: ref('dcim.manufacturer', { required: true }),
      model: name(),
      slug: slug(),
      part_number: text({ max: 50 }),
      u_height: integer(0, 1000, { default: 1 }),
      description: DESCRIPTION,
      comments: COMMENTS,
      device_count: countOf('dcim.device', 'device_type'),
    },
    brief: ['manufacturer', 'model', 'slug', 'description', 'device_count'],
    display: ({ values }) => textOf(values['model']),
    ordering: ({ values }) => `${textOf(values['manufacturer'])} ${textOf(values['model'])}`,
    unique: [
      { name: 'dcim_devicetype_unique_manufacturer_model', fields: ['manufacturer', 'model'] },
      { name: 'dcim_devicetype_unique_manufacturer_slug', fields: ['manufacturer', 'slug'] },
    ],
  },
  {
    type: 'dcim.devicerole',
    path: 'dcim/device-roles',
    label: 'device role',
    fields: {
      ...unique,
      color: text({ max: 6, pattern: /^[0-9a-f]{6}$/, default: '9e9e9e' }),
      vm_role: flag(true),
      parent: ref('dcim.devicerole', { onDelete: 'cascade', since: '4.3' }),
      description: DESCRIPTION,
      comments: commentsSince('4.3'),
      device_count: countOf('dcim.device', 'role'),
    },
    brief: ['name', 'slug', 'description', 'device_count'],
    ...byName,
    clean: notBelowItself('dcim.devicerole'),
  },
  {
    type: 'dcim.device',
    path: 'dcim/devices',
    label: 'device',
    fields: {
      name: text({ max: 64, nullable: true }),
      device_type: ref('dcim.devicetype', { required: true }),
      role: ref('dcim.devicerole', { required: true }),
      tenant: ref('tenancy.tenant'),
      serial: text({ max: 50 }),
      asset_tag: text({ max: 50, nullable: true, isUnique: true }),
      site: ref('dcim.site', { required: true }),
      status: choice('Device.status', { default: 'active' }),
      primary_ip: computed(({ values }, world) => {
        const id = values['primary_ip6'] ?? values['primary_ip4'];
        return typeof id === 'number' ? world.brief('ipam.ipaddress', id) : null;
      }),
      primary_ip4: ref('ipam.ipaddress', { onDelete: 'clear' }),
      primary_ip6: ref('ipam.ipaddress', { onDelete: 'clear' }),
      oob_ip: ref('ipam.ipaddress', { onDelete: 'clear' }),
      description: DESCRIPTION,
      comments: COMMENTS,
      local_context_data: json(),
      config_context: computed(({ values }) => values['local_context_data'] ?? {}),
      parent_device: PARENT_DEVICE,
      ...PART_COUNTS,
    },
    brief: ['name', 'description'],
    display: ({ values, id }, world) =>
      textOf(values['name'] ?? `${world.display('dcim.devicetype', Number(values['device_type']))} (${id})`),
    ordering: ({ values }) => textOf(values['name'] ?? ''),
    unique: [{ name: 'dcim_device_unique_name_site_tenant', fields: ['site', 'tenant', 'name'], areNullsAlike: true, ignoresCase: true }],
    clean: primaryIpProblem,
  },
  {
    type: 'dcim.interface',
    path: 'dcim/interfaces',
    label: 'interface',
    fields: {
      device: ref('dcim.device', { required: true, onDelete: 'cascade' }),
      name: name(64),
      label: text({ max: 64 }),
      type: choice('Interface.type', { required: true }),
      enabled: flag(true),
      parent: ref('dcim.interface'),
      bridge: ref('dcim.interface', { onDelete: 'clear' }),
      lag: ref('dcim.interface', { onDelete: 'clear' }),
      mtu: integer(1, 65_536, { nullable: true }),
      mac_address: computed(macOf),
      primary_mac_address: ref('dcim.macaddress', { onDelete: 'clear' }),
      mac_addresses: computed(({ id }, world) =>
        [...world.db.table('dcim.macaddress').referring('assigned_object_id', `dcim.interface:${id}`)].map((one) =>
          world.brief('dcim.macaddress', one),
        ),
      ),
      speed: integer(0, 2_147_483_647, { nullable: true }),
      mgmt_only: flag(false),
      description: DESCRIPTION,
      ...VLAN_FIELDS,
      mark_connected: flag(false),
      cable: CABLE_OF_INTERFACE,
      l2vpn_termination: terminationOf('dcim.interface'),
      vrf: ref('ipam.vrf', { onDelete: 'clear' }),
      count_ipaddresses: computed(
        ({ id }, { db }) => db.table('ipam.ipaddress').referring('assigned_object_id', `dcim.interface:${id}`).size,
      ),
      count_fhrp_groups: computed(() => 0), // There are no FHRP groups here.
    },
    brief: ['device', 'name', 'description'],
    ...byName,
    ordering: ({ values }) => `${textOf(values['device']).padStart(9, '0')} ${textOf(values['name'])}`,
    unique: [{ name: 'dcim_interface_unique_device_name', fields: ['device', 'name'] }],
    clean: vlanProblem,
    ...VLAN_FILTERS,
    deleted: unplug,
  },
  {
    type: 'dcim.macaddress',
    path: 'dcim/mac-addresses',
    label: 'MAC address',
    fields: {
      mac_address: text({
        max: 17,
        required: true,
        pattern: /^[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}$/,
        patternWords: 'Invalid MAC address format',
      }),
      ...genericRef('assigned_object', ['dcim.interface', 'virtualization.vminterface'], { onDelete: 'cascade' }),
      description: DESCRIPTION,
      comments: COMMENTS,
    },
    brief: ['mac_address', 'description'],
    display: ({ values }) => textOf(values['mac_address']),
    ordering: ({ values }) => textOf(values['mac_address']),
    save: (values) => ({ ...values, mac_address: textOf(values['mac_address']).toUpperCase().replaceAll('-', ':') }),
  },
];
