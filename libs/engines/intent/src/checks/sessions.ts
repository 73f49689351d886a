/** BGP sessions: one record, rendered at both ends, so everything that must agree is checked here once. */
import { Ip } from '#engines/kernel';
import type { FabricIndex } from '../fabric-index.js';
import { error, type Finding, warning } from '../finding.js';
import { groupBy } from '../group-by.js';
import type { BgpSessionEnd, BgpSessionFacts } from '../snapshot.js';

export function checkSessions(index: FabricIndex): Finding[] {
  return [...index.snapshot.sessions.flatMap((session) => check(index, session)), ...repeated(index), ...isolated(index)];
}

function check(index: FabricIndex, session: BgpSessionFacts): Finding[] {
  const [a, b] = session.ends;
  const path = `sessions.${a.address}-${b.address}`;
  const problems = [...session.ends.map((end) => endProblem(index, end)), pairProblem(index, session), timerProblem(session)];
  return problems.flatMap((problem) => (problem === null ? [] : [error('SESSION_INVALID', path, problem, [a.deviceId, b.deviceId])]));
}

function endProblem(index: FabricIndex, { deviceId, address }: BgpSessionEnd): string | null {
  const device = index.device.get(deviceId);
  if (!device) return null;
  if (!device.vtep) return `give ${device.slug} a VTEP with an AS number, or remove its session`;
  const own = device.vtep.address === address || (index.linkEndsOfDevice.get(deviceId) ?? []).some((end) => end.address === address);
  return own ? null : `let ${device.slug} speak from its loopback or from one of its links, not from ${address}`;
}

function pairProblem(index: FabricIndex, { ends: [a, b], families }: BgpSessionFacts): string | null {
  const [left, right] = [index.device.get(a.deviceId), index.device.get(b.deviceId)];
  if (!left?.vtep || !right?.vtep) return null;
  const names = `${left.slug} and ${right.slug}`;
  if (left === right) return `connect ${left.slug} to another device than itself`;
  if (families.length === 0) return `choose at least one address family for the session of ${names}`;
  if (Ip.family(a.address) !== Ip.family(b.address)) return `use addresses of one family for the session of ${names}`;
  const roles = [a.role, b.role].sort().join(' ');
  if (roles !== 'PEER PEER' && left.vtep.asn !== right.vtep.asn)
    return `make ${names} plain peers: routes are reflected inside one AS only`;
  if (roles.includes('CLIENT') && roles !== 'ROUTE_REFLECTOR ROUTE_REFLECTOR_CLIENT') {
    return `make one of ${names} the route reflector of the other: a client needs one`;
  }
  const isDirect = (index.linkEndsOfDevice.get(left.id) ?? []).some(({ address }) => address === a.address);
  if (left.vtep.asn !== right.vtep.asn && !isDirect)
    return `use the link addresses for the session of ${names}: multihop sessions between two AS are not rendered`;
  return null;
}

/** RFC 4271 §4.2: a hold time is 0 or at least 3 seconds; §10 wants three keepalives in it. */
function timerProblem({ keepaliveSeconds, holdSeconds, ends: [a] }: BgpSessionFacts): string | null {
  const isSane = holdSeconds >= 3 && holdSeconds <= 65_535 && keepaliveSeconds >= 1 && keepaliveSeconds * 3 <= holdSeconds;
  return isSane ? null : `set a hold time from 3 to 65535 seconds and a keepalive of at most a third of it for ${a.address}`;
}

function repeated(index: FabricIndex): Finding[] {
  const pair = ({ ends: [a, b] }: BgpSessionFacts): string => [a.address, b.address].sort().join('-');
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

/** A VTEP with networks and no EVPN session is a bridge on its own. */
function isolated(index: FabricIndex): Finding[] {
  const speakers = new Set(
    index.snapshot.sessions
      .filter(({ families }) => families.includes('L2VPN_EVPN'))
      .flatMap(({ ends }) => ends.map(({ deviceId }) => deviceId)),
  );
  return [...index.attachmentsOfDevice.keys()].flatMap((id) => {
    const device = index.device.get(id);
    if (!device || speakers.has(id)) return [];
    return [
      warning('SESSION_INVALID', `devices.${device.slug}`, `give ${device.slug} an EVPN session: its networks reach no other VTEP`, [id]),
    ];
  });
}
