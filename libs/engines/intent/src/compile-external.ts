/** What an OpenBSD firewall and a Comware switch have to do for networks that come out elsewhere. */
import { compareNatural, type VlanId } from '#engines/kernel';
import { compareIps } from './compare-ips.js';
import { multicastGroup } from './compile-gateway.js';
import { tunnelAddress } from './compile-lag.js';
import { bridgeOfPort, compileOpenVswitch } from './compile-openvswitch.js';
import type { ComwareIntent, OpenBsdGatewayIntent, OpenBsdIntent } from './external-intent.js';
import type { FabricIndex } from './fabric-index.js';
import { known } from './known.js';
import type { DeviceFacts, LagEnd, OpenBsdFacts, OvsPortFacts } from './snapshot.js';

/** Null where the device is no OpenBSD gateway. */
export function compileOpenBsd(index: FabricIndex, { openbsd }: DeviceFacts): OpenBsdIntent | null {
  if (!openbsd) return null;
  return {
    tunnelAddress: openbsd.tunnelAddress,
    parent: openbsd.parent ?? null,
    gateways: openbsd.gateways.map((gateway) => compileGatewayOf(index, openbsd, gateway)).sort((a, b) => a.vni - b.vni),
  };
}

function compileGatewayOf(
  index: FabricIndex,
  { tunnelAddress: own }: OpenBsdFacts,
  { networkId, addresses }: OpenBsdFacts['gateways'][number],
): OpenBsdGatewayIntent {
  const network = known(index.network.get(networkId));
  const ends = [...(index.membersOfNetwork.get(networkId) ?? [])].map((id) => tunnelAddress(index, known(index.device.get(id))));
  return {
    vni: network.vni,
    name: network.name,
    mtu: network.mtu,
    udpPort: index.snapshot.fabric.vtepUdpPort,
    destination: multicastGroup(index.snapshot.fabric, network) ?? ends.find((address) => address !== own) ?? null,
    addresses: [...addresses].sort((a, b) => compareIps(a.address, b.address)),
  };
}

/** Null where the device is no Comware switch. */
export function compileComware(index: FabricIndex, device: DeviceFacts): ComwareIntent | null {
  if (!device.comware) return null;
  const links = (index.snapshot.lags ?? []).flatMap((lag) => {
    const here = lag.ends.find(({ deviceId }) => deviceId === device.id);
    return here ? [{ name: here.name, others: lag.ends.filter((end) => end !== here) }] : [];
  });
  const { defaultVlan } = device.comware;
  return {
    defaultVlan,
    trunks: links
      .map(({ name, others }) => {
        const vlans = new Set(others.flatMap((end) => vlansBehind(index, end)));
        vlans.delete(defaultVlan);
        return { name, vlans: [...vlans].sort((a, b) => a - b) };
      })
      .sort((a, b) => compareNatural(a.name, b.name)),
  };
}

/** VLANs that a host needs on one of its ports: those of networks on the port itself, and all of the Open vSwitch bridge that it belongs to. */
function vlansBehind(index: FabricIndex, { deviceId, name }: LagEnd): readonly VlanId[] {
  const device = known(index.device.get(deviceId));
  const attached = (index.attachmentsOfDevice.get(deviceId) ?? [])
    .filter(({ port }) => port === name)
    .flatMap(({ networkId }) => index.vlan(deviceId, networkId) ?? []);
  const bridge = device.openvswitch && bridgeOfPort(compileOpenVswitch(index, device) ?? device.openvswitch, name);
  return [...attached, ...(bridge ? bridge.ports.flatMap(vlansOfPort) : [])];
}

/** 0 and 4095 are priority tag and no VLAN at all (IEEE 802.1Q). */
function vlansOfPort({ tag, trunks }: OvsPortFacts): VlanId[] {
  return [...(tag === null ? [] : [tag]), ...trunks].filter((vlan) => vlan > 0 && vlan < 4095) as VlanId[];
}
