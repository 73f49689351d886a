/** Ranges and addresses, and which of them may be where another one is. */
import type { Draft, Filter, Kind, Row, World } from '../model.js';
import { addressText, type Address, firstOf, hostKey, hostText, isWithin, lastOf, parseAddress } from '../addresses.js';
import { COMMENTS, choice, computed, DESCRIPTION, flag, genericRef, ref, text } from '../fields.js';
import { type Json, type JsonObject, textOf } from '../json.js';
import type { FieldErrors } from '../refusal.js';
import { familyOf } from './family.js';
import { presentInVrf } from './present-in-vrf.js';
import { spaceOf } from './prefixes.js';

/** Key of the advisory lock that writes of addresses and available-ips share. */
export const IP_LOCK = 100_200;
const SHARED_ROLES: readonly Json[] = ['anycast', 'vip', 'vrrp', 'hsrp', 'glbp', 'carp'];

const parsed = (value: Json | undefined): Address => parseAddress(textOf(value)) ?? { family: 4, host: 0n, length: 32 };
const hostOf = (value: Json | undefined): string => textOf(value).split('/')[0] ?? '';
const placeOf = (values: JsonObject): string => `${spaceOf(values)} ${hostOf(values['address'])}`;

export const rangesIn = ({ db }: World, vrf: Json | undefined): Row[] =>
  db.table('ipam.iprange').rowsWith('space', textOf(vrf ?? 'global'));

function rangeName({ values }: Row | Draft): string {
  const length = parsed(values['start_address']).length;
  if (hostOf(values['start_address']) === hostOf(values['end_address']))
    return `${hostOf(values['start_address'])}-${hostOf(values['end_address'])}/${length}`;
  const separator = textOf(values['start_address']).includes(':') ? ':' : '.';
  const [start, end] = [hostOf(values['start_address']).split(separator), hostOf(values['end_address']).split(separator)];
  const same = start.findIndex((part, at) => part !== end[at]);
  const base = same < 0 ? start : start.slice(0, same);
  return `${[...base, ''].join(separator)}${start.slice(base.length).join(separator)}-${end.slice(base.length).join(separator)}/${length}`;
}

function rangeProblem({ values, before }: Draft, world: World): FieldErrors | null {
  const [start, end] = [parsed(values['start_address']), parsed(values['end_address'])];
  if (start.family !== end.family) return { end_address: ['Starting and ending IP address versions must match'] };
  if (start.length !== end.length) return { end_address: ['Starting and ending IP address masks must match'] };
  // From 4.7 on one address is a range.
  if (end.host < start.host || (end.host === start.host && !world.release.isAtLeast('4.7')))
    return { end_address: [`Ending address must be greater than the starting address (${addressText(start)})`] };
  const other = rangesIn(world, values['vrf']).find((row) => {
    const [from, to] = [parsed(row.values['start_address']), parsed(row.values['end_address'])];
    return row.id !== before?.id && from.family === start.family && from.host <= end.host && to.host >= start.host;
  });
  const vrf = typeof values['vrf'] === 'number' ? world.display('ipam.vrf', values['vrf']) : 'None';
  if (other) return { __all__: [`Defined addresses overlap with range ${rangeName(other)} in VRF ${vrf}`] };
  if (end.host - start.host + 1n > 4_294_967_295n) return { __all__: ['Defined range exceeds maximum supported size (4294967295)'] };
  return null;
}

/** With a mask: that one; without: any. */
const addressIs =
  (field: string): Filter =>
  (wanted) => {
    const exact = new Set<string>();
    const hosts = new Set<string>();
    for (const text of wanted) {
      const address = parseAddress(text);
      if (address === null) continue;
      if (text.includes('/')) exact.add(addressText(address));
      else hosts.add(hostText(address.family, address.host));
    }
    return ({ values }) => exact.has(textOf(values[field])) || (hosts.size > 0 && hosts.has(hostOf(values[field])));
  };

