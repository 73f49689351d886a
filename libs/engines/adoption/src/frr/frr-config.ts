/** frr.conf in typed values: what Trame writes, and what people usually add to it. The rest is kept as it is. */
import { type BodyOf, body } from '../grammar/body.js';
import { many, one, sections, toggle } from '../grammar/field.js';
import { after, choice, freeText, list, maybe, parts } from '../grammar/part.js';
import { phrase } from '../grammar/phrase.js';
import { host4, host6, ip, ip4, name, number, prefix4, prefix6 } from '../grammar/words.js';
import { instances } from './frr-bgp.js';
import { interfaceName } from './frr-words.js';

const action = choice('permit', 'deny');
const listEntry = (prefix: typeof prefix4) =>
  parts({
    list: name,
    sequence: after('seq', number(1, 4_294_967_295)),
    action,
    prefix,
    ge: maybe(after('ge', number(0, 128))),
    le: maybe(after('le', number(0, 128))),
  });

const addressMatch = parts({ kind: choice('prefix-list', 'prefix-len'), value: name });

const routeMaps = sections(
  phrase('route-map', parts({ name, action, sequence: number(1, 65_535) })),
  body({
    description: one(phrase('description', freeText)),
    matchIpv4: one(phrase('match ip address', addressMatch)),
    matchIpv6: one(phrase('match ipv6 address', addressMatch)),
    matchInterface: one(phrase('match interface', interfaceName)),
    matchVni: one(phrase('match evpn vni', number(1, 16_777_215))),
    matchRouteType: one(phrase('match evpn route-type', name)),
    matchTag: one(phrase('match tag', number(1, 4_294_967_295))),
    nextHop4: one(phrase('set ip next-hop', parts({ address: maybe(ip4), special: maybe(choice('peer-address', 'unchanged')) }))),
    source: one(phrase('set src', ip)),
    metric: one(phrase('set metric', number(0, 4_294_967_295))),
    localPreference: one(phrase('set local-preference', number(0, 4_294_967_295))),
    weight: one(phrase('set weight', number(0, 4_294_967_295))),
    tag: one(phrase('set tag', number(1, 4_294_967_295))),
    community: one(phrase('set community', list(name))),
    onMatch: one(phrase('on-match', choice('next'))),
    call: one(phrase('call', name)),
  }),
);

const vrfs = sections(
  phrase('vrf', name),
  body({
    vni: one(phrase('vni', number(1, 16_777_215))),
    staticRoutes: many(phrase('ip route', parts({ prefix: prefix4, via: name, distance: maybe(number(1, 255)) }))),
    staticRoutes6: many(phrase('ipv6 route', parts({ prefix: prefix6, via: name, distance: maybe(number(1, 255)) }))),
  }),
);

const interfaces = sections(
  phrase('interface', interfaceName),
  body({
    description: one(phrase('description', freeText)),
    shutdown: toggle('shutdown'),
    addresses: many(phrase('ip address', host4)),
    addresses6: many(phrase('ipv6 address', host6)),
    suppressAdvertisements: toggle('ipv6 nd suppress-ra'),
    ospfArea: one(phrase('ip ospf area', ip4)),
    ospfNetwork: one(phrase('ip ospf network', choice('point-to-point', 'broadcast'))),
    ospfPassive: toggle('ip ospf passive'),
    ospfBfd: toggle('ip ospf bfd'),
    fabric: one(phrase('ip router openfabric', name)),
    fabric6: one(phrase('ipv6 router openfabric', name)),
    fabricPassive: toggle('openfabric passive'),
    isis: one(phrase('ip router isis', name)),
    isisNetwork: one(phrase('isis network point-to-point')),
    isisPassive: toggle('isis passive'),
  }),
);

const igp = {
  ospf: sections(
    phrase('router ospf'),
    body({ routerId: one(phrase('ospf router-id', ip4)), passive: many(phrase('passive-interface', interfaceName)) }),
  ),
  isis: sections(
    phrase('router isis', name),
    body({ net: one(phrase('net', name)), type: one(phrase('is-type', choice('level-1', 'level-2-only', 'level-1-2'))) }),
  ),
  openfabric: sections(phrase('router openfabric', name), body({ net: one(phrase('net', name)) })),
};

const fields = {
  profile: one(phrase('frr defaults', choice('traditional', 'datacenter'))),
  hostname: one(phrase('hostname', name)),
  logSyslog: one(
    phrase(
      'log syslog',
      parts({
        level: maybe(choice('emergencies', 'alerts', 'critical', 'errors', 'warnings', 'notifications', 'informational', 'debugging')),
      }),
    ),
  ),
  logFile: one(phrase('log file', freeText)),
  isIntegrated: toggle('service integrated-vtysh-config'),
  ipForwarding: toggle('ip forwarding'),
  ipv6Forwarding: toggle('ipv6 forwarding'),
  prefixLists: many(phrase('ip prefix-list', listEntry(prefix4))),
  prefixLists6: many(phrase('ipv6 prefix-list', listEntry(prefix6))),
  routeMaps,
  staticRoutes: many(
    phrase('ip route', parts({ prefix: prefix4, via: name, distance: maybe(number(1, 255)), vrf: maybe(after('vrf', name)) })),
  ),
  protocolMaps: many(phrase('ip protocol', parts({ protocol: name, map: after('route-map', name) }))),
  nextHopTracking: one(phrase('ip nht resolve-via-default')),
  vrfs,
  interfaces,
  ...igp,
  instances,
};

export const frrConfig = body(fields);

/** What FRR is configured to be. Lists are in the order in which the file has them; null where nothing is said. */
export type FrrConfig = BodyOf<typeof fields>;
