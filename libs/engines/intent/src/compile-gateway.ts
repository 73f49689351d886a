/** How a network reaches its gateway on one device, and where its frames to everybody go. */
import { Cidr, DeviceName, Ip } from '#engines/kernel';
import { compareIps } from './compare-ips.js';
import { ownAddress } from './compile-switch.js';
import type { DhcpRelayIntent, NetworkGatewayIntent } from './device-intent.js';
import type { FabricIndex } from './fabric-index.js';
import { known } from './known.js';
import type { DeviceFacts, FabricFacts, NetworkFacts, SubnetFacts } from './snapshot.js';

export function compileGateway(index: FabricIndex, device: DeviceFacts, network: NetworkFacts, subnet: SubnetFacts): NetworkGatewayIntent {
  return {
    address: known(subnet.gatewayAddress),
    prefixLength: Cidr.length(subnet.cidr),
    ownAddress: ownAddress(device, network.id, subnet),
    dhcpRelay: compileRelay(index, device, network, subnet),
  };
}

function compileRelay(index: FabricIndex, device: DeviceFacts, network: NetworkFacts, { dhcpRelay }: SubnetFacts): DhcpRelayIntent | null {
  if (!dhcpRelay || dhcpRelay.servers.length === 0) return null;
  const vrfId = dhcpRelay.vrfId ?? network.vrfId;
  const vrf = vrfId === null ? null : known(index.vrf.get(vrfId));
  const family = Ip.family(known(dhcpRelay.servers[0]));
  return {
    servers: [...new Set(dhcpRelay.servers)].sort(compareIps),
    vrf: vrf && vrf.id !== network.vrfId ? DeviceName.parse(vrf.deviceName) : null,
    sourceLoopback:
      vrf?.loopbacks?.find(({ deviceId, address }) => deviceId === device.id && Ip.family(address) === family)?.number ?? null,
  };
}

const LOW16_GROUPS = Ip.toBigInt(Ip.parse('239.0.0.0'));

/** LOW16: the VNI in the last two octets of 239.0.0.0/16 (RFC 2365 §6.2); the checks keep it in 256…65535. */
export function multicastGroup(fabric: FabricFacts, network: NetworkFacts): Ip | null {
  if ((network.replication ?? fabric.replication) !== 'MULTICAST') return null;
  if (network.multicastGroup) return network.multicastGroup;
  return Ip.fromBigInt(4, LOW16_GROUPS + BigInt(network.vni % 65_536));
}
