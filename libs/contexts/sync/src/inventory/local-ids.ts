import {
  Asn,
  decodeId,
  type DeviceId,
  encodeId,
  type IdKind,
  Ip,
  type NetworkId,
  notFound,
  RouteTarget,
  type SubnetId,
  type VlanDomainId,
} from '#engines/kernel';
import type { RangeKey } from '#contexts/addressing';
import type { VlanKey } from '#contexts/fabric';
import type { InventoryKind } from './kinds.js';

/** Kinds of which an object has one public id and nothing else. */
const PUBLIC: Readonly<Partial<Record<InventoryKind, IdKind>>> = {
  tenant: 'tenant',
  vrf: 'vrf',
  vlanGroup: 'vlanDomain',
  l2vpn: 'network',
  prefix: 'prefix',
  device: 'device',
  interface: 'vtep',
  ipAddress: 'ipAddress',
};

/**
 * A network in a VLAN domain. Not the id of the mapping's row: a network that leaves a domain and comes back is the same VLAN for others, which
 * would refuse a second one of that number before the first is gone.
 */
export const vlanIds = {
  of: ({ vlanDomainId, networkId }: VlanKey): string => `${encodeId('vlanDomain', vlanDomainId)}-${encodeId('network', networkId)}`,
  parse(id: string): VlanKey {
    const [domain = '', network = ''] = id.split('-');
    return { vlanDomainId: decodeId<VlanDomainId>('vlanDomain', domain), networkId: decodeId<NetworkId>('network', network) };
  },
};

/** The first address in hexadecimal digits, of one number within a subnet: the order of the texts is that of the addresses. */
export const rangeIds = {
  of: ({ subnetId, first }: RangeKey): string =>
    `${encodeId('subnet', subnetId)}-${Ip.toBigInt(first)
      .toString(16)
      .padStart(Ip.family(first) === 4 ? 8 : 32, '0')}`,
  parse(id: string): RangeKey {
    const [subnet = '', hex = ''] = id.split('-');
    const subnetId = decodeId<SubnetId>('subnet', subnet);
    if (!/^(?:[0-9a-f]{8}|[0-9a-f]{32})$/.test(hex)) throw notFound('subnet', id);
    return { subnetId, first: Ip.fromBigInt(hex.length === 8 ? 4 : 6, BigInt(`0x${hex}`)) };
  },
};

/** A target is one thing for others, whichever of ours have it: when the last one lets go of it and another takes it, it stays. */
export const targetIds = {
  of: (text: RouteTarget): string => `rt-${text}`,
  parse: (id: string): RouteTarget => RouteTarget.parse(id.slice('rt-'.length)),
};

/** The shared VTEP of a pair of switches. */
export const pairIds = {
  of: (deviceId: DeviceId): string => `pair-${encodeId('device', deviceId)}`,
  parse(id: string): DeviceId {
    if (!id.startsWith('pair-')) throw notFound('device', id);
    return decodeId<DeviceId>('device', id.slice('pair-'.length));
  },
};

/** Ten digits: the order of the texts is that of the numbers. */
export const asnIds = {
  of: (asn: Asn): string => `asn-${String(asn).padStart(10, '0')}`,
  parse: (id: string): Asn => Asn.parse(Number(id.slice('asn-'.length))),
};

/** What the journal wrote down, as the id of the object: see migrations 0027 and 0033. */
export function idOfKey(kind: InventoryKind, key: string): string {
  const [first = '', second = ''] = key.split(' ');
  switch (kind) {
    case 'routeTarget':
      return `rt-${key}`;
    case 'asn':
      return asnIds.of(Number(key) as Asn);
    case 'vlan':
    case 'l2vpnTermination':
      return vlanIds.of({ vlanDomainId: first as VlanDomainId, networkId: second as NetworkId });
    case 'ipRange':
      return rangeIds.of({ subnetId: first as SubnetId, first: second as Ip });
    case 'ipAddress':
      if (first === 'pair') return pairIds.of(second as DeviceId);
      return first === 'vtep' ? encodeId('vtep', second) : encodeId('ipAddress', key);
    default:
      return encodeId(PUBLIC[kind] as IdKind, key);
  }
}
