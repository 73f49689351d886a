/** Networks of a host: their stanzas are the same on every host that has them, but for the VTEP address and the ports of their bridges. */
import type { DeviceIntent, L2VniIntent } from '#engines/intent';
import type { Ip } from '#engines/kernel';
import { type HostGroup, groupsByVni } from '../host-groups.js';
import { GAP, type Piece, pieceOf, shared, Template } from '../piece.js';
import { hostPorts } from './host-ports.js';
import { type HostNetwork, networkStanzas } from './network-stanzas.js';
import { networkSays, stanzaOutline } from './outline-stanzas.js';
import { printStanzas } from './stanza.js';
import { paragraphs } from '../text.js';
import { tunnelEnd, type TunnelEnd } from './vxlan-stanza.js';

interface NetworkSaid extends HostNetwork, Pick<L2VniIntent, 'importTargets'>, Omit<TunnelEnd, 'address'> {
  /** Ports of the bridge, beside the tunnel: as many gaps. */
  readonly ports: number;
}

const FIELDS = [
  'vni',
  'mtu',
  'networkName',
  'gateways',
  'vrf',
  'bridgeName',
  'vxlanName',
  'replication',
  'remoteVteps',
  'multicastGroup',
  'multicastPort',
  'anycastGatewayMac',
  'udpPort',
  'family',
  'ports',
] as const;

const template = shared<NetworkSaid>()('importTargets', FIELDS, (network) => {
  const stanzas = networkStanzas(network, { ...network, address: GAP as Ip }, Array<string>(network.ports).fill(GAP));
  return new Template(0, paragraphs('', printStanzas(stanzas)), stanzaOutline(networkSays(network, network.family)));
});

/** What networks of a host say beside what they are. */
interface Setting extends TunnelEnd, Pick<HostNetwork, 'multicastPort' | 'anycastGatewayMac'> {
  /** Ports of the bridge of each network. */
  readonly ports: ReadonlyMap<number, readonly string[]>;
  /** VNIs that the qemu hook makes on demand: they are none of ifupdown2's. */
  readonly onDemand: ReadonlySet<number>;
}

interface Made extends Setting {
  readonly pieces: readonly Piece[];
}

const made = new WeakMap<HostGroup, Made>();

/** Networks that stand from boot, by VNI. */
export function networkPieces(intent: DeviceIntent): readonly Piece[] {
  const { vtep, vtepDevice, anycastGatewayMac, libvirt, l2vnis } = intent;
  if (!vtep) return [];
  const setting: Setting = {
    ...tunnelEnd(vtep),
    multicastPort: vtepDevice?.multicastPort ?? null,
    anycastGatewayMac,
    ports: portsByVni(intent),
    onDemand: new Set(libvirt?.onDemand?.networks.map(({ vni }) => vni)),
  };
  return groupsByVni(l2vnis).flatMap((group) => ofGroup(group, setting));
}

function ofGroup(group: HostGroup, setting: Setting): readonly Piece[] {
  const last = made.get(group);
  if (last && isSame(group, last, setting)) return last.pieces;
  const networks = group.networks.filter(({ vni }) => !setting.onDemand.has(vni));
  const templates = networks.map((network) => template(saidOf(network, setting)));
  const values = networks.flatMap((network, place) => {
    const ports = setting.ports.get(network.vni) ?? [];
    const addresses = (templates[place] as Template).parts.length - 1 - ports.length;
    return [...Array<string>(addresses).fill(setting.address), ...ports];
  });
  const pieces = pieceOf(templates, values, '');
  made.set(group, { ...setting, pieces });
  return pieces;
}

const NOBODY: L2VniIntent['remoteVteps'] = [];

const saidOf = (network: L2VniIntent, { udpPort, family, multicastPort, anycastGatewayMac, ports }: Setting): NetworkSaid => ({
  importTargets: network.importTargets,
  vni: network.vni,
  mtu: network.mtu,
  networkName: network.networkName,
  gateways: network.gateways,
  vrf: network.vrf,
  bridgeName: network.bridgeName,
  vxlanName: network.vxlanName,
  replication: network.replication,
  // Whom EVPN or a group reaches is not written, and is another list on every host.
  remoteVteps: network.replication === 'INGRESS_EVPN' ? NOBODY : network.remoteVteps,
  multicastGroup: network.multicastGroup,
  multicastPort,
  anycastGatewayMac,
  udpPort,
  family,
  ports: ports.get(network.vni)?.length ?? 0,
});

function isSame({ networks }: HostGroup, a: Setting, b: Setting): boolean {
  return (
    a.address === b.address &&
    a.udpPort === b.udpPort &&
    a.multicastPort === b.multicastPort &&
    a.anycastGatewayMac === b.anycastGatewayMac &&
    networks.every(({ vni }) => a.onDemand.has(vni) === b.onDemand.has(vni) && isSameList(a.ports.get(vni), b.ports.get(vni)))
  );
}

function isSameList(a: readonly string[] = [], b: readonly string[] = []): boolean {
  return a === b || (a.length === b.length && a.every((one, place) => one === b[place]));
}

const known = new WeakMap<DeviceIntent['edgePorts'], ReadonlyMap<number, readonly string[]>>();

function portsByVni(intent: DeviceIntent): ReadonlyMap<number, readonly string[]> {
  const found = known.get(intent.edgePorts);
  if (found) return found;
  const ports = new Map<number, string[]>();
  for (const { vni, name } of hostPorts(intent)) {
    if (vni === null) continue;
    const list = ports.get(vni);
    if (list) list.push(name);
    else ports.set(vni, [name]);
  }
  known.set(intent.edgePorts, ports);
  return ports;
}
