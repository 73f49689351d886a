/** `router bgp`: sessions, MAC-VRFs, bundles, address families, VRFs; in the order in which EOS prints them. */
import { body } from '../grammar/body.js';
import { many, members, one, section, sections, toggle } from '../grammar/field.js';
import { after, choice, flag, maybe, parts } from '../grammar/part.js';
import { phrase } from '../grammar/phrase.js';
import { familyNeighbors, neighbors, portNeighbors } from './neighbor.js';
import { asn, esi, esImport, ip4, name, number, prefix, printNumbers, rd, rt, vlan } from './words.js';

const domain = choice('remote', 'all');
const direction = choice('import', 'export');

/** One target of one direction; EOS writes `both` where they agree. */
const macVrf = {
  rd: one(phrase('rd', rd)),
  rdOfDomain: many(phrase('rd evpn domain', parts({ domain, rd }))),
  targets: many(phrase('route-target', parts({ direction, target: rt }))),
  targetsOfDomain: many(phrase('route-target', parts({ direction, domain: after('evpn domain', domain), target: rt }))),
  learned: toggle('redistribute learned'),
  hostRoute: toggle('redistribute host-route'),
  static: toggle('redistribute static'),
  connected: toggle('redistribute connected'),
  igmp: toggle('redistribute igmp'),
  routerMac: toggle('redistribute router-mac'),
  routerMacAsVtep: one(phrase('redistribute router-mac next-hop vtep primary')),
  virtualIpAsVtep: one(phrase('redistribute router-mac virtual-ip next-hop vtep primary')),
};

const macVrfs = sections(phrase('vlan', vlan), body(macVrf));
const bundles = sections(phrase('vlan-aware-bundle', name), body({ ...macVrf, vlans: members(phrase('vlan', vlan), printNumbers) }));

const redistribution = many(
  phrase(
    'redistribute',
    parts({
      source: choice(
        'attached-host',
        'bgp leaked',
        'connected',
        'dynamic',
        'isis',
        'isis level-1',
        'isis level-2',
        'isis level-1-2',
        'ospf',
        'ospfv3',
        'rip',
        'static',
        'user',
      ),
      match: maybe(after('match', choice('external', 'internal', 'nssa-external', 'nssa-external 1', 'nssa-external 2'))),
      leaked: flag('include leaked'),
      map: maybe(after('route-map', name)),
    }),
  ),
);
const networks = many(phrase('network', parts({ prefix, map: maybe(after('route-map', name)) })));
const aggregates = many(
  phrase(
    'aggregate-address',
    parts({
      prefix,
      asSet: flag('as-set'),
      summaryOnly: flag('summary-only'),
      map: maybe(after('attribute-map', name)),
      advertiseOnly: flag('advertise-only'),
    }),
  ),
);

const segment = body({
  identifier: one(phrase('identifier', esi)),
  electionPreference: one(phrase('designated-forwarder election algorithm preference', number(0, 65_535))),
  importTarget: one(phrase('route-target import', esImport)),
});

const evpn = section(
  'address-family evpn',
  body({
    additionalPaths: one(phrase('bgp additional-paths receive')),
    nextHopUnchanged: toggle('bgp next-hop-unchanged'),
    defaultEncapsulation: one(phrase('neighbor default encapsulation', choice('vxlan', 'mpls', 'path-selection'))),
    nextHopSelfOf: one(phrase('neighbor default next-hop-self received-evpn-routes route-type ip-prefix', flag('inter-domain'))),
    neighbors: familyNeighbors,
    domains: many(phrase('domain identifier', parts({ identifier: rt, place: maybe(choice('remote', 'attach')) }))),
    segmentTarget: one(phrase('route type ethernet-segment route-target auto')),
    importMismatch: one(phrase('route import match-failure action discard')),
    importWithdraw: one(phrase('route import ethernet-segment ip mass-withdraw')),
    exportWithdraw: one(phrase('route export ethernet-segment ip mass-withdraw')),
    overlayIndex: one(phrase('route import overlay-index gateway')),
    fecInPlace: one(
      phrase(
        'layer-2 fec in-place update',
        parts({ timeout: maybe(after('timeout', parts({ seconds: number(0, 4_294_967_295), unit: flag('seconds') }))) }),
      ),
    ),
    flapDetection: toggle('host-flap detection'),
    flapWindow: one(
      phrase(
        'host-flap detection',
        parts({
          window: maybe(after('window', number(0, 4_294_967_295))),
          threshold: maybe(after('threshold', number(0, 4_294_967_295))),
          expiry: maybe(after('expiry timeout', parts({ seconds: number(0, 4_294_967_295), unit: flag('seconds') }))),
        }),
      ),
    ),
    segment: section('evpn ethernet-segment domain all', segment),
  }),
);

