/** From intent to plan: pure, so that the same intent and the same records give the same plan, whoever makes it and when. */
import type { DeviceIntent, FabricIntent } from '#engines/intent';
import { type DeviceId, digest } from '#engines/kernel';
import { diffText } from '#engines/reconcile';
import type { Artefact } from '#engines/rendering';
import { causesOf, identified, sameIntentRewritten } from './causes.js';
import { hunksOf } from './hunks.js';
import type { DeviceRecord, PlanItem, Risk } from './plan.js';
import { isServed, pushedArtefacts, secretsOf, type SecretVersions, withheldBecause } from './pushed-artefacts.js';
import { snippetsOf } from './external/snippet.js';
import { redundancyGroups } from './redundancy-groups.js';
import { type PlanCircumstances, riskReasons, spreadReason } from './risk.js';
import { type Strategy, strategyFor, type StrategyWish } from './strategy.js';
import { isReadFor, isTakeover, takeoverReason } from './takeover.js';
import { assignWaves } from './waves.js';

export type DraftItem = Omit<PlanItem, 'state' | 'attempt' | 'error' | 'confirmedBy'>;
export type Changed = Omit<DraftItem, 'wave' | 'step'> & { readonly isSwitch: boolean; readonly isReflector: boolean };

export interface DraftPlan {
  readonly targetRevision: number;
  readonly items: readonly DraftItem[];
  readonly risk: Risk;
  /** A person has said so: the way by which its devices are managed may change. */
  readonly mayTouchManagement?: boolean;
  readonly strategy: Strategy;
  readonly digest: string;
  /** Devices that do already what is asked: they are at the target revision without a push. */
  readonly settled: readonly DeviceId[];
  /** Devices that nothing may be pushed to, and why: an order that waits for one is undone when its time is over. */
  readonly withheld: readonly Withheld[];
}

export interface Withheld {
  readonly deviceId: DeviceId;
  readonly slug: string;
  readonly because: string;
  /** Somebody works on it: orders wait for the end of that. */
  readonly isLocked: boolean;
}

/** A draft before anybody said how it is rolled out. */
export interface Draft {
  readonly targetRevision: number;
  readonly changed: readonly Changed[];
  readonly settled: readonly DeviceId[];
  readonly withheld: readonly Withheld[];
  /** Devices that a person was asked already to bring to exactly this. */
  readonly awaited: readonly DeviceId[];
}

/** What of a fabric would be pushed. @param only these devices; all where it is not given. */
export function draftPlan(
  intent: FabricIntent,
  records: ReadonlyMap<DeviceId, DeviceRecord>,
  circumstances: PlanCircumstances,
  only?: ReadonlySet<DeviceId>,
): Draft {
  const settled: DeviceId[] = [];
  const withheld: Withheld[] = [];
  const awaited: DeviceId[] = [];
  const changed: Changed[] = [];
  const isExternal = (device: DeviceIntent): boolean => circumstances.external?.has(device.deviceId) === true || !isServed(device);
  const devices = intent.devices.filter(({ deviceId }) => circumstances.observed?.has(deviceId) !== true);
  const groups = redundancyGroups([...intent.devices, ...[...records.values()].flatMap(({ verifiedIntent }) => verifiedIntent ?? [])]);
  for (const device of devices) {
    const { deviceId, slug } = device;
    const record = records.get(deviceId);
    const artefacts = pushedArtefacts(device);
    const because = isExternal(device) ? null : withheldBecause(device, artefacts, circumstances.secrets);
    if (because !== null) {
      withheld.push({ deviceId, slug, because, isLocked: false });
      continue;
    }
    const desiredDigest = artefactsDigest(artefacts, circumstances.secrets);
    if (record && !record.isUncertain && record.isRetaken !== true && record.verifiedDigest === desiredDigest) {
      settled.push(deviceId);
      continue;
    }
    if (circumstances.awaited?.get(deviceId) === desiredDigest) {
      awaited.push(deviceId);
      continue;
    }
    if (
      circumstances.takeovers !== undefined &&
      !isExternal(device) &&
      isTakeover(device, record) &&
      !isReadFor(circumstances.takeovers.get(deviceId), desiredDigest)
    )
      continue; // It is read first, a moment from now: its plan says what changes there.
    const lock = circumstances.locks.get(deviceId);
    if (lock) withheld.push({ deviceId, slug, because: lockedBecause(lock), isLocked: true });
    else if (!record?.isResting && (!only || only.has(deviceId)))
      changed.push(changedItem(device, record, artefacts, desiredDigest, groups.get(slug) ?? [], circumstances, isExternal(device)));
  }
  const pushed = changed.filter((item) => !item.isExternal);
  const spread = spreadReason(pushed.length, devices.filter((device) => !isExternal(device)).length);
  return {
    targetRevision: intent.revision,
    changed: spread === null ? changed : changed.map((item) => asked(item, spread)),
    settled,
    withheld,
    awaited,
  };
}

