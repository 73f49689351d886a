/** What it takes to take a plan back: which devices, to what, and which networks go with it. Pure. */
import type { DeviceIntent } from '#engines/intent';
import { compareNatural, type DeviceId } from '#engines/kernel';
import type { Artefact } from '#engines/rendering';
import type { ItemState, Risk } from './plan.js';
import type { Changed } from './make-plan.js';

/** A device of a plan that may be taken back, and what it carried before that plan came to it. */
export interface WayBack {
  readonly deviceId: DeviceId;
  readonly slug: string;
  /** What the plan brought to it. */
  readonly broughtDigest: string;
  readonly brought: DeviceIntent;
  /** Null: nothing of ours was there. */
  readonly beforeDigest: string | null;
  readonly before: DeviceIntent | null;
  readonly beforeArtefacts: readonly Artefact[];
  /** Where it stands in the plan. */
  readonly isConfirmed: boolean;
  /** What the device last confirmed. */
  readonly carriesDigest: string | null;
  /** What rollbacks of this plan brought it to. */
  readonly backDigests: readonly string[];
}

/**
 * GOES_BACK: it carries what the plan brought. IS_BACK: a rollback of it was here. TOUCHED: something newer is on it. NOTHING: the plan changed
 * nothing on it, or was never confirmed there.
 */
export type Standing = 'GOES_BACK' | 'IS_BACK' | 'TOUCHED' | 'NOTHING';

/** A device that confirmed and was found wanting later is failed by then; it carries what the plan brought all the same. */
export function standingOf({ isConfirmed, broughtDigest, beforeDigest, carriesDigest, backDigests }: WayBack): Standing {
  if (broughtDigest === beforeDigest) return 'NOTHING';
  if (carriesDigest === broughtDigest) return 'GOES_BACK';
  if (carriesDigest !== null && backDigests.includes(carriesDigest)) return 'IS_BACK';
  return isConfirmed ? 'TOUCHED' : 'NOTHING';
}

/** The intent of a device on which nothing of ours shall be left. */
export function nothingOf(intent: DeviceIntent): DeviceIntent {
  const { adopted: _adopted, ...rest } = intent;
  return {
    ...rest,
    vtep: null,
    underlayPorts: [],
    bgp: null,
    igp: null,
    l2vnis: [],
    vrfs: [],
    edgePorts: [],
    lags: [],
    host: null,
    vtepDevice: null,
    openvswitch: null,
    libvirt: null,
    opennebula: null,
    openbsd: null,
    comware: null,
    mlag: null,
    switch: null,
  };
}

/** What was verified before is at most as risky as what is taken back for it. */
export function atMost(risk: Risk, items: readonly Changed[]): readonly Changed[] {
  return risk === 'HIGH' ? items : items.map((item) => ({ ...item, risk: 'LOW', riskReasons: [] }));
}

export interface RecallOfNetwork {
  readonly networkSlug: string;
  readonly vni: number;
  readonly action: 'WITHDRAW' | 'RESTORE';
  /** On which it goes or comes. */
  readonly deviceIds: readonly DeviceId[];
  /** Why nothing is done about it; null: it is. */
  readonly keptBecause: string | null;
}

/** @param elsewhere by `networkKey` the devices outside of the rollback that carry a network. */
export function recallsOf(
  back: readonly Pick<WayBack, 'deviceId' | 'slug' | 'brought' | 'before'>[],
  elsewhere: ReadonlyMap<string, readonly string[]>,
): readonly RecallOfNetwork[] {
  const found = new Map<string, RecallOfNetwork>();
  const places = new Map<string, DeviceId[]>();
  for (const { deviceId, slug, brought, before } of back) {
    const [was, is] = [networks(before), networks(brought)];
    for (const key of new Set([...was.keys(), ...is.keys()]))
      if (was.has(key) !== is.has(key)) places.set(key, [...(places.get(key) ?? []), deviceId]);
    for (const [key, network] of is) if (!was.has(key)) found.set(key, withdrawal(network, slug, brought, back, elsewhere.get(key) ?? []));
    for (const [key, network] of was)
      if (!is.has(key) && !found.has(key)) found.set(key, { ...network, action: 'RESTORE', deviceIds: [], keptBecause: null });
  }
  const recalls = [...found].map(([key, recall]) => ({ ...recall, deviceIds: places.get(key) ?? [] }));
  return recalls.sort((a, b) => compareNatural(a.networkSlug, b.networkSlug) || a.vni - b.vni);
}

