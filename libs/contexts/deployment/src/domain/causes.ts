/** Why a device's configuration changes, in objects that people know: the difference of two intents, not of two texts. */
import type { DeviceIntent, L2VniIntent } from '#engines/intent';
import { canonicalJson, compareNatural } from '#engines/kernel';
import { withoutNothing } from './without-nothing.js';

export type CauseKind = 'NETWORK' | 'VRF' | 'SESSION' | 'PORT' | 'LAG' | 'PAIR' | 'DEVICE';
export type CauseVerb = 'ADDED' | 'CHANGED' | 'REMOVED';

export interface Cause {
  readonly kind: CauseKind;
  /** Of a session the device at the other end, of a pair its domain, of a port and a LAG their name. */
  readonly slug: string;
  readonly verb: CauseVerb;
  /** Of a DEVICE what of it: `vtep`, `host`, `bgp` …; `rendering` where the same intent is written otherwise than before. */
  readonly subject: string | null;
}

/** Sorted by kind and name. @param before what was last confirmed on it; null: it was not ours. */
export function causesOf(before: DeviceIntent | null, after: DeviceIntent): readonly Cause[] {
  const causes = [
    ...differences('NETWORK', networks(before), networks(after)),
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

const KINDS: readonly CauseKind[] = ['DEVICE', 'PAIR', 'LAG', 'PORT', 'SESSION', 'VRF', 'NETWORK'];
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
