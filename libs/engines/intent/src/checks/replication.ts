/**
 * Frames to everybody: all VTEPs of a network flood in one way, or some never hear the others' ARP. The way is one value of the network;
 * what can break it is a member that does not know that way, or a group that is not its own.
 */
import { Cidr, compareNatural, Ip } from '#engines/kernel';
import { multicastGroup } from '../compile-gateway.js';
import { isOnOpenVswitch } from '../compile-openvswitch.js';
import { anycastSubnets, type FabricIndex } from '../fabric-index.js';
import { error, type Finding, listed, warning } from '../finding.js';
import { groupBy } from '../group-by.js';
import type { DeviceFacts, NetworkFacts, OvsVxlanInterface, ReplicationMode } from '../snapshot.js';

export const replicationOf = ({ snapshot }: FabricIndex, network: NetworkFacts): ReplicationMode =>
  network.replication ?? snapshot.fabric.replication;

/** Whether EVPN carries anything of the device; a device without networks gets those of the fabric's mode. */
export function speaksEvpn(index: FabricIndex, device: DeviceFacts): boolean {
  const attachments = index.attachmentsOfDevice.get(device.id) ?? [];
  if (attachments.length === 0 && index.snapshot.fabric.replication === 'INGRESS_EVPN') return true;
  if (index.vrfsOfDevice.has(device.id)) return true;
  return attachments.some(({ networkId }) => {
    const network = index.network.get(networkId);
    return network !== undefined && replicationOf(index, network) === 'INGRESS_EVPN';
  });
}

export function checkReplication(index: FabricIndex): Finding[] {
  const { networks } = index.snapshot;
  const flooding = networks.filter((network) => replicationOf(index, network) !== 'INGRESS_EVPN');
  const multicast = flooding.filter((network) => replicationOf(index, network) === 'MULTICAST');
  return [
    ...flooding.flatMap((network) => learnedGateways(index, network)),
    ...multicast.flatMap((network) => group(index, network)),
    ...sharedGroups(index, multicast),
    ...announcedLists(index),
    ...openVswitch(index),
    ...openBsd(index),
  ];
}

/**
 * Without EVPN every VTEP learns MACs from frames, that of an anycast gateway too: Linux sees it move from VTEP to VTEP. EOS never learns its
 * own virtual MAC.
 */
function learnedGateways(index: FabricIndex, network: NetworkFacts): Finding[] {
  const { id, slug } = network;
  if (anycastSubnets(network).length === 0) return [];
  const hosts = slugsOf(index, network, ({ platform }) => platform === 'DEBIAN_FRR');
  if (hosts.length === 0) return [];
  const message = `make network ${slug} INGRESS_EVPN, or take its gateway off the VTEPs: without EVPN ${listed(hosts)} would learn the gateway's MAC from the other VTEPs`;
  return [error('GATEWAY_INVALID', `networks.${slug}`, message, [id])];
}

/**
 * `advertise-all-vni` knows no exception: zebra takes every Linux vxlan device, announces its VNI with automatic targets, peers import it, and
 * with the session of a peer zebra deletes the flood entry that ifupdown2 wrote, until the next ifreload (measured on FRR 8.4.4). For a group
 * no such route is sent, and tunnels of Open vSwitch are no devices of the kernel.
 */
function announcedLists(index: FabricIndex): Finding[] {
  const { devices, sessions } = index.snapshot;
  const evpn = sessions.filter(({ families }) => families.includes('L2VPN_EVPN'));
  const speakers = new Set(evpn.flatMap(({ ends }) => ends.map(({ deviceId }) => deviceId)));
  const lists = devices.flatMap((device) => {
    if (device.platform !== 'DEBIAN_FRR' || !device.vtep || !speakers.has(device.id)) return [];
    const bridged = (index.attachmentsOfDevice.get(device.id) ?? []).flatMap((attachment) => {
      const network = index.network.get(attachment.networkId);
      const isList = network !== undefined && replicationOf(index, network) === 'INGRESS_STATIC';
      return isList && !isOnOpenVswitch(index, device, attachment) ? [network] : [];
    });
    return [...new Set(bridged)].map((network) => ({ network, device }));
  });
  return [...groupBy(lists, ({ network }) => network)].map(([{ id, slug }, uses]) => {
    const hosts = listed(uses.map(({ device }) => String(device.slug)).sort(compareNatural));
    const message = `make network ${slug} INGRESS_EVPN or MULTICAST, or take it or the EVPN sessions from ${hosts}: FRR announces every VNI of its host, and deletes a list of VTEPs when a session ends`;
    return error('REPLICATION_INVALID', `networks.${slug}`, message, [id, ...uses.map(({ device }) => device.id)]);
  });
}

const slugsOf = (index: FabricIndex, { id }: NetworkFacts, where: (device: DeviceFacts) => boolean): string[] =>
  [...(index.membersOfNetwork.get(id) ?? [])].flatMap((member) => {
    const device = index.device.get(member);
    return device && where(device) ? [device.slug] : [];
  });

const GROUPS = Cidr.parse('239.0.0.0/8');

/** RFC 1112 §6.4: the MAC of a group is its last 23 bits, so 239.0.0.x and 239.128.0.x share that of 224.0.0.x, which no switch filters. */
const floodsEverywhere = (address: Ip): boolean => (Ip.toBigInt(address) & 0x7f_ffffn) < 256n;

function group(index: FabricIndex, network: NetworkFacts): Finding[] {
  const problem = groupProblem(index, network);
  return problem === null ? [] : [error('MULTICAST_GROUP_INVALID', `networks.${network.slug}.multicastGroup`, problem, [network.id])];
}

