/** What a device has lost since just before it was pushed to, and still ought to have. */
import type { DeviceIntent, L2VniIntent } from '#engines/intent';
import { Ip } from '#engines/kernel';
import type { DeviceVitals, Expectations, MlagState } from '../ports/index.js';
import type { DeviceRecord } from './plan.js';

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

/**
 * What a change may end: sessions in VRFs that it takes away, and those over networks of which it takes something away, be it an address, a
 * port or a member. Whoever wrote such a neighbor by hand loses it with the network; it holds up nobody else. @param before what was confirmed last.
 */
export function withoutLeaving<Vitals extends DeviceVitals>(vitals: Vitals, before: DeviceIntent | null, after: DeviceIntent): Vitals {
  if (!before || !vitals.vrfNeighbors) return vitals;
  const stays = new Set(after.vrfs.map(({ name }) => name as string));
  const leaving = new Set(before.vrfs.flatMap(({ name }) => (stays.has(name) ? [] : [name as string])));
  const reduced = before.l2vnis.filter(({ vni }) => {
    const kept = new Set(holdingsOf(after, vni));
    return holdingsOf(before, vni).some((holding) => !kept.has(holding));
  });
  const ends = (neighbor: string): boolean => {
    const [vrf = '', address = ''] = neighbor.split(' ');
    return leaving.has(vrf) || reduced.some((network) => network.vrf === vrf && isBehind(network, address));
  };
  return { ...vitals, vrfNeighbors: vitals.vrfNeighbors.filter((neighbor) => !ends(neighbor)) };
}

/** What a network has on the device: a neighbor that is reached over it may stand on any of that. */
function holdingsOf({ l2vnis, edgePorts }: DeviceIntent, vni: number): readonly string[] {
  const network = l2vnis.find((one) => one.vni === vni);
  if (!network) return [];
  return [
    `vrf ${network.vrf} vlan ${network.vlan} bridge ${network.bridgeName}`,
    ...network.gateways.map(({ address, prefixLength, ownAddress }) => `gateway ${address}/${prefixLength} ${ownAddress}`),
    ...network.remoteVteps.map((vtep) => `vtep ${vtep}`),
    ...edgePorts.flatMap(({ port, members }) =>
      members.filter((member) => member.vni === vni).map(({ vlan, tagging }) => `port ${port} ${vlan} ${tagging}`),
    ),
  ];
}

/** @param address `10.0.0.5`, or one of the link, `fe80::1%Vl100`: that says no subnet, and the interface instead. */
function isBehind({ gateways, vlan, bridgeName }: L2VniIntent, address: string): boolean {
  const [plain = '', zone] = address.split('%');
  if (zone !== undefined) return zone === bridgeName || (vlan !== null && /^[Vv]l(?:an)?(\d+)$/.exec(zone)?.[1] === String(vlan));
  if (!isAddress(plain)) return false;
  return gateways.some((gateway) => {
    const family = Ip.family(gateway.address);
    const hostBits = BigInt((family === 4 ? 32 : 128) - gateway.prefixLength);
    return Ip.family(plain) === family && Ip.toBigInt(plain) >> hostBits === Ip.toBigInt(gateway.address) >> hostBits;
  });
}

/** Of an unnumbered session the device says the port. */
function isAddress(text: string): text is Ip {
  try {
    Ip.parse(text);
    return true;
  } catch {
    return false;
  }
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

/**
 * A session whose password is another one now comes back when its other end has it, too: not before this device is confirmed.
 * @param secrets versions by name, of what is sent.
 */
export function establishedWithSameSecret(
  established: readonly string[],
  { bgp }: DeviceIntent,
  record: Pick<DeviceRecord, 'verifiedIntent' | 'secrets'> | undefined,
  secrets: Readonly<Record<string, number>>,
): readonly string[] {
  const before = new Map(
    (record?.verifiedIntent?.bgp?.neighbors ?? []).map((neighbor) => [neighbor.address as string, neighbor.passwordSecret]),
  );
  const after = new Map((bgp?.neighbors ?? []).map((neighbor) => [neighbor.address as string, neighbor.passwordSecret]));
  return established.filter((address) => {
    const [was = null, is = null] = [before.get(address), after.get(address)];
    return was === is && (is === null || record?.secrets?.[is] === secrets[is]);
  });
}
