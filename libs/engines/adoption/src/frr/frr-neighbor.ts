/** `neighbor X …` of FRR: sessions and peer groups, and what each speaks in an address family. */
import { groupBody } from '../grammar/body.js';
import { grouped, many, one, toggle } from '../grammar/field.js';
import { after, choice, flag, freeText, maybe, parts, word } from '../grammar/part.js';
import { phrase } from '../grammar/phrase.js';
import { asn, name, number } from '../grammar/words.js';
import { neighborName, source } from './frr-words.js';

const remoteAs = word(
  (text) => (text === 'internal' || text === 'external' ? text : asn.take([text], 0)?.value),
  (value) => String(value),
);

export const neighbors = grouped(
  'neighbor',
  neighborName,
  groupBody({
    /** Unnumbered (RFC 5549): the name of the neighbor is an interface. */
    isInterface: one(
      phrase(
        'interface',
        parts({ v6only: flag('v6only'), group: maybe(after('peer-group', name)), remoteAs: maybe(after('remote-as', remoteAs)) }),
      ),
    ),
    peerGroup: one(phrase('peer-group', parts({ joins: maybe(name) }))),
    remoteAs: one(phrase('remote-as', remoteAs)),
    localAs: one(phrase('local-as', parts({ asn, noPrepend: flag('no-prepend'), replaceAs: flag('replace-as') }))),
    description: one(phrase('description', freeText)),
    shutdown: toggle('shutdown'),
    password: one(phrase('password', freeText)),
    multihop: one(phrase('ebgp-multihop', parts({ hops: maybe(number(1, 255)) }))),
    ttlSecurity: one(phrase('ttl-security hops', number(1, 254))),
    disableConnectedCheck: toggle('disable-connected-check'),
    enforceFirstAs: toggle('enforce-first-as'),
    bfd: one(
      phrase('bfd', parts({ multiplier: maybe(number(1, 255)), receive: maybe(number(1, 60_000)), transmit: maybe(number(1, 60_000)) })),
    ),
    bfdProfile: one(phrase('bfd profile', name)),
    source: one(phrase('update-source', source)),
    timers: one(phrase('timers', parts({ keepalive: number(0, 65_535), hold: number(0, 65_535) }))),
    connectTimer: one(phrase('timers connect', number(1, 65_535))),
    advertisementInterval: one(phrase('advertisement-interval', number(0, 600))),
    extendedNextHop: toggle('capability extended-nexthop'),
    passive: toggle('passive'),
    port: one(phrase('port', number(1, 65_535))),
  }),
);

const direction = choice('in', 'out');

export const familyNeighbors = grouped(
  'neighbor',
  neighborName,
  groupBody({
    activate: toggle('activate'),
    reflectorClient: toggle('route-reflector-client'),
    serverClient: toggle('route-server-client'),
    nextHopSelf: one(phrase('next-hop-self', flag('force'))),
    nextHopUnchanged: one(phrase('attribute-unchanged', parts({ asPath: flag('as-path'), nextHop: flag('next-hop'), med: flag('med') }))),
    softReconfiguration: toggle('soft-reconfiguration inbound'),
    allowAsIn: one(phrase('allowas-in', parts({ times: maybe(number(1, 10)), origin: flag('origin') }))),
    routeMaps: many(phrase('route-map', parts({ map: name, direction }))),
    prefixLists: many(phrase('prefix-list', parts({ list: name, direction }))),
    filterLists: many(phrase('filter-list', parts({ list: name, direction }))),
    maximumPrefix: one(
      phrase('maximum-prefix', parts({ most: number(1, 4_294_967_295), threshold: maybe(number(1, 100)), warning: flag('warning-only') })),
    ),
    defaultOriginate: one(phrase('default-originate', parts({ map: maybe(after('route-map', name)) }))),
    communities: one(phrase('send-community', parts({ kinds: maybe(choice('both', 'all', 'standard', 'extended', 'large')) }))),
    weight: one(phrase('weight', number(0, 65_535))),
  }),
);
