/** Both ends of each session, found by their addresses. A switch that was shown in part tells its own address by what the other end says. */
import type { AddressFamily } from '#engines/intent';
import { compareNatural, Ip } from '#engines/kernel';
import type { LiftNote } from './lift-note.js';
import type { SeenDevice, SeenNeighbor } from './seen-device.js';

export interface PairedEnd {
  readonly device: SeenDevice;
  readonly neighbor: SeenNeighbor;
  readonly address: Ip;
}

export interface PairedSession {
  readonly ends: readonly [PairedEnd, PairedEnd];
  readonly families: readonly AddressFamily[];
  readonly keepaliveSeconds: number;
  readonly holdSeconds: number;
}

export interface Pairing {
  readonly sessions: readonly PairedSession[];
  readonly notes: readonly LiftNote[];
}

export function pairSessions(devices: readonly SeenDevice[]): Pairing {
  const all = devices.flatMap((device) =>
    device.neighbors.map((neighbor): Said => ({ device, neighbor, own: ownAddress(device, neighbor) })),
  );
  const taken = new Set<SeenNeighbor>();
  const sessions: PairedSession[] = [];
  const notes: LiftNote[] = [];
  for (const here of all) {
    if (taken.has(here.neighbor)) continue;
    const there = all.find((other) => other.device !== here.device && !taken.has(other.neighbor) && isOtherEnd(here, other));
    taken.add(here.neighbor);
    if (there === undefined) {
      notes.push(notImported(here, devices));
      continue;
    }
    taken.add(there.neighbor);
    const ends = [
      { ...here, address: there.neighbor.address },
      { ...there, address: here.neighbor.address },
    ] as const;
    notes.push(...disagreements(ends));
    const families = here.neighbor.families.filter((family) => there.neighbor.families.includes(family));
    if (sameAs(ends) && families.length > 0) sessions.push({ ends, families, ...timersOf(ends) });
  }
  return { sessions, notes };
}

interface Said extends Pick<PairedEnd, 'device' | 'neighbor'> {
  /** From which address this end speaks; null where it was not shown. */
  readonly own: Ip | null;
}

/** Each names an address of the other. What is not known of one end is believed if the other knows it. */
function isOtherEnd(here: Said, there: Said): boolean {
  const [mine, theirs] = [here.own, there.own];
  if (mine === null && theirs === null) return false;
  return (mine ?? there.neighbor.address) === there.neighbor.address && (theirs ?? here.neighbor.address) === here.neighbor.address;
}

/** Said, or that of the port that is said, or that in the subnet of the peer; null where none of it was shown. */
function ownAddress(device: SeenDevice, neighbor: SeenNeighbor): Ip | null {
  const { source } = neighbor;
  if (source !== null && 'address' in source) return source.address;
  if (source !== null && source.port === device.vtep?.port) return device.vtep.address;
  const port = device.ports.find(({ name }) => source !== null && name === source.port);
  if (port?.addresses[0] !== undefined) return port.addresses[0].address;
  if (source !== null) return null;
  return (
    device.ports.flatMap(({ addresses }) => addresses).find((own) => isSameSubnet(own.address, neighbor.address, own.prefixLength))
      ?.address ?? null
  );
}

export function isSameSubnet(a: Ip, b: Ip, length: number): boolean {
  if (a.includes(':') !== b.includes(':')) return false;
  const shift = BigInt((a.includes(':') ? 128 : 32) - length);
  return Ip.toBigInt(a) >> shift === Ip.toBigInt(b) >> shift;
}

const sameAs = ([a, b]: PairedSession['ends']): boolean => a.neighbor.remoteAsn === b.device.asn && b.neighbor.remoteAsn === a.device.asn;

/** The smaller hold time is used by both (RFC 4271 §4.2), and a third of it is the longest keepalive that makes sense (§10). */
function timersOf([a, b]: PairedSession['ends']): { keepaliveSeconds: number; holdSeconds: number } {
  const holdSeconds = Math.max(3, Math.min(a.neighbor.holdSeconds, b.neighbor.holdSeconds));
  const keepalive = Math.min(a.neighbor.keepaliveSeconds, b.neighbor.keepaliveSeconds, Math.floor(holdSeconds / 3));
  return { keepaliveSeconds: Math.max(1, keepalive), holdSeconds };
}

function notImported({ device, neighbor }: Said, devices: readonly SeenDevice[]): LiftNote {
  const isKnown = devices.some((other) => other !== device && addressesOf(other).includes(neighbor.address));
  return {
    code: isKnown ? 'SESSION_DISAGREES' : 'PEER_NOT_IMPORTED',
    devices: [device.name],
    subject: `neighbor ${neighbor.address}`,
    sentence: isKnown
      ? `${device.name} wants a session with ${neighbor.address}, and the device that has this address does not want it with ${device.name}`
      : `${device.name} has a session with ${neighbor.address}, which belongs to no device that was given`,
    fix: isKnown
      ? 'let both ends name the address of the other'
      : 'give the configuration of that device, too: the session is kept as it is until then',
  };
}

const addressesOf = (device: SeenDevice): readonly Ip[] => [
  ...(device.vtep === null ? [] : [device.vtep.address]),
  ...device.ports.flatMap(({ addresses }) => addresses.map(({ address }) => address)),
];

function disagreements(ends: PairedSession['ends']): readonly LiftNote[] {
  const [a, b] = ends;
  const names = [a.device.name, b.device.name].sort(compareNatural);
  const about = { devices: names, subject: `session ${a.address} – ${b.address}` };
  const both = names.join(' and ');
  const [first, second] = [a.neighbor, b.neighbor];
  const notes: LiftNote[] = [];
  if (!sameAs(ends)) {
    const sentence = `${both} do not agree on their AS numbers: the session cannot come up`;
    notes.push({ ...about, code: 'SESSION_DISAGREES', sentence, fix: 'let each name the AS of the other' });
  }
  if (first.holdSeconds !== second.holdSeconds || first.keepaliveSeconds !== second.keepaliveSeconds) {
    const said = ends.map(({ device, neighbor }) => `${device.name} ${neighbor.keepaliveSeconds}/${neighbor.holdSeconds}`).join(', ');
    notes.push({
      ...about,
      code: 'TIMERS_DISAGREE',
      sentence: `${both} have different timers (${said}): the smaller hold time is used`,
      fix: 'set one pair of timers',
    });
  }
  if ([...first.families].sort().join() !== [...second.families].sort().join()) {
    const said = ends.map(({ device, neighbor }) => `${device.name} ${neighbor.families.join(' ')}`).join(', ');
    notes.push({
      ...about,
      code: 'FAMILIES_DISAGREE',
      sentence: `${both} speak different address families (${said})`,
      fix: 'switch the same families on at both ends',
    });
  }
  if (first.extendedNextHop !== second.extendedNextHop) {
    const [one, other] = first.extendedNextHop ? [a, b] : [b, a];
    const sentence = `only ${one.device.name} announces extended-nexthop (RFC 8950), ${other.device.name} does not: nothing comes of it`;
    notes.push({
      ...about,
      code: 'CAPABILITY_OF_ONE_SIDE',
      sentence,
      fix: 'take `capability extended-nexthop` away: the session has IPv4 addresses and does not need it',
    });
  }
  return notes;
}
