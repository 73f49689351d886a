/** Prefix lists, community lists, route maps, peer filters, static routes. */
import { body } from '../grammar/body.js';
import { many, one, sections } from '../grammar/field.js';
import { after, choice, flag, freeText, list, maybe, parts } from '../grammar/part.js';
import { phrase } from '../grammar/phrase.js';
import { asn, asnRange, ip, ip4, ip6, name, number, port, prefix4, prefix6, rt } from './words.js';

const action = choice('permit', 'deny');
const sequence = number(0, 65_535);

const entries = (prefix: typeof prefix4) =>
  body({
    remarks: many(phrase('remark', freeText)),
    entries: many(
      phrase(
        'seq',
        parts({
          sequence,
          action,
          prefix,
          eq: maybe(after('eq', number(0, 128))),
          ge: maybe(after('ge', number(0, 128))),
          le: maybe(after('le', number(0, 128))),
        }),
      ),
    ),
  });

export const prefixLists = sections(phrase('ip prefix-list', name), entries(prefix4));
export const prefixLists6 = sections(phrase('ipv6 prefix-list', name), entries(prefix6));

export const communityLists = many(
  phrase('ip community-list', parts({ isRegexp: flag('regexp'), list: name, action, values: list(name) })),
);
export const extendedCommunityLists = many(
  phrase('ip extcommunity-list', parts({ list: name, action, kind: choice('rt', 'soo'), value: rt })),
);

const addressMatch = parts({ kind: choice('prefix-list', 'access-list'), list: name });

export const routeMaps = sections(
  phrase('route-map', parts({ name, action, sequence: number(1, 16_777_215) })),
  body({
    description: many(phrase('description', freeText)),
    matchAs: one(phrase('match as', asn)),
    matchAsPath: one(phrase('match as-path', name)),
    matchCommunity: one(phrase('match community', list(name))),
    matchExtendedCommunity: one(phrase('match extcommunity', list(name))),
    matchIpv4: one(phrase('match ip address', addressMatch)),
    matchIpv6: one(phrase('match ipv6 address', addressMatch)),
    matchNextHop: one(phrase('match ip next-hop', addressMatch)),
    matchInterface: one(phrase('match interface', port())),
    matchSource: one(phrase('match source-protocol', choice('bgp', 'connected', 'isis', 'ospf', 'ospfv3', 'rip', 'static'))),
    matchTag: one(phrase('match tag', number(0, 4_294_967_295))),
    matchRouteType: one(phrase('match route-type', freeText)),
    nextHop4: one(phrase('set ip next-hop', parts({ address: maybe(ip4), special: maybe(choice('peer-address', 'unchanged')) }))),
    nextHop6: one(phrase('set ipv6 next-hop', parts({ address: maybe(ip6), special: maybe(choice('peer-address', 'unchanged')) }))),
    localPreference: one(phrase('set local-preference', number(0, 4_294_967_295))),
    metric: one(phrase('set metric', number(0, 4_294_967_295))),
    tag: one(phrase('set tag', number(0, 4_294_967_295))),
    weight: one(phrase('set weight', number(0, 65_535))),
    origin: one(phrase('set origin', choice('egp', 'igp', 'incomplete'))),
    prepend: one(phrase('set as-path prepend', list(asn))),
    community: one(phrase('set community', list(name))),
    extendedCommunity: many(
      phrase('set extcommunity', parts({ kind: choice('rt', 'soo'), value: rt, mode: maybe(choice('additive', 'delete')) })),
    ),
    continueAt: one(phrase('continue', parts({ at: maybe(number(1, 16_777_215)) }))),
    subMap: one(phrase('sub-route-map', name)),
  }),
);

const filterEntry = parts({ sequence, range: after('match as-range', asnRange), result: after('result', choice('accept', 'reject')) });

export const peerFilters = sections(phrase('peer-filter', name), body({ entries: many(phrase('', filterEntry)) }));

const route = (prefix: typeof prefix4) =>
  parts({
    vrf: maybe(after('vrf', name)),
    prefix,
    port: maybe(port()),
    nextHop: maybe(ip),
    distance: maybe(number(1, 255)),
    tracking: flag('track bfd'),
    tag: maybe(after('tag', number(0, 4_294_967_295))),
    name: maybe(after('name', name)),
    metric: maybe(after('metric', number(1, 4_294_967_295))),
  });

export const staticRoutes = many(phrase('ip route', route(prefix4)));
export const staticRoutes6 = many(phrase('ipv6 route', route(prefix6)));
