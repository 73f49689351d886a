/** BGP sessions: one record, rendered at both ends, so everything that must agree is checked here once. */
import { Ip } from '#engines/kernel';
import type { FabricIndex } from '../fabric-index.js';
import { error, type Finding, warning } from '../finding.js';
import { groupBy } from '../group-by.js';
import { releaseOf } from './software.js';
import type { BfdFacts, BgpSessionEnd, BgpSessionFacts } from '../snapshot.js';
import { speaksEvpn } from './replication.js';

export function checkSessions(index: FabricIndex): Finding[] {
  const cables = new Set(index.snapshot.links.flatMap(({ ends }) => [byPort(ends), byAddress(ends)]));
  return [
    ...index.snapshot.sessions.flatMap((session) => check(index, session, cables)),
    ...repeated(index),
    ...unknownClients(index),
    ...isolated(index),
  ];
}

function check(index: FabricIndex, session: BgpSessionFacts, cables: Cables): Finding[] {
  const [a, b] = session.ends;
  const path = `sessions.${nameOf(session)}`;
  const problems = [
    ...session.ends.map((end) => endProblem(index, end)),
    pairProblem(index, session, cables),
    timerProblem(session),
    optionProblem(session),
  ];
  return problems.flatMap((problem) => (problem === null ? [] : [error('SESSION_INVALID', path, problem, [a.deviceId, b.deviceId])]));
}

const nameOf = ({ ends: [a, b] }: BgpSessionFacts): string =>
  a.port === undefined ? `${a.address}-${b.address}` : `${a.address} ${a.port}-${b.address} ${b.port}`;

function endProblem(index: FabricIndex, { deviceId, address, port }: BgpSessionEnd): string | null {
  const device = index.device.get(deviceId);
  if (!device) return null;
  if (!device.vtep) return `give ${device.slug} a VTEP with an AS number, or remove its session`;
  const links = index.linkEndsOfDevice.get(deviceId) ?? [];
  if (port !== undefined) {
    if (address !== device.vtep.routerId)
      return `name the unnumbered end of ${device.slug} by its router id ${device.vtep.routerId}, not by ${address}`;
    return links.some((end) => end.port === port) ? null : `give ${device.slug} a link on ${port}, or let the session use one that it has`;
  }
  const own = device.vtep.address === address || links.some((end) => end.address === address);
  return own || device.proxmox?.nodes.some(({ vtep }) => vtep === address)
    ? null
    : `let ${device.slug} speak from its loopback or from one of its links, not from ${address}`;
}

function pairProblem(index: FabricIndex, session: BgpSessionFacts, cables: Cables): string | null {
  const {
    ends: [a, b],
    families,
  } = session;
  const [left, right] = [index.device.get(a.deviceId), index.device.get(b.deviceId)];
  if (!left?.vtep || !right?.vtep) return null;
  const names = `${left.slug} and ${right.slug}`;
  if (left === right) return `connect ${left.slug} to another device than itself`;
  if (families.length === 0) return `choose at least one address family for the session of ${names}`;
  if (Ip.family(a.address) !== Ip.family(b.address)) return `use addresses of one family for the session of ${names}`;
  if ((a.port === undefined) !== (b.port === undefined)) return `let both of ${names} speak over a port, or both from an address`;
  const role = roleProblem([a.role, b.role].sort().join(' '), names, left.vtep.asn === right.vtep.asn);
  if (role !== null) return role;
  return wayProblem(session, cables, names, left.vtep.asn === right.vtep.asn);
}

/** Between two AS the packets have one hop to live unless it is said otherwise, and a port without an address has one neighbor. */
function wayProblem(session: BgpSessionFacts, cables: Cables, names: string, isOneAs: boolean): string | null {
  const { ends, multihop } = session;
  const isUnnumbered = ends[0].port !== undefined;
  const isDirect = cables.has(isUnnumbered ? byPort(ends) : byAddress(ends));
  if (multihop !== undefined && isUnnumbered) return `take the hops from the session of ${names}: it goes over a port`;
  if (multihop !== undefined && isOneAs) return `take the hops from the session of ${names}: inside one AS nobody counts them`;
  if (isUnnumbered) return isDirect ? null : `let the session of ${names} use the two ports of one link`;
  if (isOneAs || isDirect || multihop !== undefined) return null;
  return `use the link addresses for the session of ${names}, or say over how many hops it goes`;
}

/** Both ends of every link, by port and by address. */
type Cables = ReadonlySet<string>;
const key = (ends: readonly string[]): string => [...ends].sort().join(' – ');
const byPort = (ends: readonly { readonly deviceId: string; readonly port?: string | undefined }[]): string =>
  key(ends.map(({ deviceId, port }) => `${deviceId} ${port}`));