const IP_RANGE: Kind = {
  type: 'ipam.iprange',
  path: 'ipam/ip-ranges',
  label: 'IP range',
  fields: {
    family: familyOf('start_address'),
    start_address: { type: 'address', required: true },
    end_address: { type: 'address', required: true },
    size: computed(({ values }) => Number(parsed(values['end_address']).host - parsed(values['start_address']).host) + 1),
    vrf: ref('ipam.vrf'),
    tenant: ref('tenancy.tenant'),
    status: choice('IPRange.status', { default: 'active' }),
    role: ref('ipam.role', { onDelete: 'clear' }),
    description: DESCRIPTION,
    comments: COMMENTS,
    mark_populated: flag(false, { since: '4.3' }),
    mark_utilized: flag(false),
  },
  brief: ['family', 'start_address', 'end_address', 'description'],
  display: rangeName,
  ordering: ({ values }) =>
    `${textOf(values['vrf'] ?? '').padStart(9, ' ')} ${hostKey(parsed(values['start_address']).family, parsed(values['start_address']).host)}`,
  lookups: { space: ({ values }) => [spaceOf(values)] },
  clean: rangeProblem,
  filters: {
    start_address: addressIs('start_address'),
    end_address: addressIs('end_address'),
    parent:
      (wanted) =>
      ({ values }) =>
        wanted.some((one) => {
          const parent = parseAddress(one);
          return (
            parent !== null &&
            isWithin({ ...parsed(values['start_address']), length: 128 }, parent) &&
            isWithin({ ...parsed(values['end_address']), length: 128 }, parent)
          );
        }),
  },
};

function addressProblem(draft: Draft, world: World): FieldErrors | null {
  const { values } = draft;
  const address = parsed(values['address']);
  return (
    networkProblem(values, address) ??
    duplicateProblem(draft, world) ??
    populatedProblem(values, address, world) ??
    primaryProblem(draft, world) ??
    (values['status'] === 'slaac' && address.family === 4 ? { status: ['Only IPv6 addresses can be assigned SLAAC status'] } : null)
  );
}

function networkProblem(values: JsonObject, address: Address): FieldErrors | null {
  const isNarrow = address.length >= (address.family === 4 ? 31 : 127);
  if (values['assigned_object_id'] === null || isNarrow) return null;
  const host = hostText(address.family, address.host);
  if (address.host === firstOf(address)) return { __all__: [`${host} is a network ID, which may not be assigned to an interface.`] };
  if (address.family === 4 && address.host === lastOf(address))
    return { __all__: [`${host} is a broadcast address, which may not be assigned to an interface.`] };
  return null;
}

function duplicateProblem({ values, before }: Draft, world: World): FieldErrors | null {
  const { db, settings } = world;
  const vrf = typeof values['vrf'] === 'number' ? db.table('ipam.vrf').get(values['vrf']) : undefined;
  if (vrf ? vrf.values['enforce_unique'] !== true : !settings.enforceGlobalUnique) return null;
  const same = db
    .table('ipam.ipaddress')
    .rowsWith('place', placeOf(values))
    .filter(({ id }) => id !== before?.id);
  const [first] = same;
  if (!first) return null;
  if (SHARED_ROLES.includes(values['role'] ?? null) && same.every((one) => SHARED_ROLES.includes(one.values['role'] ?? null))) return null;
  const place = vrf ? `VRF ${world.display('ipam.vrf', vrf.id)}` : 'global table';
  return { address: [`Duplicate IP address found in ${place}: ${textOf(first.values['address'])}`] };
}

function populatedProblem(values: JsonObject, { family, host, length }: Address, world: World): FieldErrors | null {
  const inside = rangesIn(world, values['vrf']).find((row) => {
    const [from, to] = [parsed(row.values['start_address']), parsed(row.values['end_address'])];
    return row.values['mark_populated'] === true && from.family === family && from.host <= host && host <= to.host;
  });
  if (!inside) return null;
  return { address: [`Cannot create IP address ${addressText({ family, host, length })} inside range ${rangeName(inside)}.`] };
}

