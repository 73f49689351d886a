/** What a device has lost since just before it was pushed to, and still ought to have. */
import type { DeviceIntent } from '#engines/intent';
import type { DeviceVitals } from '../ports/index.js';

export interface Loss {
  readonly check: 'BGP_PEER' | 'REMOTE_VTEP' | 'MANAGEMENT';
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
  return [
    ...(lostPeers.length > 0
      ? [{ check: 'BGP_PEER' as const, message: `BGP peer ${lostPeers.join(', ')} was Established before the push and is not` }]
      : []),
    ...(lostVteps.length > 0
      ? [{ check: 'REMOTE_VTEP' as const, message: `remote VTEP ${lostVteps.join(', ')} was known before the push and is not` }]
      : []),
  ];
}
