/** What a device has lost since just before it was pushed to, and still ought to have. */
import type { DeviceIntent } from '#engines/intent';
import type { DeviceVitals, Expectations, MlagState } from '../ports/index.js';

export interface Loss {
  readonly check: 'BGP_PEER' | 'REMOTE_VTEP' | 'MLAG' | 'MANAGEMENT';
  readonly message: string;
}

/** What the intent no longer asks for may go: a session that was removed, a VTEP with which no network is shared any more. */
export function lostVitals(before: DeviceVitals, now: DeviceVitals, intent: DeviceIntent): readonly Loss[] {
  const peers = new Set((intent.bgp?.neighbors ?? []).map(({ address }) => address as string));
  const vteps = new Set(intent.l2vnis.flatMap(({ remoteVteps }) => remoteVteps as readonly string[]));
  const gone = (had: readonly string[], has: readonly string[], wanted: ReadonlySet<string>): string[] =>
    had.filter((one) => wanted.has(one) && !has.includes(one)).sort();
  const lostPeers = gone(before.establishedNeighbors, now.establishedNeighbors, peers);
  const lostVteps = gone(before.remoteVteps, now.remoteVteps, vteps);
  const { vrfNeighbors = [], mlag } = keptVitals(before, intent);
  const lostInVrfs = now.vrfNeighbors ? vrfNeighbors.filter((one) => !now.vrfNeighbors?.includes(one)) : [];
  const worse = mlag && now.mlag ? worseMlag(mlag, now.mlag) : [];
  return [
    ...(lostPeers.length > 0
      ? [{ check: 'BGP_PEER' as const, message: `BGP peer ${lostPeers.join(', ')} was Established before the push and is not` }]
      : []),
    ...(lostVteps.length > 0
      ? [{ check: 'REMOTE_VTEP' as const, message: `remote VTEP ${lostVteps.join(', ')} was known before the push and is not` }]
      : []),
    ...(lostInVrfs.length > 0
      ? [
          {
            check: 'BGP_PEER' as const,
            message: `BGP peer ${lostInVrfs.join(', ')} (in its VRF) was Established before the push and is not`,
          },
        ]
      : []),
    ...(worse.length > 0 ? [{ check: 'MLAG' as const, message: `the pair is worse than before the push: ${worse.join(', ')}` }] : []),
  ];
}

/** What a change may end: sessions of VRFs that it takes away are not missed. @param before what was confirmed last. */
export function withoutLeaving<Vitals extends DeviceVitals>(vitals: Vitals, before: DeviceIntent | null, after: DeviceIntent): Vitals {
  const stays = new Set(after.vrfs.map(({ name }) => name as string));
  const leaving = new Set((before?.vrfs ?? []).flatMap(({ name }) => (stays.has(name) ? [] : [name as string])));
  const vrfNeighbors = vitals.vrfNeighbors?.filter((neighbor) => !leaving.has(neighbor.slice(0, neighbor.indexOf(' '))));
  return { ...vitals, ...(vrfNeighbors && { vrfNeighbors }) };
}

/** What must be there afterwards as well, beside the sessions of the intent: those in VRFs, and the pair as it was. */
export function keptVitals({ vrfNeighbors, mlag }: DeviceVitals, intent: DeviceIntent): Pick<Expectations, 'vrfNeighbors' | 'mlag'> {
  return {
    ...(vrfNeighbors && vrfNeighbors.length > 0 && { vrfNeighbors }),
    ...(mlag && intent.mlag && { mlag }),
  };
}

const WELL: MlagState = { state: 'active', negotiation: 'connected', peerLink: 'up', sanity: 'consistent' };

/** What was well and is not; `state "disabled" instead of "active"`. */
export const worseMlag = (before: MlagState, now: MlagState): readonly string[] =>
  (['state', 'negotiation', 'peerLink', 'sanity'] as const).flatMap((part) =>
    before[part] === WELL[part] && now[part] !== WELL[part] ? [`${part} "${now[part]}" instead of "${WELL[part]}"`] : [],
  );
