/** The part of a device that does not depend on customer networks: routed ports and BGP sessions. */
import { Cidr, compareNatural, type DeviceId, Ip } from '#engines/kernel';
import { compareIps } from './compare-ips.js';
import type { BgpIntent, BgpNeighborIntent, IgpIntent, UnderlayPortIntent } from './device-intent.js';
import type { FabricIndex } from './fabric-index.js';
import { groupBy } from './group-by.js';
import { known } from './known.js';
import type { BgpSessionEnd, BgpSessionFacts, DeviceFacts, FabricSnapshot, UnderlayProtocol } from './snapshot.js';

interface SessionSeen {
  readonly session: BgpSessionFacts;
  readonly here: BgpSessionEnd;
  readonly there: BgpSessionEnd;
}
export type SessionsOfDevice = ReadonlyMap<DeviceId, readonly SessionSeen[]>;

/** Each session twice, once from either end: the two ends are rendered from the one record. */
export function sessionsByDevice(snapshot: FabricSnapshot): SessionsOfDevice {
  const seen = snapshot.sessions.flatMap((session) => {
    const [a, b] = session.ends;
    return [
      { session, here: a, there: b },
      { session, here: b, there: a },
    ];
  });
  return groupBy(seen, ({ here }) => here.deviceId);
}

export function compileUnderlayPorts(index: FabricIndex, device: DeviceFacts): readonly UnderlayPortIntent[] {
  const ports = new Map(device.ports.map((port) => [port.name, port]));
  const borrowed = protocolOf(index) === 'BGP' ? null : (device.vtep?.address ?? null);
  return (index.linkEndsOfDevice.get(device.id) ?? [])
    .map(({ port, address, prefix }) => ({
      port,
      address: address ?? borrowed,
      prefixLength: prefix === null ? hostLength(borrowed) : Cidr.length(prefix),
      mtu: ports.get(port)?.mtu ?? null,
      description: ports.get(port)?.description ?? null,
    }))
    .sort((a, b) => compareNatural(a.port, b.port) || compareNatural(String(a.address), String(b.address)));
}

/** Null where BGP carries the loopbacks, and for a device without one. */
export function compileIgp(index: FabricIndex, device: DeviceFacts): IgpIntent | null {
  const protocol = protocolOf(index);
  const { underlay } = index.snapshot.fabric;
  if (protocol === 'BGP' || !device.vtep) return null;
  const area = underlay?.area ?? (protocol === 'OSPF' ? '0.0.0.0' : '49.0001');
  return {
    protocol,
    area,
    net: protocol === 'OSPF' ? null : networkEntityTitle(area, device.vtep.routerId),
    ports: [...new Set((index.linkEndsOfDevice.get(device.id) ?? []).map(({ port }) => port))].sort(compareNatural),
    bfd: underlay?.bfd ?? null,
  };
}

const protocolOf = (index: FabricIndex): UnderlayProtocol => index.snapshot.fabric.underlay?.protocol ?? 'BGP';
const hostLength = (address: Ip | null): number => (address !== null && Ip.family(address) === 6 ? 128 : 32);

/** Area, the twelve digits of the router id as system id, and selector 00: 172.16.1.51 → `49.0001.1720.1600.1051.00` (ISO 10589 §7.1). */
function networkEntityTitle(area: string, routerId: Ip): string {
  const digits = routerId
    .split('.')
    .map((octet) => octet.padStart(3, '0'))
    .join('');
  return [area, digits.slice(0, 4), digits.slice(4, 8), digits.slice(8), '00'].join('.');
}

export function compileBgp(index: FabricIndex, sessions: SessionsOfDevice, device: DeviceFacts): BgpIntent | null {
  if (!device.vtep) return null;
  const { asn, routerId, address } = device.vtep;
  return {
    asn,
    routerId,
    neighbors: (sessions.get(device.id) ?? [])
      .map((seen) => compileNeighbor(index, seen))
      .sort((a, b) => compareIps(a.address, b.address) || compareNatural(String(a.port), String(b.port))),
    // Another protocol of the underlay has the loopback already; twice, BGP's would win over it and hide it.
    originate: protocolOf(index) === 'BGP' ? [Cidr.parse(`${address}/${hostLength(address)}`)] : [],
    loopbacks: [...new Set(index.snapshot.fabric.underlay?.loopbacks ?? [])].sort(compareNatural),
  };
}

function compileNeighbor(index: FabricIndex, { session, here, there }: SessionSeen): BgpNeighborIntent {
  const peer = known(index.device.get(there.deviceId));
  const { passwordSecret = null, multihop = null, domain = 'LOCAL' } = session;
  const reflects = here.role === 'ROUTE_REFLECTOR' && there.role === 'ROUTE_REFLECTOR_CLIENT';
  return {
    address: there.address,
    port: here.port ?? null,
    remoteAsn: known(peer.vtep).asn,
    updateSource: here.address,
    description: peer.slug,
    families: [...new Set(session.families)].sort(),
    routeReflectorClient: reflects,
    routeServerClient: here.role === 'ROUTE_SERVER' && there.role === 'ROUTE_SERVER_CLIENT',
    isRouteServer: there.role === 'ROUTE_SERVER',
    // A reflected underlay route keeps the next hop of a link that the other clients do not know: the reflector is in the path.
    nextHopSelf: reflects && session.families.some((family) => family !== 'L2VPN_EVPN'),
    keepaliveSeconds: session.keepaliveSeconds,
    holdSeconds: session.holdSeconds,
    bfd: session.bfd ?? index.snapshot.fabric.underlay?.bfd ?? null,
    multihop,
    passwordSecret,
    domain,
  };
}
