/** Why a person is asked before a device is changed. Everything else is everyday work and is approved by policy. */
import type { DeviceIntent } from '#engines/intent';
import { canonicalJson, type DeviceId, type PlanId } from '#engines/kernel';
import type { Cause, CauseIds } from './causes.js';
import { changedManagementPort, type ManagementPath } from './management-path.js';
import { type TakeoverReading, takeoverReason } from './takeover.js';
import { withoutNothing } from './without-nothing.js';
import type { SecretVersions } from './pushed-artefacts.js';

/** What is known of a fabric beside its intent when a plan is made. */
export interface PlanCircumstances {
  /** What the objects of the fabric are in the database; none where it is not given. */
  readonly ids?: CauseIds;
  /** Devices of which an order wants a person to see what is pushed, and why. */
  readonly attended?: ReadonlyMap<DeviceId, string>;
  /** The secrets that are set; none where it is not given. */
  readonly secrets?: SecretVersions;
  readonly management: ReadonlyMap<DeviceId, ManagementPath>;
  /** Slugs of networks that only change with a person's approval. */
  readonly protectedNetworks: ReadonlySet<string>;
  readonly locks: ReadonlyMap<
    DeviceId,
    { readonly reason: string; readonly heldBy: string; readonly until: Date; readonly planId?: PlanId | null }
  >;
  /** Devices that nobody writes to: part of the intent, as others have sessions with them, and of no plan. */
  readonly observed?: ReadonlySet<DeviceId>;
  /** Readings of devices that are taken over; where this is given, none of them is planned for before it was read. */
  readonly takeovers?: ReadonlyMap<DeviceId, TakeoverReading>;
  /** Devices that a person, or another tool, configures. */
  readonly external?: ReadonlySet<DeviceId>;
  /** The digest that a person was asked to bring a device to, and has not confirmed. */
  readonly awaited?: ReadonlyMap<DeviceId, string>;
  /** By `barKey`: why a rollout of exactly this was stopped. */
  readonly barred: ReadonlyMap<string, string>;
}

export const barKey = (deviceId: DeviceId, digest: string): string => `${deviceId} ${digest}`;

/** Share of a device's networks that one plan may take away without a person, and the number below which nobody is asked. */
const MAX_REMOVED_RATIO = 0.1;
const MAX_REMOVED_UNASKED = 5;
/** The same for the devices of a fabric that one plan changes. */
const MAX_CHANGED_RATIO = 0.2;
const MAX_CHANGED_UNASKED = 10;

/** One sentence each; none: nobody is asked. @param before what was last confirmed on it; null: it was not ours. */
export function riskReasons(
  device: DeviceIntent,
  before: DeviceIntent | null,
  causes: readonly Cause[],
  desiredDigest: string,
  { management, protectedNetworks, barred, takeovers }: PlanCircumstances,
): readonly string[] {
  const reasons: string[] = [];
  const stopped = barred.get(barKey(device.deviceId, desiredDigest));
  if (stopped !== undefined) reasons.push(`A rollout of exactly this to ${device.slug} was stopped: ${stopped}`);
  if (before === null) return [...reasons, takeoverReason(device.slug, desiredDigest, takeovers?.get(device.deviceId))];
  const shaken = changedFoundations(before, device);
  if (shaken.length > 0) reasons.push(`What the networks of ${device.slug} stand on changes: ${shaken.join(', ')}.`);
  const path = management.get(device.deviceId);
  const port = path ? changedManagementPort(before, device, path) : null;
  if (port !== null) reasons.push(`${device.slug} is managed over ${port}, and that changes.`);
  for (const { kind, slug, verb } of causes)
    if (kind === 'NETWORK' && protectedNetworks.has(slug))
      reasons.push(`The protected network ${slug} is ${verb.toLowerCase()} on ${device.slug}.`);
  const removed = causes.filter(({ kind, verb }) => kind === 'NETWORK' && verb === 'REMOVED').length;
  if (removed > MAX_REMOVED_UNASKED && removed / before.l2vnis.length > MAX_REMOVED_RATIO)
    reasons.push(`${removed} of the ${before.l2vnis.length} networks on ${device.slug} are removed.`);
  return reasons;
}

/** Of a plan as a whole. */
export function spreadReason(changed: number, all: number): string | null {
  if (changed <= MAX_CHANGED_UNASKED || changed / all <= MAX_CHANGED_RATIO) return null;
  return `${changed} of the ${all} devices of the fabric change.`;
}

/** What customers' networks stand on, and by which people reach the device: orders never change it. */
function changedFoundations(before: DeviceIntent, after: DeviceIntent): string[] {
  const [was, is] = [foundations(before), foundations(after)];
  return Object.keys(is).filter(
    (name) => canonicalJson(withoutNothing(was[name]) ?? null) !== canonicalJson(withoutNothing(is[name]) ?? null),
  );
}

function foundations({
  vtep,
  underlayPorts,
  bgp,
  igp,
  hostname,
  host,
  lags,
  mlag,
  adopted,
  vrfs,
  ...rest
}: DeviceIntent): Record<string, unknown> {
  const exits = vrfs.flatMap(({ name, exit }) =>
    exit ? [{ name, isPreferred: exit.isPreferred, gateways: exit.gateways, snat: exit.snat }] : [],
  );
  return {
    VTEP: vtep,
    'underlay ports': underlayPorts,
    BGP: bgp,
    IGP: igp,
    'host name': hostname,
    'interfaces of the host': host,
    LAGs: lags,
    MLAG: mlag,
    'what was adopted': adopted,
    'settings of the switch': rest.switch,
    'the cluster': rest.proxmox,
    'exits of VRFs': exits,
  };
}