type Named = Pick<RecallOfNetwork, 'networkSlug' | 'vni'>;
export const networkKey = ({ networkSlug, vni }: Named): string => `${vni} ${networkSlug}`;

const networks = (intent: DeviceIntent | null): ReadonlyMap<string, Named> =>
  new Map((intent?.l2vnis ?? []).map(({ networkSlug, vni }) => [networkKey({ networkSlug, vni }), { networkSlug, vni }]));

function withdrawal(
  network: Named,
  slug: string,
  brought: DeviceIntent,
  back: readonly Pick<WayBack, 'slug' | 'before'>[],
  elsewhere: readonly string[],
): RecallOfNetwork {
  const key = networkKey(network);
  const still = [...elsewhere, ...back.filter(({ before }) => networks(before).has(key)).map((device) => device.slug)].sort(compareNatural);
  const because =
    still.length > 0
      ? `${still.join(', ')} ${still.length === 1 ? 'carries' : 'carry'} it and ${still.length === 1 ? 'is' : 'are'} not taken back`
      : brought.adopted
        ? `${slug} ran before it was ours: its networks are not this plan's`
        : null;
  return { ...network, action: 'WITHDRAW', deviceIds: [], keptBecause: because };
}

/** Where a rollback that is over has left a device. */
export interface EndOnDevice {
  readonly slug: string;
  readonly state: ItemState;
  /** Nobody knows how a change of it ended. */
  readonly isUncertain: boolean;
}

export interface RecallEnd {
  readonly state: 'WANTED' | 'UNWANTED' | 'KEPT' | 'ORDERED';
  readonly reason: string | null;
}

/**
 * What becomes of a network when the rollback is over: it is withdrawn when all of its devices are back and none of the fabric carries it by now, and
 * otherwise stays as it was. One that is
 * restored was ordered at the beginning; it stays where a device has it again, or may have it, and is taken back where none has.
 * @param isBegun was anything of the rollback pushed? @param carriers slugs of all devices that carry the network now, or may. @returns null: nothing is to be said any more.
 */
export function recallEnd(
  { action, state }: { readonly action: 'WITHDRAW' | 'RESTORE'; readonly state: 'PROPOSED' | 'WANTED' | 'ORDERED' },
  devices: readonly EndOnDevice[],
  isBegun: boolean,
  carriers: readonly string[],
): RecallEnd | null {
  if (!isBegun) return { state: state === 'ORDERED' ? 'UNWANTED' : 'KEPT', reason: 'the rollback did not run' };
  const isBack = ({ state: item }: EndOnDevice): boolean => item === 'CONFIRMED' || item === 'VERIFIED';
  const left = devices.filter((device) => !isBack(device)).map(({ slug }) => slug);
  const named = `${left.join(', ')} ${left.length === 1 ? 'is' : 'are'} not taken back`;
  if (action === 'WITHDRAW') {
    if (devices.length === 0)
      return { state: 'KEPT', reason: 'an older release made the rollback, and did not keep on which devices it was' };
    if (left.length > 0) return { state: 'KEPT', reason: named };
    if (carriers.length > 0)
      return { state: 'KEPT', reason: `${carriers.join(', ')} ${carriers.length === 1 ? 'carries' : 'carry'} it, or may` };
    return state === 'PROPOSED' ? { state: 'WANTED', reason: null } : null;
  }
  if (left.length === 0) return null;
  if (devices.some((device) => isBack(device) || device.isUncertain || device.state === 'PUSHING'))
    return { state: state === 'PROPOSED' ? 'WANTED' : state, reason: named };
  return { state: state === 'ORDERED' ? 'UNWANTED' : 'KEPT', reason: named };
}
