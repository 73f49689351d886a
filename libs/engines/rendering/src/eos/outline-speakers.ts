/** What the sessions of a switch have to say in `router bgp`, and its address families. */
import type { AddressFamily, BgpIntent, BgpNeighborIntent } from '#engines/intent';
import { outline, type OutlineEntry, section } from '../outline.js';
import { loopbackListName, loopbackPrefixes } from './loopback-filter.js';
import { nextHopMapName, setsNextHop } from './next-hop-map.js';
import { groupName, hasTimers, keepsNextHop, type Speaking } from './sessions.js';
import { announced, crossesAs } from './speakers.js';
import { when } from './when.js';

/** A session, or all that share a group. */
interface Named {
  readonly name: string;
  readonly session: BgpNeighborIntent;
}

const isGrouped = (intent: Speaking): boolean => intent.switch?.hasPeerGroups ?? false;

function groupsOf(intent: Speaking, { neighbors }: BgpIntent): readonly Named[] {
  const inGroup = neighbors.filter(({ port }) => isGrouped(intent) || port !== null);
  return [...new Map(inGroup.map((session) => [groupName(session), { name: groupName(session), session }])).values()];
}

export function speakerKeys(intent: Speaking, bgp: BgpIntent): OutlineEntry[] {
  const { switch: facts } = intent;
  return outline(
    [],
    [
      `router-id ${bgp.routerId}`,
      'no bgp default ipv4-unicast',
      ...when(facts?.clusterId, `bgp cluster-id ${facts?.clusterId}`),
      ...when(isMultipath(intent, bgp), 'maximum-paths 4 ecmp 4'),
      ...when(facts?.domain, 'bgp bestpath d-path'),
      ...groupsOf(intent, bgp).flatMap(groupKeys),
      ...bgp.neighbors.flatMap((session) =>
        session.port === null
          ? sessionKeys(session, isGrouped(intent))
          : [`neighbor interface ${session.port} peer-group ${groupName(session)} remote-as ${session.remoteAsn}`],
      ),
    ],
  );
}

export function familyKeys(intent: Speaking, bgp: BgpIntent): OutlineEntry[] {
  const single = bgp.neighbors
    .filter(({ port }) => !isGrouped(intent) && port === null)
    .map((session): Named => ({ name: session.address, session }));
  const speakers = [...groupsOf(intent, bgp), ...single];
  return [...evpn(intent, bgp, speakers), ...unicast(intent, bgp, speakers, '4'), ...unicast(intent, bgp, speakers, '6')];
}

/** Paths come from those who are no clients, or twice from one neighbor; but never from the other half of a pair as well. */
function isMultipath({ mlag }: Speaking, { neighbors }: BgpIntent): boolean {
  const sessions = neighbors.filter(({ families }) => families.includes('IPV4_UNICAST') || families.includes('IPV6_UNICAST'));
  if (sessions.some(({ address, routeReflectorClient }) => routeReflectorClient && address === mlag?.peerAddress)) return false;
  const peers = sessions.map(({ description }) => description);
  const notServed = sessions.filter(({ routeReflectorClient }) => !routeReflectorClient);
  return notServed.length >= 2 || peers.some((peer, at) => peers.indexOf(peer) !== at);
}

function groupKeys({ name, session }: Named): string[] {
  return [
    'peer group',
    ...when(keepsNextHop(session), 'next-hop-unchanged'),
    ...when(session.isRouteServer, 'no enforce-first-as'),
    ...when(session.routeReflectorClient, 'route-reflector-client'),
    ...(session.port === null ? [] : choices(session)),
    'send-community extended',
    'maximum-routes 0',
  ].map((key) => ofNeighbor(name, key));
}

const ofNeighbor = (name: string, key: string): string =>
  key.startsWith('no ') ? `no neighbor ${name} ${key.slice(3)}` : `neighbor ${name} ${key}`;

/** What the record of a session says, and its kind does not. */
function choices(session: BgpNeighborIntent): string[] {
  const { bfd } = session;
  return [
    ...when(bfd, 'bfd', `bfd interval ${bfd?.transmitMs} min-rx ${bfd?.receiveMs} multiplier ${bfd?.multiplier}`),
    ...when(hasTimers(session), `timers ${session.keepaliveSeconds} ${session.holdSeconds}`),
    ...when(session.passwordSecret, 'password 7'),
  ];
}

function sessionKeys(session: BgpNeighborIntent, isGrouped: boolean): string[] {
  const kind = [
    ...when(keepsNextHop(session), 'next-hop-unchanged'),
    ...when(session.isRouteServer, 'no enforce-first-as'),
    ...when(session.routeReflectorClient, 'route-reflector-client'),
    'send-community extended',
    'maximum-routes 0',
  ];
  return [
    `remote-as ${session.remoteAsn}`,
    'update-source',
    'description',
    ...when(session.multihop !== null, `ebgp-multihop ${session.multihop}`),
    ...choices(session),
    ...(isGrouped ? [`peer group ${groupName(session)}`] : kind),
  ].map((key) => ofNeighbor(session.address, key));
}

function evpn(intent: Speaking, bgp: BgpIntent, speakers: readonly Named[]): OutlineEntry[] {
  const domain = intent.switch?.domain ?? null;
  return family(
    'evpn',
    'L2VPN_EVPN',
    speakers,
    ({ name, session }) => when(session.domain === 'REMOTE', `neighbor ${name} domain remote`),
    [
      ...when(crossesAs(bgp), 'bgp next-hop-unchanged'),
      ...when(
        domain,
        'neighbor default next-hop-self received-evpn-routes route-type ip-prefix inter-domain',
        `domain identifier ${domain?.id}`,
      ),
      ...when(domain?.remoteId, `domain identifier ${domain?.remoteId} remote`),
    ],
  );
}

function unicast(intent: Speaking, bgp: BgpIntent, speakers: readonly Named[], number: '4' | '6'): OutlineEntry[] {
  const extra = ({ name, session }: Named): readonly string[] => [
    ...when(setsNextHop(session, number), `neighbor ${name} route-map ${nextHopMapName(number)} out`),
    ...when(number === '4' && session.port !== null, `neighbor ${name} next-hop address-family ipv6 originate`),
    ...when(
      loopbackPrefixes(bgp, number).length > 0,
      ...['in', 'out'].map((way) => `neighbor ${name} prefix-list ${loopbackListName(number)} ${way}`),
    ),
  ];
  const networks = announced(intent, bgp).filter((prefix) => prefix.includes(':') === (number === '6'));
  return family(
    `ipv${number}`,
    `IPV${number}_UNICAST`,
    speakers,
    extra,
    networks.map((prefix) => `network ${prefix}`),
  );
}

function family(
  name: string,
  of: AddressFamily,
  speakers: readonly Named[],
  extra: (speaker: Named) => readonly string[],
  rest: readonly string[],
): OutlineEntry[] {
  const active = speakers.filter(({ session }) => session.families.includes(of));
  if (active.length === 0) return [];
  return section(`address-family ${name}`, [
    ...active.flatMap((speaker) => [`neighbor ${speaker.name} activate`, ...extra(speaker)]),
    ...rest,
  ]);
}
