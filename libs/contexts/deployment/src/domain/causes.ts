/** Why a device's configuration changes, in objects that people know: the difference of two intents, not of two texts. */
import type { DeviceIntent, L2VniIntent } from '#engines/intent';
import { canonicalJson, compareNatural, type DeviceId } from '#engines/kernel';
import { withoutNothing } from './without-nothing.js';

/** SUBNET and ATTACHMENT say more of a network that is changed: its gateway, and a place where it comes out on the device. */
export type CauseKind = 'NETWORK' | 'SUBNET' | 'ATTACHMENT' | 'VRF' | 'SESSION' | 'PORT' | 'LAG' | 'PAIR' | 'DEVICE';
export type CauseVerb = 'ADDED' | 'CHANGED' | 'REMOVED';

export interface Cause {
  readonly kind: CauseKind;
  /** Of a session the device at the other end, of a pair its domain, of a port and a LAG their name; `10.20.0.1/24 of web`, `web on Ethernet2`. */
  readonly slug: string;
  readonly verb: CauseVerb;
  /** Of a DEVICE what of it: `vtep`, `host`, `bgp` …; `rendering` where the same intent is written otherwise than before. */
  readonly subject: string | null;
  /** Of a network, VRF, attachment or device; absent where there is none, or none any more. */
  readonly id?: string;
}

/** Ids by `causeKey`, of attachments with the device in front. */
export type CauseIds = ReadonlyMap<string, string>;
export const causeKey = (kind: CauseKind, slug: string): string => `${kind} ${slug}`;

/** What is called so by people, and what it is in the database. @param ids of the fabric as it is asked for now. */
export function identified(deviceId: DeviceId, causes: readonly Cause[], ids: CauseIds = new Map()): readonly Cause[] {
  return causes.map((cause) => {
    const key = causeKey(cause.kind === 'SESSION' ? 'DEVICE' : cause.kind, cause.slug);
    const id = ids.get(cause.kind === 'ATTACHMENT' ? `${deviceId} ${key}` : key);
    return id === undefined ? cause : { ...cause, id };
  });
}

/** Sorted by kind and name. @param before what was last confirmed on it; null: it was not ours. */
export function causesOf(before: DeviceIntent | null, after: DeviceIntent): readonly Cause[] {
  const causes = [
    ...differences('NETWORK', networks(before), networks(after)),
    ...partsOfChanged(before, after),
    ...differences(
      'VRF',
      keyed(before?.vrfs, ({ name }) => name),
      keyed(after.vrfs, ({ name }) => name),
    ),
    ...differences('SESSION', sessions(before), sessions(after)),
    ...differences(
      'PORT',
      keyed(before?.underlayPorts, ({ port }) => port),
      keyed(after.underlayPorts, ({ port }) => port),
    ),
    ...differences(
      'LAG',
      keyed(before?.lags, ({ name }) => name),
      keyed(after.lags, ({ name }) => name),
    ),
    ...differences('PAIR', pair(before), pair(after)),
    ...(before ? subjects(before, after) : [cause('DEVICE', after.slug, 'ADDED')]),
  ];
  return causes.sort((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) || compareNatural(a.slug, b.slug));
}

/** The same intent, written otherwise: a newer release, or the device was read and differs. */
export const sameIntentRewritten = (slug: string): Cause => cause('DEVICE', slug, 'CHANGED', 'rendering');

const KINDS: readonly CauseKind[] = ['DEVICE', 'PAIR', 'LAG', 'PORT', 'SESSION', 'VRF', 'NETWORK', 'SUBNET', 'ATTACHMENT'];
const cause = (kind: CauseKind, slug: string, verb: CauseVerb, subject: string | null = null): Cause => ({ kind, slug, verb, subject });
type Keyed = ReadonlyMap<string, unknown>;

