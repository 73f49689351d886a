/**
 * A frame that does not fit into the tunnel is dropped without a word, and only the large ones: the fault shows weeks later.
 * Hence an error, not a warning.
 */
import { compareNatural, type DeviceId, type NetworkId } from '#engines/kernel';
import type { FabricIndex } from '../fabric-index.js';
import { error, type Finding, listed, warning } from '../finding.js';
import { vxlanOverhead } from '../overlay-mtu.js';
import { taggedInside } from '../tagged-inside.js';
import type { DeviceFacts, HostInterfaceFacts, LinkFacts } from '../snapshot.js';

/** RFC 8200 §5: the smallest link MTU that IPv6 may run on. */
const IPV6_MINIMUM = 1280;
/** A routed port of EOS, and a card of Linux, that is not told otherwise. */
const PLATFORM_DEFAULT = 1500;
/** IEEE 802.1Q: what a frame inside of the tunnel has more when it keeps its tag. */
const TAG = 4;

export function checkMtu(index: FabricIndex): Finding[] {
  const { fabric, devices, networks, links } = index.snapshot;
  const overhead = vxlanOverhead(fabric.underlayFamily);
  const room = new Map(devices.map((device) => [device.id, underlayMtu(index, device) - overhead]));
  const tagged = taggedInside(index);
  return [
    ...networks.flatMap(({ id, slug, mtu, subnets }) => {
      const tags = tagged.has(id) ? TAG : 0;
      const tooSmall: DeviceId[] = [];
      for (const member of index.membersOfNetwork.get(id) ?? []) if ((room.get(member) ?? mtu + tags) < mtu + tags) tooSmall.push(member);
      return [
        ...(tooSmall.length > 0 ? [tooLarge(index, { id, slug, mtu }, room, tooSmall, overhead + tags, tags)] : []),
        ...(mtu < IPV6_MINIMUM && subnets.some(({ cidr }) => cidr.includes(':'))
          ? [
              error('MTU_TOO_SMALL', `networks.${slug}.mtu`, `raise the MTU of network ${slug} to ${IPV6_MINIMUM} or more: IPv6 needs it`, [
                id,
              ]),
            ]
          : []),
      ];
    }),
    ...links.flatMap((link) => bothEnds(index, link)),
    ...devices.flatMap((device) => [...interfaces(device), ...unsaid(index, device), ...edges(index, device)]),
  ];
}

function tooLarge(
  index: FabricIndex,
  { id, slug, mtu }: { readonly id: NetworkId; readonly slug: string; readonly mtu: number },
  room: ReadonlyMap<DeviceId, number>,
  tooSmall: readonly DeviceId[],
  overhead: number,
  tags: number,
): Finding {
  const available = tooSmall.reduce((least, member) => Math.min(least, room.get(member) ?? mtu), Number.POSITIVE_INFINITY) - tags;
  const names = tooSmall.map((member) => index.device.get(member)?.slug ?? member);
  const reason = tags > 0 ? `VXLAN and the tag inside take ${overhead} bytes` : `VXLAN takes ${overhead} bytes`;
  const message = `lower the MTU of network ${slug} from ${mtu} to ${available} or raise the underlay of ${listed(names)}: ${reason}`;
  return error('MTU_TOO_SMALL', `networks.${slug}.mtu`, message, [id, ...tooSmall]);
}

/** The smallest of the fabric's promise and of what the device's own underlay ports, and what lies below them, are set to. */
function underlayMtu(index: FabricIndex, device: DeviceFacts): number {
  const links = index.linkEndsOfDevice.get(device.id) ?? [];
  let least = index.snapshot.fabric.underlayMtu;
  for (const { port } of links) least = Math.min(least, saidMtu(device, port) ?? least);
  return least;
}

/** What is said of a port and of what it is made of; null where nobody says anything. */
function saidMtu(device: DeviceFacts, port: string): number | null {
  const seen = new Set<string>();
  const said: number[] = [];
  const look = (name: string): void => {
    if (seen.has(name)) return;
    seen.add(name);
    const own = device.ports.find((entry) => entry.name === name)?.mtu ?? hostInterface(device, name)?.mtu ?? null;
    if (own !== null) said.push(own);
    for (const below of parts(device, name)) look(below);
  };
  look(port);
  return said.length === 0 ? null : Math.min(...said);
}

