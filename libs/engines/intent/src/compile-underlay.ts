/** The part of a device that does not depend on customer networks: routed ports and BGP sessions. */
import { Cidr, compareNatural, type DeviceId, Ip } from '#engines/kernel';
import { compareIps } from './compare-ips.js';
import type { BgpIntent, BgpNeighborIntent, UnderlayPortIntent } from './device-intent.js';
import type { FabricIndex } from './fabric-index.js';
import { groupBy } from './group-by.js';
import { known } from './known.js';
import type { BgpSessionEnd, BgpSessionFacts, DeviceFacts, FabricSnapshot } from './snapshot.js';

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
  return (index.linkEndsOfDevice.get(device.id) ?? [])
    .map(({ port, address, prefix }) => ({
      port,
      address,
      prefixLength: Cidr.length(prefix),
      mtu: ports.get(port)?.mtu ?? null,
      description: ports.get(port)?.description ?? null,
    }))
    .sort((a, b) => compareNatural(a.port, b.port) || compareIps(a.address, b.address));
}

export function compileBgp(index: FabricIndex, sessions: SessionsOfDevice, device: DeviceFacts): BgpIntent | null {
  if (!device.vtep) return null;
  const { asn, routerId, address } = device.vtep;
  return {
    asn,
    routerId,
    neighbors: (sessions.get(device.id) ?? []).map((seen) => compileNeighbor(index, seen)).sort((a, b) => compareIps(a.address, b.address)),
    originate: [Cidr.parse(`${address}/${Ip.family(address) === 4 ? 32 : 128}`)],
  };
}

function compileNeighbor(index: FabricIndex, { session, here, there }: SessionSeen): BgpNeighborIntent {
  const peer = known(index.device.get(there.deviceId));
  const reflects = here.role === 'ROUTE_REFLECTOR' && there.role === 'ROUTE_REFLECTOR_CLIENT';
  return {
    address: there.address,
    remoteAsn: known(peer.vtep).asn,
    updateSource: here.address,
    description: peer.slug,
    families: [...new Set(session.families)].sort(),
    routeReflectorClient: reflects,
    // A reflected underlay route keeps the next hop of a link that the other clients do not know: the reflector is in the path.
    nextHopSelf: reflects && session.families.some((family) => family !== 'L2VPN_EVPN'),
    keepaliveSeconds: session.keepaliveSeconds,
    holdSeconds: session.holdSeconds,
  };
}
