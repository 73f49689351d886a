/** Devices that were seen one by one → one fabric. What cannot be told for sure is left to the devices, and said. */
import type { BgpSessionEnd, BgpSessionFacts, DeviceFacts, FabricSnapshot, LinkEnd, LinkFacts, PortFacts } from '#engines/intent';
import { Cidr, DeviceName, type DeviceId, type FabricId, Ip, Label, Mac, PortName, type RouteTarget, Slug } from '#engines/kernel';
import type { LiftNote } from './lift-note.js';
import { liftVrfs, vrfNames } from './lift-vrfs.js';
import { isPortName, liftNetworks, type Member } from './lift-networks.js';
import { isSameSubnet, type PairedEnd, type PairedSession, pairSessions } from './pair-sessions.js';
import type { SeenDevice, SeenPort } from './seen-device.js';

export interface LiftedFabric {
  readonly snapshot: FabricSnapshot;
  readonly notes: readonly LiftNote[];
}

const DEFAULT_MTU = 1500;
/** Outer Ethernet, IP, UDP and VXLAN (RFC 7348 §5). */
const OVERHEAD = { 4: 50, 6: 70 };

/** @param clusterAsn of the controller of a cluster, where no device says an AS. */
export function liftFabric(seen: readonly SeenDevice[], anycastMac: Mac | null, clusterAsn: number | null = null): LiftedFabric {
  const members = seen.map((device): Member => ({ id: `device-${slugOf(device.name)}` as DeviceId, device }));
  const idOf = new Map(members.map(({ id, device }) => [device, id]));
  const { sessions, notes } = pairSessions(seen);
  const links = linksOf(seen, sessions, idOf);
  const underlayFamily = seen.some(({ vtep }) => vtep?.address.includes(':') === true) ? 6 : 4;
  const underlayMtu = Math.min(...mtusOf(links, members));
  const rtAdministrator = administratorOf(seen, clusterAsn);
  const hostnames = hostnamesOf(members);
  const used = new Set<number>();
  const names = vrfNames(members);
  const lifted = liftNetworks(members, rtAdministrator, underlayMtu - OVERHEAD[underlayFamily], names, used);
  const { vrfs, routeDistinguishers } = liftVrfs(members, names, lifted.networks, rtAdministrator, used);
  return {
    snapshot: {
      fabric: {
        id: 'fabric-imported' as FabricId,
        slug: Slug.parse('imported'),
        rtAdministrator,
        vtepUdpPort: seen.find(({ udpPort }) => udpPort !== null)?.udpPort ?? 4789,
        replication: 'INGRESS_EVPN',
        underlayFamily,
        underlayMtu,
        anycastGatewayMac: anycastMac ?? Mac.parse('00:1c:73:00:00:01'),
      },
      revision: 1,
      devices: members.map((member) => deviceOf(member, links, lifted.attachments, hostnames)),
      links,
      sessions: sessions.map((session) => sessionOf(session, idOf)),
      vrfs,
      networks: lifted.networks,
      attachments: lifted.attachments,
      vlanMappings: lifted.vlanMappings,
      routeDistinguishers: [...lifted.routeDistinguishers, ...routeDistinguishers],
    },
    notes: [...notes, ...lifted.notes, ...seen.flatMap(assumedVtep)],
  };
}

/** A slug for whatever name somebody gave a device. */
export function slugOf(name: string): Slug {
  const plain = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 56)
    .replace(/^-+|-+$/g, '');
  try {
    return Slug.parse(plain);
  } catch {
    return Slug.parse(`device-${plain}`.replace(/-+$/, '')); // `mgmt` and the like are reserved
  }
}

const HOSTNAME = /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,61}[A-Za-z0-9])?$/;

/** As devices say; two that say the same have the names that the caller gave them. */
function hostnamesOf(members: readonly Member[]): ReadonlyMap<DeviceId, string> {
  const count = new Map<string, number>();
  for (const { device } of members) count.set(device.hostname.toLowerCase(), (count.get(device.hostname.toLowerCase()) ?? 0) + 1);
  return new Map(
    members.flatMap(({ id, device: { hostname } }) =>
      HOSTNAME.test(hostname) && count.get(hostname.toLowerCase()) === 1 ? [[id, hostname]] : [],
    ),
  );
}