const byAddress = (ends: readonly { readonly address: string | null }[]): string => key(ends.map(({ address }) => String(address)));

function roleProblem(roles: string, names: string, isOneAs: boolean): string | null {
  const isServed = roles.includes('ROUTE_SERVER');
  if (roles.includes('REFLECTOR') && !isOneAs) return `make ${names} plain peers: routes are reflected inside one AS only`;
  if (isServed && isOneAs) return `give one of ${names} another AS: a route server is in none of its clients' (RFC 7947)`;
  if (!roles.includes('CLIENT')) return isServed ? `make one of ${names} the client of the other: a route server needs one` : null;
  const isPair = roles === 'ROUTE_REFLECTOR ROUTE_REFLECTOR_CLIENT' || roles === 'ROUTE_SERVER ROUTE_SERVER_CLIENT';
  return isPair ? null : `make one of ${names} the route ${isServed ? 'server' : 'reflector'} of the other: a client needs one`;
}

function optionProblem({ ends: [a], multihop = 2, passwordSecret = 'x', bfd }: BgpSessionFacts): string | null {
  if (!Number.isInteger(multihop) || multihop < 2 || multihop > 255) return `let the session of ${a.address} cross 2 to 255 hops`;
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(passwordSecret))
    return `name the secret of ${a.address} with 1 to 64 letters, digits, dots, dashes and underscores`;
  return bfd ? bfdProblem(bfd) : null;
}

/** What both FRR and EOS take: 50…60000 ms, 3…50 packets. */
export function bfdProblem({ transmitMs, receiveMs, multiplier }: BfdFacts): string | null {
  const within = (value: number, low: number, high: number): boolean => Number.isInteger(value) && value >= low && value <= high;
  const isSane = within(transmitMs, 50, 60_000) && within(receiveMs, 50, 60_000) && within(multiplier, 3, 50);
  return isSane ? null : 'send and expect BFD packets every 50 to 60000 ms, and give up after 3 to 50 of them';
}

/** RFC 4271 §4.2: a hold time is 0 or at least 3 seconds; §10 wants three keepalives in it. */
function timerProblem({ keepaliveSeconds, holdSeconds, ends: [a] }: BgpSessionFacts): string | null {
  const isSane = holdSeconds >= 3 && holdSeconds <= 65_535 && keepaliveSeconds >= 1 && keepaliveSeconds * 3 <= holdSeconds;
  return isSane ? null : `set a hold time from 3 to 65535 seconds and a keepalive of at most a third of it for ${a.address}`;
}

function repeated(index: FabricIndex): Finding[] {
  const pair = ({ ends }: BgpSessionFacts): string =>
    ends
      .map(({ address, port }) => (port === undefined ? address : `${address} ${port}`))
      .sort()
      .join('-');
  return [...groupBy(index.snapshot.sessions, pair)].flatMap(([key, sessions]) =>
    sessions.length < 2
      ? []
      : [
          error(
            'SESSION_INVALID',
            `sessions.${key}`,
            `keep one of the ${sessions.length} sessions between ${key.replace('-', ' and ')}`,
            sessions.flatMap(({ ends }) => ends.map(({ deviceId }) => deviceId)),
          ),
        ],
  );
}

/** FRR drops what a route server passes on from 10.0 on, unless it is told otherwise in words that 8.4 does not keep. */
function unknownClients(index: FabricIndex): Finding[] {
  const clients = index.snapshot.sessions.flatMap(({ ends }) => ends).filter(({ role }) => role === 'ROUTE_SERVER_CLIENT');
  return [...new Set(clients.map(({ deviceId }) => deviceId))].flatMap((id) => {
    const device = index.device.get(id);
    if (device?.platform !== 'DEBIAN_FRR' || releaseOf(device.software?.frr) !== null) return [];
    const message = `say which release of FRR ${device.slug} has: from 10.0 on it drops the routes of a route server unless it is told not to`;
    return [warning('SOFTWARE_UNKNOWN', `devices.${device.slug}.software.frr`, message, [id])];
  });
}

/** A VTEP with networks and no EVPN session is a bridge on its own. */
function isolated(index: FabricIndex): Finding[] {
  const speakers = new Set(
    index.snapshot.sessions
      .filter(({ families }) => families.includes('L2VPN_EVPN'))
      .flatMap(({ ends }) => ends.map(({ deviceId }) => deviceId)),
  );
  return [...index.attachmentsOfDevice.keys()].flatMap((id) => {
    const device = index.device.get(id);
    if (!device?.vtep || speakers.has(id) || !speaksEvpn(index, device)) return [];
    return [
      warning('SESSION_INVALID', `devices.${device.slug}`, `give ${device.slug} an EVPN session: its networks reach no other VTEP`, [id]),
    ];
  });
}
