/** `neighbor X …` of BGP: sessions and peer groups, and what each speaks in an address family. */
import { groupBody } from '../grammar/body.js';
import { grouped, many, one, toggle } from '../grammar/field.js';
import { after, choice, flag, freeText, list, maybe, parts } from '../grammar/part.js';
import { phrase } from '../grammar/phrase.js';
import { asn, name, number, peer, port, secret } from './words.js';

const direction = choice('in', 'out');

/** What may be said of a session in any place. */
const policy = {
  routeMaps: many(phrase('route-map', parts({ map: name, direction }))),
  prefixLists: many(phrase('prefix-list', parts({ list: name, direction }))),
  controlFunctions: many(phrase('rcf', parts({ direction, function: name }))),
};

export const neighbors = grouped(
  'neighbor',
  peer,
  groupBody({
    /** `neighbor G peer group` makes a group, `neighbor A peer group G` joins one. */
    peerGroup: one(phrase('peer group', parts({ joins: maybe(name) }))),
    remoteAs: one(phrase('remote-as', asn)),
    nextHopUnchanged: toggle('next-hop-unchanged'),
    nextHopSelf: toggle('next-hop-self'),
    enforceFirstAs: toggle('enforce-first-as'),
    shutdown: toggle('shutdown'),
    localAs: one(phrase('local-as', parts({ asn, replaces: flag('no-prepend replace-as'), fallback: flag('fallback') }))),
    source: one(phrase('update-source', port())),
    bfd: toggle('bfd'),
    bfdTimers: one(
      phrase(
        'bfd interval',
        parts({ interval: number(50, 60_000), minRx: after('min-rx', number(50, 60_000)), multiplier: after('multiplier', number(3, 50)) }),
      ),
    ),
    fallOver: one(phrase('fall-over bfd')),
    description: one(phrase('description', freeText)),
    allowAsIn: one(phrase('allowas-in', parts({ times: maybe(number(1, 10)) }))),
    multihop: one(phrase('ebgp-multihop', parts({ hops: maybe(number(1, 255)) }))),
    reflectorClient: toggle('route-reflector-client'),
    sessionTracker: one(phrase('session tracker', name)),
    timers: one(phrase('timers', parts({ keepalive: number(0, 3600), hold: number(0, 7200) }))),
    ...policy,
    passive: toggle('passive'),
    weight: one(phrase('weight', number(0, 65_535))),
    peerTags: many(phrase('peer-tag', parts({ direction, discard: flag('discard'), tag: name }))),
    password: one(phrase('password', secret)),
    defaultOriginate: one(phrase('default-originate', parts({ map: maybe(after('route-map', name)), always: flag('always') }))),
    /** All kinds where none is named. */
    communities: one(phrase('send-community', parts({ kinds: maybe(list(choice('standard', 'extended', 'large'))) }))),
    maximumRoutes: one(
      phrase(
        'maximum-routes',
        parts({
          most: number(0, 4_294_967_294),
          warnAt: maybe(after('warning-limit', parts({ value: number(0, 4_294_967_294), percent: flag('percent') }))),
          warnOnly: flag('warning-only'),
        }),
      ),
    ),
    removePrivateAs: one(phrase('remove-private-as', parts({ ingress: flag('ingress'), all: flag('all'), replace: flag('replace-as') }))),
    ribIn: one(phrase('rib-in pre-policy retain', flag('all'))),
  }),
);

/** In an address family a neighbor is switched on, and told what differs there. */
export const familyNeighbors = grouped(
  'neighbor',
  peer,
  groupBody({
    activate: toggle('activate'),
    ...policy,
    domain: one(phrase('domain', choice('remote'))),
    encapsulation: one(
      phrase(
        'encapsulation',
        parts({
          kind: choice('vxlan', 'mpls', 'path-selection'),
          source: maybe(after('next-hop-self source-interface', port())),
        }),
      ),
    ),
    nextHopUnchanged: toggle('next-hop-unchanged'),
    nextHopSelf: toggle('next-hop-self'),
    nextHopSelfOf: one(phrase('next-hop-self received-evpn-routes route-type ip-prefix', flag('inter-domain'))),
    nextHop6: one(phrase('next-hop address-family ipv6', flag('originate'))),
    reflectorClient: toggle('route-reflector-client'),
    defaultRoute: one(phrase('default-route', parts({ map: maybe(after('route-map', name)) }))),
    defaultTarget: one(phrase('default-route-target', flag('only'))),
    additionalPaths: toggle('additional-paths receive'),
    weight: one(phrase('weight', number(0, 65_535))),
  }),
);

/** Unnumbered sessions: EOS prints ranges of ports, each is one. */
export const portNeighbors = many(
  phrase(
    'neighbor interface',
    parts({
      port: port(),
      group: after('peer-group', name),
      remoteAs: maybe(after('remote-as', asn)),
      filter: maybe(after('peer-filter', name)),
    }),
  ),
);
