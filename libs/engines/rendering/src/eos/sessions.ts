/**
 * `neighbor …`: each session by itself, or as a member of a group where the switch wants groups: never by their number, or one host
 * more would write, and reset, the sessions of all others. What follows from the kind of a session (families,
 * role, domain) is said by its group, what its record says (AS, source, timers, BFD, password) by the session: so a group never depends on
 * which members it has. A session without addresses exists in a group only, which then says everything.
 */
import type { AddressFamily, BgpIntent, BgpNeighborIntent, DeviceIntent } from '#engines/intent';
import { compareNatural } from '#engines/kernel';
import { secretPlaceholder } from '../secret-placeholder.js';
import { lines, type Part } from '../text.js';
import { sourceInterface } from './names.js';

/** What an address family switches on: a group, or one session. */
export interface Speaker {
  readonly name: string;
  /** Any of the sessions behind the name: all that matters in an address family is the same for all of them. */
  readonly session: BgpNeighborIntent;
}

export interface Sessions {
  /** `neighbor …` lines of `router bgp`, in EOS's order: groups, addresses, ports. */
  readonly lines: readonly string[];
  readonly speakers: readonly Speaker[];
}

/** All that the sessions of a switch are made of. */
export type Speaking = Pick<DeviceIntent, 'bgp' | 'vtep' | 'mlag' | 'underlayPorts' | 'slug' | 'switch'>;

export function sessionsOf(intent: Speaking, bgp: BgpIntent): Sessions {
  const hasGroups = intent.switch?.hasPeerGroups === true;
  const groups = new Map<string, BgpNeighborIntent>();
  const single: BgpNeighborIntent[] = [];
  for (const session of bgp.neighbors) {
    if (hasGroups || session.port !== null) groups.set(groupName(session), session);
    else single.push(session);
  }
  const sorted = [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    lines: [
      ...sorted.flatMap(([name, session]) => groupLines(name, session)),
      ...bgp.neighbors.flatMap((session) => (session.port === null ? addressLines(intent, session, hasGroups) : [])),
      ...bgp.neighbors.flatMap((session) =>
        session.port === null ? [] : [`neighbor interface ${session.port} peer-group ${groupName(session)} remote-as ${session.remoteAsn}`],
      ),
    ],
    speakers: [
      ...sorted.map(([name, session]) => ({ name, session })),
      ...single.map((session) => ({ name: session.address, session })),
    ].sort(byKind),
  };
}

/** Groups by name, then IPv4 before IPv6. */
function byKind(a: Speaker, b: Speaker): number {
  const kind = ({ name }: Speaker): number => (/^[A-Z]/.test(name) ? 0 : name.includes(':') ? 2 : 1);
  return kind(a) - kind(b) || compareNatural(a.name, b.name);
}

const FAMILY_NAMES: Readonly<Record<AddressFamily, string>> = { IPV4_UNICAST: 'IPV4', IPV6_UNICAST: 'IPV6', L2VPN_EVPN: 'EVPN' };

/** Says all in which members of one group agree: two kinds never share a name, whatever other sessions there are. */
export function groupName(session: BgpNeighborIntent): string {
  const words = [
    'TRAME',
    ...session.families.map((family) => FAMILY_NAMES[family]),
    session.routeReflectorClient && 'CLIENTS',
    session.routeServerClient && 'SERVED',
    session.isRouteServer && 'SERVER',
    session.nextHopSelf && 'SELF',
    session.domain === 'REMOTE' && 'REMOTE',
    ...(session.port === null ? [] : ['PORTS', session.keepaliveSeconds, session.holdSeconds]),
    ...(session.port === null || !session.bfd ? [] : ['BFD', session.bfd.transmitMs, session.bfd.receiveMs, session.bfd.multiplier]),
    ...(session.port === null || session.passwordSecret === null ? [] : ['KEY', session.passwordSecret]),
  ];
  return words.filter((word) => word !== false && word !== null).join('-');
}

/** A server passes routes on as they came: towards a client that speaks EVPN alone the VTEP stays the next hop in every family it has. */
export const keepsNextHop = ({ routeServerClient, families }: BgpNeighborIntent): boolean =>
  routeServerClient && families.every((family) => family === 'L2VPN_EVPN');

function groupLines(name: string, session: BgpNeighborIntent): string[] {
  const prefix = `neighbor ${name}`;
  const isWhole = session.port !== null;
  return lines(
    `${prefix} peer group`,
    keepsNextHop(session) && `${prefix} next-hop-unchanged`,
    session.isRouteServer && notFirst(prefix),
    isWhole && bfd(prefix, session),
    session.routeReflectorClient && `${prefix} route-reflector-client`,
    isWhole && timers(prefix, session),
    isWhole && password(prefix, session),
    common(prefix),
  );
}

function addressLines(intent: Speaking, session: BgpNeighborIntent, isInGroup: boolean): string[] {
  const prefix = `neighbor ${session.address}`;
  return lines(
    isInGroup && `${prefix} peer group ${groupName(session)}`,
    `${prefix} remote-as ${session.remoteAsn}`,
    !isInGroup && keepsNextHop(session) && `${prefix} next-hop-unchanged`,
    !isInGroup && session.isRouteServer && notFirst(prefix),
    `${prefix} update-source ${sourceInterface(intent, session.updateSource)}`,
    bfd(prefix, session),
    `${prefix} description ${session.description}`,
    session.multihop !== null && `${prefix} ebgp-multihop ${session.multihop}`,
    !isInGroup && session.routeReflectorClient && `${prefix} route-reflector-client`,
    timers(prefix, session),
    password(prefix, session),
    !isInGroup && common(prefix),
  );
}

/** The AS of a route server need not be in the paths that it passes on (RFC 7947 §2.2.2): that of FRR is not. */
const notFirst = (prefix: string): string => `no ${prefix} enforce-first-as`;

const common = (prefix: string): Part => [
  `${prefix} send-community extended`, // route targets are extended communities: without it nobody imports anything
  `${prefix} maximum-routes 0`, // the default of 12,000 takes the session of a large fabric down
];

const bfd = (prefix: string, session: BgpNeighborIntent): Part =>
  session.bfd !== null && [
    `${prefix} bfd`,
    `${prefix} bfd interval ${session.bfd.transmitMs} min-rx ${session.bfd.receiveMs} multiplier ${session.bfd.multiplier}`,
  ];

/** EOS prints nothing for its own 60 and 180. */
export const hasTimers = ({ keepaliveSeconds, holdSeconds }: BgpNeighborIntent): boolean => keepaliveSeconds !== 60 || holdSeconds !== 180;

const timers = (prefix: string, session: BgpNeighborIntent): Part =>
  hasTimers(session) && `${prefix} timers ${session.keepaliveSeconds} ${session.holdSeconds}`;

/** Type 7 is the form that EOS prints again as it was given; the push puts the secret in, encoded for this neighbor. */
const password = (prefix: string, { passwordSecret }: BgpNeighborIntent): Part =>
  passwordSecret !== null && `${prefix} password 7 ${secretPlaceholder(passwordSecret)}`;
