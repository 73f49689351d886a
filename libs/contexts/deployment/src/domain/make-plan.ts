/** From intent to plan: pure, so that the same intent and the same records give the same plan, whoever makes it and when. */
import type { DeviceIntent, FabricIntent } from '#engines/intent';
import { canonicalJson, type DeviceId, digest } from '#engines/kernel';
import { diffText } from '#engines/reconcile';
import type { Artefact } from '#engines/rendering';
import type { DeviceRecord, PlanItem, Risk } from './plan.js';
import { isPushed, pushedArtefacts, withheldBecause } from './pushed-artefacts.js';

export type DraftItem = Omit<PlanItem, 'state' | 'attempt' | 'error'>;

export interface DraftPlan {
  readonly targetRevision: number;
  readonly items: readonly DraftItem[];
  readonly risk: Risk;
  readonly digest: string;
  /** Devices that do already what is asked: they are at the target revision without a push. */
  readonly settled: readonly DeviceId[];
  /** Devices that nothing may be pushed to, and why: an order that waits for one is undone when its time is over. */
  readonly withheld: readonly { readonly slug: string; readonly because: string }[];
}

/** Share of a device's networks that one plan may take away without a person, and the number below which nobody is asked. */
const MAX_REMOVED_RATIO = 0.1;
const MAX_REMOVED_UNASKED = 5;

export function makeDeploymentPlan(
  intent: FabricIntent,
  records: ReadonlyMap<DeviceId, DeviceRecord>,
  only?: ReadonlySet<DeviceId>,
): DraftPlan {
  const settled: DeviceId[] = [];
  const withheld: { slug: string; because: string }[] = [];
  const changed: { device: DeviceIntent; artefacts: readonly Artefact[]; desiredDigest: string; record: DeviceRecord | undefined }[] = [];
  for (const device of intent.devices) {
    if (!isPushed(device)) {
      settled.push(device.deviceId); // nothing of ours to wait for
      continue;
    }
    const record = records.get(device.deviceId);
    const artefacts = pushedArtefacts(device);
    const because = withheldBecause(device, artefacts);
    if (because !== null) {
      withheld.push({ slug: device.slug, because });
      continue;
    }
    const desiredDigest = artefactsDigest(artefacts);
    if (record && !record.isUncertain && record.verifiedDigest === desiredDigest) settled.push(device.deviceId);
    else if (!record?.isResting && (!only || only.has(device.deviceId))) changed.push({ device, artefacts, desiredDigest, record });
  }
  const items = changed.map(
    ({ device, artefacts, desiredDigest, record }): Omit<DraftItem, 'wave'> => ({
      deviceId: device.deviceId,
      slug: device.slug,
      desiredDigest,
      artefacts,
      intent: device,
      diff: diffArtefacts(record?.verifiedArtefacts ?? [], artefacts),
      risk: riskOf(device, record),
    }),
  );
  return draft(intent.revision, items, settled, withheld);
}

/** The part of a plan that needs no person: everyday work does not wait for an approval that something else needs. */
export const everydayPart = (plan: DraftPlan): DraftPlan =>
  draft(plan.targetRevision, plan.items.filter(isEveryday), plan.settled, plan.withheld);

/** The other part. */
export const attendedPart = (plan: DraftPlan): DraftPlan =>
  draft(
    plan.targetRevision,
    plan.items.filter((item) => !isEveryday(item)),
    plan.settled,
    plan.withheld,
  );

const isEveryday = ({ risk }: DraftItem): boolean => risk === 'NONE' || risk === 'LOW';

function draft(
  targetRevision: number,
  items: readonly Omit<DraftItem, 'wave'>[],
  settled: readonly DeviceId[],
  withheld: DraftPlan['withheld'],
): DraftPlan {
  const waves = items.map((item, index) => ({ ...item, wave: index === 0 ? 0 : 1 }));
  // Without the revision: an order elsewhere does not make a plan another one while somebody reads it.
  const identity = waves.map((item) => [item.slug, item.wave, item.desiredDigest, item.diff]);
  return {
    targetRevision,
    items: waves,
    risk: items.reduce<Risk>((worst, item) => higher(worst, item.risk), 'NONE'),
    digest: digest(identity),
    settled,
    withheld,
  };
}

/** Over paths and contents: the identity of what a device shall carry. */
export function artefactsDigest(artefacts: readonly Artefact[]): string {
  return digest(
    [...artefacts]
      .sort((a, b) => (a.path < b.path ? -1 : 1))
      .map((artefact) => [artefact.path, artefact.mode, artefact.owner, artefact.sha256]),
  );
}

/** HIGH: the underlay, the wiring, or a first takeover (a person approves). MEDIUM: more networks go than usual. LOW: everyday work. */
function riskOf(device: DeviceIntent, record: DeviceRecord | undefined): Risk {
  const before = record?.verifiedIntent;
  if (!before) return 'HIGH';
  if (canonicalJson(foundation(before)) !== canonicalJson(foundation(device))) return 'HIGH';
  const kept = new Set(device.l2vnis.map((network) => network.vni));
  const removed = before.l2vnis.filter((network) => !kept.has(network.vni)).length;
  return removed > MAX_REMOVED_UNASKED && removed / before.l2vnis.length > MAX_REMOVED_RATIO ? 'MEDIUM' : 'LOW';
}

/** What customers' networks stand on, and by which people reach the device: orders never change it. */
function foundation(intent: DeviceIntent): unknown {
  const { vtep, underlayPorts, bgp, igp, hostname, host, lags, mlag, adopted, vrfs } = intent;
  const ways = vrfs.flatMap(({ name, exit }) =>
    exit ? [{ name, isPreferred: exit.isPreferred, gateways: exit.gateways, snat: exit.snat }] : [],
  );
  return withoutNothing({ vtep, underlayPorts, bgp, igp, hostname, host, lags, mlag, adopted, switch: intent.switch, ways });
}

/** An intent that was kept by an older release does not have what came later: absent, null, false and empty are one. */
function withoutNothing(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map((item) => withoutNothing(item) ?? null);
  if (value === null || typeof value !== 'object') return value === null || value === false ? undefined : value;
  const entries = Object.entries(value).flatMap(([key, item]) => {
    const kept = withoutNothing(item);
    return kept === undefined ? [] : [[key, kept]];
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

const ORDER: readonly Risk[] = ['NONE', 'LOW', 'MEDIUM', 'HIGH'];
const higher = (a: Risk, b: Risk): Risk => (ORDER.indexOf(a) >= ORDER.indexOf(b) ? a : b);

function diffArtefacts(before: readonly Artefact[], after: readonly Artefact[]): string {
  const old = new Map(before.map((artefact) => [artefact.path, artefact.content]));
  const fresh = new Map(after.map((artefact) => [artefact.path, artefact.content]));
  return [...new Set([...old.keys(), ...fresh.keys()])]
    .sort()
    .filter((path) => old.get(path) !== fresh.get(path))
    .map((path) => diffText(old.get(path) ?? '', fresh.get(path) ?? '', { before: path, after: path }))
    .join('');
}