function assumedVtep({ name, vtep }: SeenDevice): readonly LiftNote[] {
  if (vtep?.isAssumed !== true) return [];
  return [
    {
      code: 'VTEP_ASSUMED',
      devices: [name],
      subject: `interface ${vtep.port}`,
      sentence: `the address of ${vtep.port} on ${name} was not shown: ${vtep.address}, its router id, is taken for it`,
      fix: `give the whole configuration of ${name}, or look whether ${vtep.port} has ${vtep.address}`,
    },
  ];
}

function deviceOf(
  { id, device }: Member,
  links: readonly LinkFacts[],
  attachments: FabricSnapshot['attachments'],
  hostnames: ReadonlyMap<DeviceId, string>,
): DeviceFacts {
  const used = [
    ...links.flatMap(({ ends }) => ends.flatMap((end) => (end.deviceId === id ? [String(end.port)] : []))),
    ...attachments.flatMap(({ deviceId, port }) => (deviceId === id && port !== null ? [String(port)] : [])),
  ];
  const { vtep, asn, routerId } = device;
  return {
    id,
    slug: slugOf(device.name),
    hostname: hostnames.get(id) ?? slugOf(device.name),
    platform: device.platform,
    vtep: vtep !== null && asn !== null && routerId !== null ? { address: vtep.address, routerId, asn } : null,
    ports: [...new Set(used)].map((name) => portOf(name, device.ports)),
    software: device.software,
    ...(device.platform === 'DEBIAN_FRR' && vtep !== null && isMade(vtep.port)
      ? { host: { loopback: DeviceName.parse(vtep.port), ports: [], bonds: [], bridges: [], vlans: [], nat: [] } }
      : {}),
    ...(device.management !== null && isPortName(device.management.port)
      ? { management: { port: PortName.parse(device.management.port), address: device.management.address } }
      : {}),
  };
}

/** A loopback beside `lo`, as people call them. */
const isMade = (name: string): boolean => /^(?:lo\d+|loopback\d*|dummy[\w-]*)$/.test(name) && name.length <= 15;

function portOf(name: string, ports: readonly SeenPort[]): PortFacts {
  const seen = ports.find((port) => port.name === name);
  return { name: PortName.parse(name), description: labelOf(seen?.description ?? null), mtu: seen?.mtu ?? null };
}

function labelOf(text: string | null): Label | null {
  try {
    return text === null ? null : Label.parse(text);
  } catch {
    return null; // no label of ours: the line stays with the device
  }
}

function linksOf(
  seen: readonly SeenDevice[],
  sessions: readonly PairedSession[],
  idOf: ReadonlyMap<SeenDevice, DeviceId>,
): readonly LinkFacts[] {
  const ofSessions = sessions.flatMap((session) => linkOfSession(session, idOf) ?? []);
  const taken = new Set(ofSessions.flatMap(({ ends }) => ends.map(({ deviceId, port }) => `${deviceId} ${port}`)));
  return [...ofSessions, ...linksBySubnet(seen, idOf, taken)];
}

/** The session runs between the two ends of a subnet; of one end only the port may be known. */
function linkOfSession({ ends: [a, b] }: PairedSession, idOf: ReadonlyMap<SeenDevice, DeviceId>): LinkFacts | undefined {
  const [left, right] = [portWith(a), portWith(b)];
  const length = left?.prefixLength ?? right?.prefixLength;
  if (left === undefined || right === undefined || length === undefined || !isSameSubnet(a.address, b.address, length)) return undefined;
  const end = ({ device, address }: PairedEnd, port: string): LinkEnd => ({
    deviceId: idOf.get(device) as DeviceId,
    port: PortName.parse(port),
    address,
  });
  return { prefix: subnetOf(a.address, length), ends: [end(a, left.port), end(b, right.port)] };
}

function portWith({ device, neighbor, address }: PairedEnd): { port: string; prefixLength: number | undefined } | undefined {
  for (const { name, addresses } of device.ports) {
    const own = addresses.find((one) => one.address === address);
    if (own !== undefined && isPortName(name)) return { port: name, prefixLength: own.prefixLength };
  }
  const { source } = neighbor;
  const isUnseen =
    source !== null && 'port' in source && !device.ports.some(({ name }) => name === source.port) && source.port !== device.vtep?.port;
  return isUnseen && isPortName(source.port) && /^(?:Ethernet|Port-Channel|[a-z])/.test(source.port)
    ? { port: source.port, prefixLength: undefined }
    : undefined;
}