const unicast = body({
  additionalPaths: one(phrase('bgp additional-paths', choice('install', 'receive', 'send any', 'send ecmp'))),
  neighbors: familyNeighbors,
  domains: many(phrase('domain identifier', parts({ identifier: rt, place: maybe(choice('remote', 'attach')) }))),
  networks,
  aggregates,
  redistribution,
});

const families = sections(
  phrase(
    'address-family',
    choice(
      'ipv4',
      'ipv6',
      'ipv4 multicast',
      'ipv6 multicast',
      'ipv4 labeled-unicast',
      'ipv6 labeled-unicast',
      'vpn-ipv4',
      'vpn-ipv6',
      'rt-membership',
    ),
  ),
  unicast,
);

/** What a BGP instance says in the main table and in a VRF alike. */
const instance = {
  routerId: one(phrase('router-id', ip4)),
  waitForConvergence: toggle('update wait-for-convergence'),
  waitInstall: toggle('update wait-install'),
  defaultUnicast: toggle('bgp default ipv4-unicast'),
  timers: one(phrase('timers bgp', parts({ keepalive: number(0, 3600), hold: number(0, 7200) }))),
  distance: one(phrase('distance bgp', parts({ external: number(1, 255), internal: maybe(number(1, 255)), local: maybe(number(1, 255)) }))),
  gracefulRestart: toggle('graceful-restart'),
  gracefulRestartTime: one(phrase('graceful-restart restart-time', number(1, 3600))),
  clusterId: one(phrase('bgp cluster-id', ip4)),
  maximumPaths: one(phrase('maximum-paths', parts({ paths: number(1, 600), ecmp: maybe(after('ecmp', number(1, 600))) }))),
  pathByDomain: one(phrase('bgp bestpath d-path')),
  asnNotation: one(phrase('bgp asn notation', choice('asdot', 'asplain'))),
  preserveAttributes: one(phrase('bgp route-reflector preserve-attributes', flag('always'))),
  localAs: one(phrase('local-as', asn)),
  listenRanges: many(
    phrase(
      'bgp listen range',
      parts({
        range: prefix,
        group: after('peer-group', name),
        remoteAs: maybe(after('remote-as', asn)),
        filter: maybe(after('peer-filter', name)),
      }),
    ),
  ),
  additionalPaths: many(phrase('bgp additional-paths', choice('install', 'receive', 'send any', 'send ecmp'))),
  neighbors,
  portNeighbors,
  networks,
  aggregates,
  redistribution,
};

const target = parts({
  direction,
  family: maybe(choice('evpn', 'vpn-ipv4', 'vpn-ipv6')),
  domain: maybe(after('domain', domain)),
  target: rt,
});

const multicastFamily = body({ transit: one(phrase('transit')) });

const vrfs = sections(
  phrase('vrf', name),
  body({
    rd: one(phrase('rd', rd)),
    rdOfDomain: many(phrase('rd evpn domain', parts({ domain, rd }))),
    targets: many(phrase('route-target', target)),
    targetMaps: many(
      phrase('route-target', parts({ direction, family: choice('evpn', 'vpn-ipv4', 'vpn-ipv6'), map: after('route-map', name) })),
    ),
    defaultRoute: one(phrase('default-route export evpn', parts({ always: flag('always'), map: maybe(after('route-map', name)) }))),
    ...instance,
    multicast: section(
      'evpn multicast',
      body({
        election: one(phrase('gateway dr election algorithm preference', number(0, 65_535))),
        ipv4: section('address-family ipv4', multicastFamily),
        ipv6: section('address-family ipv6', multicastFamily),
      }),
    ),
    families,
  }),
);

const sessionTrackers = sections(
  phrase('session tracker', name),
  body({ recoveryDelay: one(phrase('recovery delay', parts({ seconds: number(0, 3600), unit: flag('seconds') }))) }),
);

export const bgp = sections(phrase('router bgp', asn), body({ ...instance, macVrfs, bundles, evpn, families, vrfs, sessionTrackers }));