function differences(kind: CauseKind, before: Keyed, after: Keyed): Cause[] {
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((slug) => {
    if (!before.has(slug)) return [cause(kind, slug, 'ADDED')];
    if (!after.has(slug)) return [cause(kind, slug, 'REMOVED')];
    return same(before.get(slug), after.get(slug)) ? [] : [cause(kind, slug, 'CHANGED')];
  });
}

const same = (a: unknown, b: unknown): boolean => canonicalJson(withoutNothing(a) ?? null) === canonicalJson(withoutNothing(b) ?? null);

function keyed<T>(items: readonly T[] | undefined, keyOf: (item: T) => string): Keyed {
  return new Map((items ?? []).map((item) => [keyOf(item), item]));
}

/** A network with the places where it comes out on this device. */
function networks(intent: DeviceIntent | null): Keyed {
  const places = new Map<number, unknown[]>();
  for (const { port, members } of intent?.edgePorts ?? [])
    for (const { vni, vlan, tagging } of members) places.set(vni, [...(places.get(vni) ?? []), { port, vlan, tagging }]);
  return new Map((intent?.l2vnis ?? []).map((network) => [network.networkSlug, { ...onDevice(network), places: places.get(network.vni) }]));
}

/** Of networks that were there and are: gateways and places that are other ones. A network that comes or goes speaks for all of it. */
function partsOfChanged(before: DeviceIntent | null, after: DeviceIntent): Cause[] {
  const was = new Map(before?.l2vnis.map((network) => [network.networkSlug, network]));
  return after.l2vnis.flatMap((network) => {
    const earlier = was.get(network.networkSlug);
    if (!before || !earlier) return [];
    return [
      ...differences('SUBNET', gateways(earlier), gateways(network)),
      ...differences('ATTACHMENT', places(before, earlier), places(after, network)),
    ];
  });
}

const gateways = ({ networkSlug, gateways: all }: L2VniIntent): Keyed =>
  new Map(all.map((gateway) => [`${gateway.address}/${gateway.prefixLength} of ${networkSlug}`, gateway]));

const places = ({ edgePorts }: DeviceIntent, { networkSlug, vni }: L2VniIntent): Keyed =>
  new Map(
    edgePorts.flatMap(({ port, members }) =>
      members.flatMap((member) => (member.vni === vni ? [[`${networkSlug} on ${port}`, member]] : [])),
    ),
  );

/** Who else carries it is written on the device only where it replicates to a list. */
const onDevice = ({ remoteVteps, ...network }: L2VniIntent): object =>
  network.replication === 'INGRESS_STATIC' ? { ...network, remoteVteps } : network;

/** Two sessions with one device are told apart by their addresses. */
function sessions(intent: DeviceIntent | null): Keyed {
  const found = new Map<string, unknown[]>();
  for (const neighbor of intent?.bgp?.neighbors ?? [])
    found.set(neighbor.description, [...(found.get(neighbor.description) ?? []), neighbor]);
  return found;
}

const pair = (intent: DeviceIntent | null): Keyed => new Map(intent?.mlag ? [[intent.mlag.domain, intent.mlag]] : []);

/** What a device has once. A network's VLAN or bridge is the network's, whatever else is derived from it. */
const SUBJECTS = [
  'hostname',
  'platform',
  'vtep',
  'igp',
  'host',
  'vtepDevice',
  'openvswitch',
  'libvirt',
  'opennebula',
  'openbsd',
  'comware',
  'switch',
  'software',
  'adopted',
  'anycastGatewayMac',
] as const satisfies readonly (keyof DeviceIntent)[];

function subjects(before: DeviceIntent, after: DeviceIntent): Cause[] {
  const bgp = ({ bgp: speaker }: DeviceIntent): unknown => speaker && { ...speaker, neighbors: [] };
  const changed: string[] = SUBJECTS.filter((subject) => !same(before[subject], after[subject]));
  if (!same(bgp(before), bgp(after))) changed.push('bgp');
  return changed.map((subject) => cause('DEVICE', after.slug, 'CHANGED', subject));
}
