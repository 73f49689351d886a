/** OpenNebula front end: its virtual networks carry the numbers of the fabric, and its leases come from the subnets of the fabric. */
import { Cidr, compareNatural, Ip } from '#engines/kernel';
import { compareIps } from './compare-ips.js';
import { multicastGroup } from './compile-gateway.js';
import { compileVtepDevice } from './compile-host.js';
import type { FabricIndex } from './fabric-index.js';
import { groupBy } from './group-by.js';
import { bridgeName } from './interface-names.js';
import { known } from './known.js';
import type { AddressRangeIntent, CarrierIntent, OpenNebulaIntent, VirtualNetworkIntent } from './opennebula-intent.js';
import type { DeviceFacts, NetworkFacts, OpenNebulaFacts, OpenNebulaNetworkFacts, SubnetFacts } from './snapshot.js';

/** Leases are rows of OpenNebula's database, and no virtual network has more guests than this. */
const LARGEST_RANGE = 65_536n;

/** Null where the device is no OpenNebula front end. */
export function compileOpenNebula(index: FabricIndex, device: DeviceFacts): OpenNebulaIntent | null {
  const { opennebula } = device;
  if (!opennebula) return null;
  const networks = opennebula.networks.map((offer) => virtualNetwork(index, device, opennebula, offer));
  return { networks: networks.sort((a, b) => compareNatural(a.slug, b.slug)), dns: opennebula.dns ?? [] };
}

function virtualNetwork(
  index: FabricIndex,
  device: DeviceFacts,
  facts: OpenNebulaFacts,
  offer: OpenNebulaNetworkFacts,
): VirtualNetworkIntent {
  const network = known(index.network.get(offer.networkId));
  return {
    slug: network.slug,
    name: network.name,
    mtu: network.mtu,
    bridge: offer.bridge ?? bridgeName(network.vni),
    carrier: carrier(index, device, facts, offer, network),
    ranges: network.subnets.flatMap(ranges).sort((a, b) => compareIps(a.first, b.first)),
  };
}

function carrier(
  index: FabricIndex,
  device: DeviceFacts,
  facts: OpenNebulaFacts,
  { driver }: OpenNebulaNetworkFacts,
  network: NetworkFacts,
): CarrierIntent {
  if (driver === 'bridge') return { driver };
  if (driver === 'ovswitch') return { driver, vlan: known(index.vlan(device.id, network.id)) };
  if (driver === '802.1Q') return { driver, vlan: known(index.vlan(device.id, network.id)), port: facts.physicalDevice };
  const { fabric } = index.snapshot;
  const group = multicastGroup(fabric, network);
  return {
    driver,
    vni: network.vni,
    port: tunnelPort(index, facts, network),
    udpPort: fabric.vtepUdpPort,
    flooding: group === null ? 'EVPN' : { base: groupBase(group, network) },
  };
}

/**
 * With EVPN the driver gives a tunnel the first address of PHYDEV (`get_interface_first_ip` of `vxlan.rb`, `VXLAN_TEP` being `local_ip`), which
 * has to be the VTEP's: others send there. A group is joined on the wire instead.
 */
export function tunnelPort(index: FabricIndex, { physicalDevice }: OpenNebulaFacts, network: NetworkFacts): string {
  const [first, second] = [...vtepInterfaces(index).keys()];
  const isGrouped = multicastGroup(index.snapshot.fabric, network) !== null;
  return isGrouped || first === undefined || second !== undefined ? physicalDevice : first;
}

/** Interfaces that have the VTEP address on hosts of the fabric, each with its hosts. */
export function vtepInterfaces(index: FabricIndex): ReadonlyMap<string, readonly DeviceFacts[]> {
  const hosts = index.snapshot.devices.flatMap((device) => {
    const found = compileVtepDevice(index, device);
    return found ? [{ device, name: String(found.name) }] : [];
  });
  return new Map([...groupBy(hosts, ({ name }) => name)].map(([name, uses]) => [name, uses.map(({ device }) => device)]));
}

/** The driver adds the VNI to VXLAN_MC, all of it (`vxlan.rb`), so that the group is base + VNI. */
export const groupBase = (group: Ip, { vni }: Pick<NetworkFacts, 'vni'>): Ip => Ip.fromBigInt(4, Ip.toBigInt(group) - BigInt(vni));

/** One before the gateway and one behind it, where there is something. */
function ranges({ cidr, gatewayAddress: gateway }: SubnetFacts): AddressRangeIntent[] {
  const { first, last } = usable(cidr);
  const middle = gateway && Ip.toBigInt(gateway);
  const parts =
    middle === null
      ? [{ first, last }]
      : [
          { first, last: middle - 1n },
          { first: first > middle ? first : middle + 1n, last },
        ];
  return parts.flatMap((part) => {
    const size = part.last - part.first + 1n;
    if (size <= 0n) return [];
    return [
      {
        first: Ip.fromBigInt(Cidr.family(cidr), part.first),
        size: Number(size < LARGEST_RANGE ? size : LARGEST_RANGE),
        network: Cidr.network(cidr),
        prefixLength: Cidr.length(cidr),
        gateway,
      },
    ];
  });
}

/** IPv4 without network and broadcast, but for /31 and /32 (RFC 3021); IPv6 without the subnet-router anycast address (RFC 4291 §2.6.1). */
function usable(cidr: Cidr): { readonly first: bigint; readonly last: bigint } {
  const { first, last } = Cidr.bounds(cidr);
  const isV4 = Cidr.family(cidr) === 4;
  if (last - first < 2n) return { first, last };
  return { first: first + 1n, last: isV4 ? last - 1n : last };
}
