/** What `router bgp` of a switch has to say. */
import type { AddressFamily, BgpIntent, BgpNeighborIntent, DeviceIntent } from '#engines/intent';
import { outline, type OutlineEntry } from '../outline.js';
import { bundles, hasMacVrf } from './evpn-instances.js';
import { loopbackListName, loopbackPrefixes } from './loopback-filter.js';
import { nextHopMapName, setsNextHop } from './next-hop-map.js';
import { instanceKeys } from './outline-instance.js';
import { groupsByName } from './groups.js';
import { vrfPiece } from './vrf-pieces.js';
import { announced, crossesAs, vrfNetworks } from './router-bgp.js';
import { groupName, hasTimers, keepsNextHop } from './sessions.js';
import { when } from './when.js';

/** A session, or all that share a group. */
interface Named {
  readonly name: string;
  readonly session: BgpNeighborIntent;
}

export function bgpOutline(intent: DeviceIntent, bgp: BgpIntent): OutlineEntry[] {
  const top = `router bgp ${bgp.asn}`;
  const isGrouped = intent.switch?.hasPeerGroups ?? false;
  const inGroup = bgp.neighbors.filter(({ port }) => isGrouped || port !== null);
  const groups = [...new Map(inGroup.map((session) => [groupName(session), { name: groupName(session), session }])).values()];
  const single = bgp.neighbors
    .filter(({ port }) => !isGrouped && port === null)
    .map((session): Named => ({ name: session.address, session }));
  const speakers = [...groups, ...single];
  const { switch: facts } = intent;
  return [
    ...outline([], [top]),
    ...outline(
      [top],
      [
        `router-id ${bgp.routerId}`,
        'no bgp default ipv4-unicast',
        ...when(facts?.clusterId, `bgp cluster-id ${facts?.clusterId}`),
        ...when(isMultipath(intent, bgp), 'maximum-paths 4 ecmp 4'),
        ...when(facts?.domain, 'bgp bestpath d-path'),
        ...groups.flatMap(groupKeys),
        ...bgp.neighbors.flatMap((session) =>
          session.port === null
            ? sessionKeys(session, isGrouped)
            : [`neighbor interface ${session.port} peer-group ${groupName(session)} remote-as ${session.remoteAsn}`],
        ),
      ],
    ),
    ...instances(intent, top),
    ...evpn(intent, bgp, top, speakers),
    ...unicast(intent, bgp, top, speakers, '4'),
    ...unicast(intent, bgp, top, speakers, '6'),
    ...outline([top], vrfPiece(intent.vrfs, vrfNetworks(intent), bgp.routerId)),
  ];
}

/** Paths come from those who are no clients, or twice from one neighbor; but never from the other half of a pair as well. */
function isMultipath({ mlag }: DeviceIntent, { neighbors }: BgpIntent): boolean {
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

function instances(intent: DeviceIntent, top: string): OutlineEntry[] {
  return [
    ...outline(
      [top],
      groupsByName(intent.l2vnis).flatMap((group) => group.piece('macVrf', hasMacVrf)),
    ),
    ...bundles(intent.l2vnis).flatMap((instance) => [
      ...outline([top], [instance.head]),
      ...outline([top, instance.head], instanceKeys(instance)),
    ]),
  ];
}

function evpn(intent: DeviceIntent, bgp: BgpIntent, top: string, speakers: readonly Named[]): OutlineEntry[] {
  const domain = intent.switch?.domain ?? null;
  return family(
    top,
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

function unicast(intent: DeviceIntent, bgp: BgpIntent, top: string, speakers: readonly Named[], number: '4' | '6'): OutlineEntry[] {
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
    top,
    `ipv${number}`,
    `IPV${number}_UNICAST`,
    speakers,
    extra,
    networks.map((prefix) => `network ${prefix}`),
  );
}

function family(
  top: string,
  name: string,
  of: AddressFamily,
  speakers: readonly Named[],
  extra: (speaker: Named) => readonly string[],
  rest: readonly string[],
): OutlineEntry[] {
  const active = speakers.filter(({ session }) => session.families.includes(of));
  if (active.length === 0) return [];
  const head = `address-family ${name}`;
  return [
    ...outline([top], [head]),
    ...outline([top, head], [...active.flatMap((speaker) => [`neighbor ${speaker.name} activate`, ...extra(speaker)]), ...rest]),
  ];
}