/** The whole of a draft as one plan. @param soakSeconds of what is more than everyday work. */
export const wholePlan = (draft: Draft, soakSeconds: number, wish?: StrategyWish): DraftPlan =>
  rollOut(draft, draft.changed, soakSeconds, wish);

/** The same where a person lets the way by which devices are managed change: never everyday work, and another plan than without it. */
export function unguardedPlan(draft: Draft, soakSeconds: number, wish?: StrategyWish): DraftPlan {
  return mayTouchManagement(rollOut(draft, unguarded(draft.changed), soakSeconds, wish));
}

/** A person has to see these, and is told why. */
export const unguarded = (changed: readonly Changed[]): readonly Changed[] =>
  changed.map((item) => asked(item, `The way by which ${item.slug} is managed may change: a person has said so.`));

export const mayTouchManagement = (plan: DraftPlan): DraftPlan => ({
  ...plan,
  mayTouchManagement: true,
  digest: digest([plan.digest, 'may touch management']),
});

/** The part that needs no person: everyday work does not wait for an approval that something else needs. */
export const everydayPart = (draft: Draft, soakSeconds: number): DraftPlan => rollOut(draft, draft.changed.filter(isEveryday), soakSeconds);

/** The other part. */
export const attendedPart = (draft: Draft, soakSeconds: number): DraftPlan =>
  rollOut(
    draft,
    draft.changed.filter((item) => !isEveryday(item)),
    soakSeconds,
  );

export const lockedBecause = ({ reason, heldBy, until }: { reason: string; heldBy: string; until: Date }): string =>
  `locked by ${heldBy} until ${until.toISOString()}: ${reason}`;

const isEveryday = ({ risk }: Changed): boolean => risk === 'NONE' || risk === 'LOW';
const asked = (item: Changed, reason: string): Changed => ({ ...item, risk: 'HIGH', riskReasons: [...item.riskReasons, reason] });

const SWITCHES: ReadonlySet<string> = new Set(['ARISTA_EOS', 'HP_COMWARE']);

/** A device that shall carry these, against what it carries by its record. */
export function changedItem(
  device: DeviceIntent,
  record: DeviceRecord | undefined,
  artefacts: readonly Artefact[],
  desiredDigest: string,
  redundancy: readonly string[],
  circumstances: PlanCircumstances,
  isExternal = circumstances.external?.has(device.deviceId) === true || !isServed(device),
): Changed {
  const found = causesOf(record?.verifiedIntent ?? null, device);
  const causes = identified(device.deviceId, found.length > 0 ? found : [sameIntentRewritten(device.slug)], circumstances.ids);
  const attended = circumstances.attended?.get(device.deviceId);
  const reading = isTakeover(device, record) ? circumstances.takeovers?.get(device.deviceId) : undefined;
  const isThere = reading?.desiredDigest === desiredDigest && reading.differences.length === 0;
  const before = isThere ? artefacts : (record?.verifiedArtefacts ?? []);
  const diff = diffArtefacts(before, artefacts) + setAnew(artefacts, circumstances.secrets, record);
  const again = record?.isRetaken === true ? [takeoverReason(device.slug, desiredDigest, reading, true)] : [];
  const reasons = [...again, ...riskReasons(device, record?.verifiedIntent ?? null, causes, desiredDigest, circumstances)];
  return {
    deviceId: device.deviceId,
    slug: device.slug,
    isExternal,
    snippets: isExternal ? snippetsOf(artefacts, record) : [],
    desiredDigest,
    artefacts,
    intent: device,
    diff,
    hunks: hunksOf(diff, causes, { before, after: artefacts }, [record?.verifiedIntent ?? null, device]),
    risk: reasons.length > 0 ? 'HIGH' : attended === undefined ? 'LOW' : 'MEDIUM',
    riskReasons: attended === undefined ? reasons : [...reasons, attended],
    causes,
    redundancy,
    isSwitch: SWITCHES.has(device.platform),
    isReflector: (device.bgp?.neighbors ?? []).some((peer) => peer.routeReflectorClient || peer.routeServerClient),
  };
}

