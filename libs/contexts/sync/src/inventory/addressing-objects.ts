/** Rows of addressing and of devices as objects of the inventory. */
import { type Asn, Cidr, encodeId, Ip } from '#engines/kernel';
import type { Ref } from '#engines/reconcile';
import type { ListedAddress, ListedPrefix, ListedRange } from '#contexts/addressing';
import type { ListedDevice, ListedSharedVtep, ListedVtep } from '#contexts/fabric';
import { asnIds, pairIds, rangeIds, vlanIds } from './local-ids.js';
import type { LocalObject } from './local-inventory.js';
import { tenantRef, vrfRef } from './tenancy-objects.js';

/** HELD is ours and used by nobody yet. */
const statusOf = ({ role, state }: Pick<ListedPrefix, 'role' | 'state'>): string => {
  if (role === 'CONTAINER' || role === 'POOL') return 'container';
  return role === 'RESERVED' || state === 'HELD' ? 'reserved' : 'active';
};

export const prefixObject = (row: ListedPrefix): LocalObject => ({
  id: encodeId('prefix', row.id),
  fields: {
    prefix: Cidr.parse(row.cidr),
    vrf: vrfRef(row.vrfId),
    tenant: row.tenantId === null ? null : tenantRef(row.tenantId),
    ...vlanOf(row),
    status: statusOf(row),
    description: row.description,
  },
});

/** They have room for one: which of several, and which where it is of no network, is theirs to say. */
function vlanOf({ networkId, vlanDomainIds }: ListedPrefix): { readonly vlan?: Ref | null } {
  const [vlanDomainId, ...others] = vlanDomainIds;
  if (networkId === null || others.length > 0) return {};
  return { vlan: vlanDomainId === undefined ? null : { kind: 'vlan', id: vlanIds.of({ vlanDomainId, networkId }) } };
}

export const ipRangeObject = (row: ListedRange): LocalObject => ({
  id: rangeIds.of(row),
  fields: {
    start: Ip.parse(row.first),
    end: Ip.parse(row.last),
    vrf: vrfRef(row.vrfId),
    tenant: tenantRef(row.tenantId),
    status: row.kind === 'RESERVED' ? 'reserved' : 'active',
    description: row.reason === '' ? null : row.reason,
  },
});

/** Who else may have the address, in the words of FHRP and NetBox. */
function roleOf({ role, gatewayMode }: ListedAddress): string | null {
  if (role === 'VIP') return 'vip';
  if (role !== 'GATEWAY') return null;
  return gatewayMode === 'ANYCAST_VTEP' ? 'anycast' : gatewayMode === 'CENTRAL_VRRP' ? 'vrrp' : null;
}

export const ipAddressObject = (row: ListedAddress): LocalObject => ({
  id: encodeId('ipAddress', row.id),
  fields: {
    host: Ip.parse(row.address),
    length: row.length,
    vrf: vrfRef(row.vrfId),
    tenant: tenantRef(row.tenantId),
    dnsName: row.dnsName,
    status: row.state === 'HELD' || row.role === 'RESERVED' ? 'reserved' : 'active',
    role: roleOf(row),
    description: row.description,
  },
});

/** The underlay is the operator's, and in no VRF. */
const underlay = (address: Ip, role: 'loopback' | 'anycast') => ({
  host: Ip.parse(address),
  length: Ip.family(address) === 4 ? 32 : 128,
  vrf: null,
  tenant: null,
  dnsName: null,
  status: 'active',
  role,
});

export const vtepAddressObject = (row: ListedVtep): LocalObject => ({
  id: encodeId('vtep', row.id),
  fields: {
    ...underlay(row.address, 'loopback'),
    interface: { kind: 'interface', id: encodeId('vtep', row.id) },
  },
});

/** On two devices: which interface is theirs to say. */
export const sharedVtepObject = ({ deviceId, address }: ListedSharedVtep): LocalObject => ({
  id: pairIds.of(deviceId),
  fields: underlay(address, 'anycast'),
});

export const asnObject = (asn: Asn): LocalObject => ({ id: asnIds.of(asn), fields: { asn } });

export const deviceObject = ({ id, hostname, site, description }: ListedDevice): LocalObject => ({
  id: encodeId('device', id),
  fields: { name: hostname, site, description },
});

/** Where the VTEP address is: as the renderers call it, or as it was adopted. */
const loopbackOf = ({ adoptedLoopback, platform, loopback }: ListedVtep): string =>
  adoptedLoopback ?? (platform === 'ARISTA_EOS' ? 'Loopback1' : (loopback ?? 'lo'));

export const interfaceObject = (row: ListedVtep): LocalObject => ({
  id: encodeId('vtep', row.id),
  fields: { device: { kind: 'device', id: encodeId('device', row.deviceId) }, name: loopbackOf(row) },
});