/** Two ports, and no third, in one subnet: a cable over which no session of ours runs. */
function linksBySubnet(
  seen: readonly SeenDevice[],
  idOf: ReadonlyMap<SeenDevice, DeviceId>,
  taken: ReadonlySet<string>,
): readonly LinkFacts[] {
  const bySubnet = new Map<Cidr, LinkEnd[]>();
  for (const device of seen) {
    const deviceId = idOf.get(device) as DeviceId;
    for (const { name, addresses } of device.ports) {
      const [own, ...more] = addresses;
      const isLink =
        own !== undefined && more.length === 0 && own.prefixLength < (own.address.includes(':') ? 128 : 32) && isPortName(name);
      if (!isLink || taken.has(`${deviceId} ${name}`) || name === device.management?.port) continue;
      const subnet = subnetOf(own.address, own.prefixLength);
      bySubnet.set(subnet, [...(bySubnet.get(subnet) ?? []), { deviceId, port: PortName.parse(name), address: own.address }]);
    }
  }
  return [...bySubnet].flatMap(([prefix, [a, b, ...more]]) =>
    a === undefined || b === undefined || more.length > 0 || a.deviceId === b.deviceId ? [] : [{ prefix, ends: [a, b] as const }],
  );
}

function subnetOf(address: Ip, length: number): Cidr {
  const shift = BigInt((Ip.family(address) === 4 ? 32 : 128) - length);
  return Cidr.parse(`${Ip.fromBigInt(Ip.family(address), (Ip.toBigInt(address) >> shift) << shift)}/${length}`);
}

function sessionOf(
  { ends, families, keepaliveSeconds, holdSeconds }: PairedSession,
  idOf: ReadonlyMap<SeenDevice, DeviceId>,
): BgpSessionFacts {
  const [a, b] = ends;
  const end = (here: PairedEnd, there: PairedEnd): BgpSessionEnd => ({
    deviceId: idOf.get(here.device) as DeviceId,
    address: here.address,
    role:
      here.neighbor.reflects && !there.neighbor.reflects
        ? 'ROUTE_REFLECTOR'
        : there.neighbor.reflects && !here.neighbor.reflects
          ? 'ROUTE_REFLECTOR_CLIENT'
          : 'PEER',
  });
  const hops = a.device.asn === b.device.asn ? null : (a.neighbor.multihop ?? b.neighbor.multihop);
  return {
    ends: [end(a, b), end(b, a)],
    families,
    keepaliveSeconds,
    holdSeconds,
    ...(hops !== null && hops > 1 ? { multihop: hops } : {}),
  };
}

function mtusOf(links: readonly LinkFacts[], members: readonly Member[]): readonly number[] {
  const ports = new Map(members.flatMap(({ id, device }) => device.ports.map(({ name, mtu }) => [`${id} ${name}`, mtu])));
  const said = links.flatMap(({ ends }) => ends.map(({ deviceId, port }) => ports.get(`${deviceId} ${port}`) ?? DEFAULT_MTU));
  return said.length === 0 ? [DEFAULT_MTU] : said;
}

/** The number that stands most often in front of a VNI; else the AS, of which FRR takes the lower 16 bits. */
function administratorOf(seen: readonly SeenDevice[], clusterAsn: number | null): number {
  const votes = new Map<number, number>();
  for (const { networks } of seen) {
    for (const { vni, importTargets, exportTargets } of networks) {
      for (const target of [...importTargets, ...exportTargets] as readonly RouteTarget[]) {
        const [admin, number] = target.split(':').map(Number) as [number, number];
        if (number === vni && admin > 0 && admin <= 65_535) votes.set(admin, (votes.get(admin) ?? 0) + 1);
      }
    }
  }
  const [winner] = [...votes].sort(([a, m], [b, n]) => n - m || a - b);
  const asn = seen.find((device) => device.asn !== null)?.asn ?? clusterAsn ?? 65_000;
  return winner?.[0] ?? (Number(asn) % 65_536 || 65_000);
}