function primaryProblem({ values, before }: Draft, world: World): FieldErrors | null {
  const device = (of: JsonObject): number | null => {
    if (of['assigned_object_type'] !== 'dcim.interface' || typeof of['assigned_object_id'] !== 'number') return null;
    return Number(world.db.table('dcim.interface').get(of['assigned_object_id'])?.values['device'] ?? 0);
  };
  const was = before && device(before.values);
  if (!before || was === null || was === device(values)) return null;
  const owner = world.db.table('dcim.device').get(was)?.values ?? {};
  if ([owner['primary_ip4'], owner['primary_ip6']].includes(before.id))
    return { __all__: ['Cannot reassign IP address while it is designated as the primary IP for the parent object'] };
  if (owner['oob_ip'] === before.id)
    return { __all__: ['Cannot reassign IP address while it is designated as the OOB IP for the parent object'] };
  return null;
}

const assignedTo =
  (type: string): Filter =>
  (wanted) =>
  ({ values }) =>
    values['assigned_object_type'] === type && wanted.includes(textOf(values['assigned_object_id']));

const IP_ADDRESS: Kind = {
  type: 'ipam.ipaddress',
  path: 'ipam/ip-addresses',
  label: 'IP address',
  fields: {
    family: familyOf('address'),
    address: { type: 'address', required: true },
    vrf: ref('ipam.vrf'),
    tenant: ref('tenancy.tenant'),
    status: choice('IPAddress.status', { default: 'active' }),
    role: choice('IPAddress.role', { nullable: true }),
    ...genericRef('assigned_object', ['dcim.interface', 'virtualization.vminterface', 'ipam.fhrpgroup'], { onDelete: 'cascade' }),
    nat_inside: ref('ipam.ipaddress', { onDelete: 'clear' }),
    nat_outside: computed(({ id }, world) =>
      [...world.db.table('ipam.ipaddress').referring('nat_inside', id)].map((one) => world.brief('ipam.ipaddress', one)),
    ),
    dns_name: text({
      max: 255,
      pattern: /^([0-9A-Za-z_-]+|\*)(\.[0-9A-Za-z_-]+)*\.?$/,
      patternWords: 'Only alphanumeric characters, asterisks, hyphens, periods, and underscores are allowed in DNS names',
    }),
    description: DESCRIPTION,
    comments: COMMENTS,
  },
  brief: ['family', 'address', 'description'],
  display: ({ values }) => textOf(values['address']),
  ordering: ({ values }) => hostKey(parsed(values['address']).family, parsed(values['address']).host),
  lookups: { place: ({ values }) => [placeOf(values)] },
  sorted: ({ values }) => {
    const { family, host } = parsed(values['address']);
    return { space: spaceOf(values), key: hostKey(family, host), bucket: '' };
  },
  clean: addressProblem,
  save: (values) => ({ ...values, dns_name: textOf(values['dns_name'] ?? '').toLowerCase() }),
  lock: IP_LOCK,
  filterIds: { present_in_vrf_id: 'ipam.vrf', interface_id: 'dcim.interface', vminterface_id: 'virtualization.vminterface' },
  filters: {
    address: addressIs('address'),
    parent: (wanted) => {
      const parents = wanted.flatMap((one) => parseAddress(one) ?? []);
      return ({ values }) => parents.some((parent) => isWithin({ ...parsed(values['address']), length: 128 }, parent));
    },
    present_in_vrf_id: presentInVrf,
    interface_id: assignedTo('dcim.interface'),
    vminterface_id: assignedTo('virtualization.vminterface'),
    device_id:
      (wanted, { world: { db } }) =>
      ({ values }) =>
        values['assigned_object_type'] === 'dcim.interface' &&
        wanted.includes(textOf(db.table('dcim.interface').get(Number(values['assigned_object_id']))?.values['device'])),
    assigned:
      ([wanted]) =>
      ({ values }) =>
        (values['assigned_object_id'] !== null) === (wanted === 'true'),
    assigned_to_interface:
      ([wanted]) =>
      ({ values }) =>
        (values['assigned_object_id'] !== null) === (wanted === 'true'),
    family:
      (wanted) =>
      ({ values }) =>
        wanted.includes(String(parsed(values['address']).family)),
    mask_length:
      (wanted) =>
      ({ values }) =>
        wanted.includes(String(parsed(values['address']).length)),
  },
};

export const ADDRESSES: readonly Kind[] = [IP_RANGE, IP_ADDRESS];