function hostInterface({ host }: DeviceFacts, name: string): HostInterfaceFacts | undefined {
  if (!host) return undefined;
  return [...host.ports, ...host.bonds, ...host.bridges, ...host.vlans].find((entry) => entry.name === name);
}

/** What an interface is made of. The members of a bond are set to its MTU by the kernel, whatever they had. */
function parts({ host }: DeviceFacts, name: string): readonly string[] {
  const bridge = host?.bridges.find((entry) => entry.name === name);
  if (bridge) return bridge.ports;
  const vlan = host?.vlans.find((entry) => entry.name === name);
  return vlan ? [vlan.parent] : [];
}

/** OSPF stays in ExStart (RFC 2328 §10.6), IS-IS and BGP come up, and the larger packets of one side are lost. */
function bothEnds(index: FabricIndex, { prefix, ends: [a, b] }: LinkFacts): Finding[] {
  const [left, right] = [index.device.get(a.deviceId), index.device.get(b.deviceId)];
  if (!left || !right) return [];
  const here = saidMtu(left, a.port) ?? PLATFORM_DEFAULT;
  const there = saidMtu(right, b.port) ?? PLATFORM_DEFAULT;
  if (here === there) return [];
  const message = `set one MTU at both ends of the link: ${left.slug} ${a.port} has ${here}, ${right.slug} ${b.port} has ${there}`;
  return [error('MTU_MISMATCH', `links.${prefix ?? `${left.slug} ${a.port}`}.mtu`, message, [left.id, right.id])];
}

/** A bridge has the smallest MTU of its ports unless it is told, and a VLAN at most that of its parent: the kernel refuses more. */
function interfaces(device: DeviceFacts): Finding[] {
  const { id, slug, host } = device;
  const over = [...(host?.bridges ?? []), ...(host?.vlans ?? [])].flatMap(({ name, mtu }) =>
    parts(device, name).flatMap((below) => {
      const limit =
        saidMtu(device, below) ??
        (hostInterface(device, below) || device.ports.some((port) => port.name === below) ? PLATFORM_DEFAULT : mtu);
      return mtu === null || limit === null || mtu <= limit ? [] : [{ name, mtu, below, limit }];
    }),
  );
  return over.map(({ name, mtu, below, limit }) =>
    error(
      'MTU_MISMATCH',
      `devices.${slug}.interfaces.${name}.mtu`,
      `raise the MTU of ${below} on ${slug} from ${limit} to ${mtu}, or lower that of ${name}: it lies on top`,
      [id],
    ),
  );
}

/** The fabric promises more than a port has by itself. */
function unsaid(index: FabricIndex, device: DeviceFacts): Finding[] {
  const { underlayMtu: promised } = index.snapshot.fabric;
  if (promised <= PLATFORM_DEFAULT || (device.platform !== 'ARISTA_EOS' && device.platform !== 'DEBIAN_FRR')) return [];
  const silent = (index.linkEndsOfDevice.get(device.id) ?? [])
    .filter(({ port }) => saidMtu(device, port) === null)
    .map(({ port }) => String(port));
  if (silent.length === 0) return [];
  const message = `set the MTU of ${listed(silent.sort(compareNatural))} of ${device.slug} to ${promised}: a port that is not told has ${PLATFORM_DEFAULT}, and the fabric promises more`;
  return [warning('MTU_MISMATCH', `devices.${device.slug}.mtu`, message, [device.id])];
}

/** Where a network comes out, its largest frame has to fit, too. */
function edges(index: FabricIndex, device: DeviceFacts): Finding[] {
  const narrow = new Map(device.ports.flatMap(({ name, mtu }) => (mtu === null ? [] : [[String(name), mtu] as const])));
  const found: Finding[] = [];
  if (narrow.size === 0) return found;
  for (const { id, port, networkId } of index.attachmentsOfDevice.get(device.id) ?? []) {
    const limit = port === null ? undefined : narrow.get(port);
    if (limit === undefined) continue;
    const network = index.network.get(networkId);
    if (!network || network.mtu <= limit) continue;
    const message = `raise the MTU of ${device.slug} ${port} from ${limit} to ${network.mtu}, or lower that of network ${network.slug}: it comes out there`;
    found.push(error('MTU_TOO_SMALL', `devices.${device.slug}.ports.${port}`, message, [id, networkId]));
  }
  return found;
}
