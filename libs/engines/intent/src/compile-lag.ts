/** Aggregated links and MLAG pairs as one device sees them: each end is made of the one record, so the ends cannot disagree. */
import { compareNatural, type DeviceId, Ip, Mac } from '#engines/kernel';
import { compareIps } from './compare-ips.js';
import type { BgpIntent, BgpNeighborIntent } from './device-intent.js';
import type { FabricIndex } from './fabric-index.js';
import { groupBy } from './group-by.js';
import { known } from './known.js';
import type { DeviceFacts, FabricSnapshot, LagEnd, LagFacts, MlagFacts, MlagMember } from './snapshot.js';
import type { LagIntent, MlagIntent, SegmentIntent } from './switch-intent.js';

interface Aggregation {
  readonly lags: ReadonlyMap<DeviceId, readonly { readonly lag: LagFacts; readonly end: LagEnd }[]>;
  readonly mlags: ReadonlyMap<DeviceId, { readonly mlag: MlagFacts; readonly here: MlagMember; readonly there: MlagMember }>;
}

const aggregations = new WeakMap<FabricSnapshot, Aggregation>();

/** By device, once per snapshot: no device looks through the records of all others. */
function aggregationOf(snapshot: FabricSnapshot): Aggregation {
  const found = aggregations.get(snapshot);
  if (found) return found;
  const ends = (snapshot.lags ?? []).flatMap((lag) => lag.ends.map((end) => ({ lag, end })));
  const pairs = (snapshot.mlags ?? []).flatMap((mlag) => {
    const [a, b] = mlag.members;
    return [
      [a.deviceId, { mlag, here: a, there: b }],
      [b.deviceId, { mlag, here: b, there: a }],
    ] as const;
  });
  const made = { lags: groupBy(ends, ({ end }) => end.deviceId), mlags: new Map(pairs) };
  aggregations.set(snapshot, made);
  return made;
}

export function compileLags(index: FabricIndex, device: DeviceFacts): readonly LagIntent[] {
  const { lags, mlags } = aggregationOf(index.snapshot);
  return (lags.get(device.id) ?? [])
    .map(({ lag, end }) => {
      const hanging = hangingEnd(index, lag);
      const peers = end === hanging ? lag.ends.filter((other) => other !== end) : [hanging];
      const partner = mlags.get(device.id)?.there.deviceId;
      const isShared = end !== hanging && lag.ends.some(({ deviceId }) => deviceId === partner);
      return {
        name: end.name,
        members: [...end.members].sort(compareNatural),
        mode: lag.mode,
        peers: [...new Set(peers.map(({ deviceId }) => known(index.device.get(deviceId)).slug))].sort(compareNatural),
        segment: lag.segment !== null && end !== hanging ? segmentOf(lag.segment) : null,
        mlag: isShared ? Number(/[0-9]+$/.exec(end.name)?.[0]) : null,
      };
    })
    .sort((a, b) => compareNatural(a.name, b.name));
}

/** The end that hangs on the others; of two switches the last. */
export function hangingEnd(index: FabricIndex, { ends }: LagFacts): LagEnd {
  const others = ends.filter(({ deviceId }) => index.device.get(deviceId)?.platform !== 'ARISTA_EOS');
  return known(others.length === 1 ? others[0] : ends.at(-1));
}

function segmentOf(id: Mac): SegmentIntent {
  const digits = id.replaceAll(':', '');
  return {
    identifier: `0000:0000:${digits.slice(0, 4)}:${digits.slice(4, 8)}:${digits.slice(8)}`,
    importTarget: id,
    systemId: Mac.parse(id),
  };
}

export function compileMlag(index: FabricIndex, device: DeviceFacts): MlagIntent | null {
  const found = aggregationOf(index.snapshot).mlags.get(device.id);
  if (!found) return null;
  const { mlag, here, there } = found;
  return {
    domain: mlag.domain,
    vlan: mlag.vlan,
    peer: known(index.device.get(there.deviceId)).slug,
    peerLink: here.peerLink,
    peerLinkMembers: [...here.peerLinkMembers].sort(compareNatural),
    address: here.address,
    prefixLength: here.prefixLength,
    peerAddress: there.address,
    sharedVtep: mlag.sharedVtep ?? null,
  };
}

/**
 * Two switches of a pair are each other's way out and in when one has lost its own: BGP over the peer link, of the one record, so that both
 * have it. Where another protocol carries the loopbacks, it runs there instead. In an iBGP underlay each is the reflector of the other
 * (RFC 4456): what a spine said is not passed on otherwise. And each is the next hop of what it passes on, towards the spines too: nobody
 * else knows the addresses of the peer link. Cluster list and originator id keep a route from coming back.
 */
export function withPairSession(index: FabricIndex, device: DeviceFacts, bgp: BgpIntent | null): BgpIntent | null {
  const mlag = compileMlag(index, device);
  const peer = mlag && index.snapshot.devices.find(({ slug }) => slug === mlag.peer);
  const isBgp = (index.snapshot.fabric.underlay?.protocol ?? 'BGP') === 'BGP';
  if (!bgp || !mlag || !isBgp || !peer?.vtep) return bgp;
  const isInternal = peer.vtep.asn === bgp.asn;
  const reflects = isInternal && bgp.neighbors.some((other) => isInternalUnderlay(bgp, other));
  const session: BgpNeighborIntent = {
    address: mlag.peerAddress,
    port: null,
    remoteAsn: peer.vtep.asn,
    updateSource: mlag.address,
    description: mlag.peer,
    families: [Ip.family(mlag.address) === 4 ? 'IPV4_UNICAST' : 'IPV6_UNICAST'],
    routeReflectorClient: reflects,
    routeServerClient: false,
    isRouteServer: false,
    nextHopSelf: isInternal, // another AS gets it anyway
    keepaliveSeconds: 20,
    holdSeconds: 60,
    bfd: null,
    multihop: null,
    passwordSecret: null,
    domain: 'LOCAL',
  };
  const others = bgp.neighbors.map((other) => (reflects && isInternalUnderlay(bgp, other) ? { ...other, nextHopSelf: true } : other));
  return { ...bgp, neighbors: [...others, session].sort((a, b) => compareIps(a.address, b.address)) };
}

const isInternalUnderlay = ({ asn }: BgpIntent, { remoteAsn, families }: BgpNeighborIntent): boolean =>
  remoteAsn === asn && families.some((family) => family !== 'L2VPN_EVPN');

/** Where frames for a device are sent: the shared address of a pair, or its own. */
export function tunnelAddress(index: FabricIndex, device: DeviceFacts): Ip {
  return aggregationOf(index.snapshot).mlags.get(device.id)?.mlag.sharedVtep ?? known(device.vtep).address;
}