function groupProblem({ snapshot: { fabric } }: FabricIndex, { slug, vni, multicastGroup: own }: NetworkFacts): string | null {
  if (fabric.underlayFamily === 6)
    return `make network ${slug} INGRESS_EVPN or INGRESS_STATIC: its groups are IPv4, and the underlay of ${fabric.slug} is IPv6`;
  if ((fabric.multicastScheme ?? 'LOW16') === 'LOW16') {
    if (vni > 65_535)
      return `choose a VNI up to 65535 for network ${slug}, or give the fabric the scheme EXPLICIT and the network a group: 239.0.0.0/16 has no group for ${vni}`;
    if (vni < 256)
      return `choose a VNI from 256 for network ${slug}: the group of ${vni} has the MAC of 224.0.0.${vni}, which every switch floods`;
    const derived = multicastGroup(fabric, { slug, vni, replication: 'MULTICAST' } as NetworkFacts);
    return own === undefined || own === derived
      ? null
      : `take the group ${own} from network ${slug}, or give the fabric the scheme EXPLICIT: by its VNI the group is ${derived}`;
  }
  if (own === undefined) return `give network ${slug} a multicast group of 239.0.0.0/8: the fabric's scheme is EXPLICIT`;
  if (!Cidr.contains(GROUPS, own)) return `choose a multicast group of 239.0.0.0/8 for network ${slug} instead of ${own} (RFC 2365)`;
  return floodsEverywhere(own)
    ? `choose another group than ${own} for network ${slug}: it has a MAC of 224.0.0.x, which every switch floods`
    : null;
}

/** Frames of one network then reach the VTEPs of the other, which throw them away: legal, and sometimes wanted. */
function sharedGroups(index: FabricIndex, networks: readonly NetworkFacts[]): Finding[] {
  const { fabric } = index.snapshot;
  if (fabric.multicastScheme !== 'EXPLICIT') return [];
  const grouped = networks.flatMap(({ id, slug, multicastGroup: address }) =>
    address !== undefined && Ip.family(address) === 4 ? [{ id, slug, address, mac: Ip.toBigInt(address) & 0x7f_ffffn }] : [],
  );
  return [...groupBy(grouped, ({ mac }) => mac).values()]
    .filter((users) => users.length > 1)
    .map((users) => {
      const addresses = [...new Set(users.map(({ address }) => address))];
      const shared = addresses.length === 1 ? `all of them hear ${addresses[0]}` : `${listed(addresses)} have one MAC`;
      const message = `give each of networks ${listed(users.map(({ slug }) => slug))} its own group, unless they are meant to share: ${shared}`;
      return warning(
        'MULTICAST_GROUP_SHARED',
        `multicastGroups.${addresses[0]}`,
        message,
        users.map(({ id }) => id),
      );
    });
}

/** Open vSwitch floods to the remotes that it is told: no group, and no EVPN beside it. */
function openVswitch(index: FabricIndex): Finding[] {
  const byVni = new Map(index.snapshot.networks.map((network) => [network.vni, network]));
  return index.snapshot.devices.flatMap((device) => {
    const ports = (device.openvswitch?.bridges ?? []).flatMap(({ ports: all }) => all.flatMap(({ interfaces }) => interfaces));
    const tunnels = ports.filter((port): port is OvsVxlanInterface => port.type === 'vxlan');
    return [...groupBy(tunnels, ({ vni }) => vni)].flatMap(([vni, uses]) => {
      const network = byVni.get(vni);
      return network ? ovsTunnels(index, device, network, uses) : [];
    });
  });
}

function ovsTunnels(index: FabricIndex, device: DeviceFacts, network: NetworkFacts, uses: readonly OvsVxlanInterface[]): Finding[] {
  const path = `networks.${network.slug}.${device.slug}`;
  const mode = replicationOf(index, network);
  const { vtepUdpPort } = index.snapshot.fabric;
  const other = uses.find(({ udpPort }) => udpPort !== vtepUdpPort);
  return [
    ...(mode === 'INGRESS_STATIC'
      ? []
      : [
          error(
            'REPLICATION_INVALID',
            path,
            `make network ${network.slug} INGRESS_STATIC, or take its tunnels off Open vSwitch on ${device.slug}: that one floods to a list and not by ${mode}`,
            [network.id, device.id],
          ),
        ]),
    ...(other
      ? [
          error(
            'REPLICATION_INVALID',
            path,
            `let ${other.name} of ${device.slug} use UDP port ${vtepUdpPort} like the other VTEPs of network ${network.slug}, not ${other.udpPort}`,
            [network.id, device.id],
          ),
        ]
      : []),
  ];
}

/** vxlan(4) of OpenBSD floods to its one `tunnel` destination: a group, or a single other VTEP. It speaks no EVPN. */
function openBsd(index: FabricIndex): Finding[] {
  return index.snapshot.devices.flatMap((device) =>
    (device.openbsd?.gateways ?? []).flatMap(({ networkId }) => {
      const network = index.network.get(networkId);
      if (!network) return [];
      const mode = replicationOf(index, network);
      const others = [...(index.membersOfNetwork.get(networkId) ?? [])].filter((id) => id !== device.id);
      if (mode === 'MULTICAST' || (mode === 'INGRESS_STATIC' && others.length <= 1)) return [];
      const message = `make network ${network.slug} MULTICAST, or take its gateway off ${device.slug}: OpenBSD floods to a group or to one other VTEP, not by ${mode} to ${others.length}`;
      return [error('REPLICATION_INVALID', `networks.${network.slug}.${device.slug}`, message, [network.id, device.id])];
    }),
  );
}