const RISKS: readonly Risk[] = ['HIGH', 'MEDIUM', 'LOW'];

/** Places in waves and steps, risk and digest of what changes. */
export function rollOut(
  { targetRevision, settled, withheld }: Omit<Draft, 'changed' | 'awaited'>,
  changed: readonly Changed[],
  soakSeconds: number,
  wish?: StrategyWish,
): DraftPlan {
  const risk = RISKS.find((one) => changed.some((item) => item.risk === one)) ?? 'NONE';
  const strategy = strategyFor(risk, soakSeconds, wish);
  const networksCome = changed.some(({ causes }) => causes.some(({ kind, verb }) => kind === 'NETWORK' && verb === 'ADDED'));
  // People come last, outside of the waves: they are asked for what has proven itself wherever Trame could push it.
  const places = assignWaves(
    changed.filter(({ isExternal }) => !isExternal),
    strategy,
    networksCome ? 'SWITCHES' : 'HOSTS',
  );
  const afterAll = { wave: 1 + Math.max(0, ...[...places.values()].map(({ wave }) => wave)), step: 0 };
  const items = changed
    .map(
      ({ isSwitch: _switch, isReflector: _reflector, ...item }): DraftItem => ({
        ...item,
        ...(places.get(item.slug) ?? afterAll),
      }),
    )
    .sort((a, b) => a.wave - b.wave || a.step - b.step);
  // Without the revision: an order elsewhere does not make a plan another one while somebody reads it.
  const identity = [
    strategy,
    ...items.map(({ slug, wave, step, desiredDigest, diff, causes, hunks, isExternal, snippets }) => [
      slug,
      wave,
      step,
      desiredDigest,
      diff,
      causes,
      hunks,
      ...(isExternal ? [snippets] : []),
    ]),
  ];
  return { targetRevision, items, risk, strategy, digest: digest(identity), settled, withheld };
}

/** Over paths, contents and the versions of the secrets that they name: the identity of what a device shall carry. */
export function artefactsDigest(artefacts: readonly Artefact[], secrets: SecretVersions = new Map()): string {
  const files = [...artefacts]
    .sort((a, b) => (a.path < b.path ? -1 : 1))
    .map((artefact): unknown => [artefact.path, artefact.mode, artefact.owner, artefact.sha256]);
  const named = secretsOf(artefacts, secrets);
  return digest(Object.keys(named).length === 0 ? files : [...files, named]);
}

/** Texts hold names: that a value is another one is said beside them. */
function setAnew(artefacts: readonly Artefact[], secrets: SecretVersions | undefined, record: DeviceRecord | undefined): string {
  const before = record?.secrets ?? {};
  return Object.entries(secretsOf(artefacts, secrets))
    .filter(([name, version]) => before[name] !== undefined && before[name] !== version)
    .map(([name]) => `# the secret ${name} was set anew\n`)
    .join('');
}

function diffArtefacts(before: readonly Artefact[], after: readonly Artefact[]): string {
  const old = new Map(before.map((artefact) => [artefact.path, artefact.content]));
  const fresh = new Map(after.map((artefact) => [artefact.path, artefact.content]));
  return [...new Set([...old.keys(), ...fresh.keys()])]
    .sort()
    .filter((path) => old.get(path) !== fresh.get(path))
    .map((path) => diffText(old.get(path) ?? '', fresh.get(path) ?? '', { before: path, after: path }))
    .join('');
}
