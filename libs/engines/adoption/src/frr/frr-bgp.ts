/** `router bgp`: the main instance and those of VRFs. */
import { body } from '../grammar/body.js';
import { many, one, section, sections, toggle } from '../grammar/field.js';
import { after, choice, flag, maybe, parts, type Part } from '../grammar/part.js';
import { phrase } from '../grammar/phrase.js';
import { asn, ip, ip4, name, number, prefix, rd, rt } from '../grammar/words.js';
import { familyNeighbors, neighbors } from './frr-neighbor.js';
import { openTarget } from './frr-words.js';

const target: Part<string> = { take: (words, at) => rt.take(words, at) ?? openTarget.take(words, at), say: (value) => [value] };
const targets = many(phrase('route-target', parts({ direction: choice('import', 'export'), target })));

const redistribution = many(
  phrase(
    'redistribute',
    parts({
      source: choice('connected', 'static', 'kernel', 'ospf', 'ospf6', 'isis', 'openfabric', 'rip', 'eigrp', 'table'),
      metric: maybe(after('metric', number(0, 4_294_967_295))),
      map: maybe(after('route-map', name)),
    }),
  ),
);

const unicast = {
  neighbors: familyNeighbors,
  networks: many(phrase('network', parts({ prefix, map: maybe(after('route-map', name)) }))),
  aggregates: many(phrase('aggregate-address', parts({ prefix, asSet: flag('as-set'), summaryOnly: flag('summary-only') }))),
  redistribution,
  maximumPaths: one(phrase('maximum-paths', number(1, 256))),
  maximumPathsInternal: one(phrase('maximum-paths ibgp', parts({ paths: number(1, 256), sameCluster: flag('equal-cluster-length') }))),
  importedVrfs: many(phrase('import vrf', name)),
  importMap: one(phrase('import vrf route-map', name)),
};

const families = sections(
  phrase('address-family', choice('ipv4 unicast', 'ipv6 unicast', 'ipv4 multicast', 'ipv6 multicast', 'ipv4 vpn', 'ipv6 vpn')),
  body(unicast),
);

const vnis = sections(
  phrase('vni', number(1, 16_777_215)),
  body({
    rd: one(phrase('rd', rd)),
    targets,
    advertiseSviIp: toggle('advertise-svi-ip'),
    advertiseGateway: toggle('advertise-default-gw'),
  }),
);

const evpn = section(
  'address-family l2vpn evpn',
  body({
    neighbors: familyNeighbors,
    advertiseAll: toggle('advertise-all-vni'),
    automaticTargets: one(phrase('autort rfc8365-compatible')),
    advertiseGateway: toggle('advertise-default-gw'),
    advertiseSviIp: toggle('advertise-svi-ip'),
    advertisePip: one(phrase('advertise-pip', parts({ ip: maybe(after('ip', ip)) }))),
    advertiseIpv4: one(phrase('advertise ipv4 unicast', parts({ map: maybe(after('route-map', name)) }))),
    advertiseIpv6: one(phrase('advertise ipv6 unicast', parts({ map: maybe(after('route-map', name)) }))),
    defaultIpv4: one(phrase('default-originate ipv4')),
    defaultIpv6: one(phrase('default-originate ipv6')),
    vnis,
    rd: one(phrase('rd', rd)),
    targets,
    flooding: one(phrase('flooding', choice('disable', 'head-end-replication'))),
    duplicateDetection: toggle('dup-addr-detection'),
  }),
);

const instance = {
  routerId: one(phrase('bgp router-id', ip4)),
  clusterId: one(phrase('bgp cluster-id', ip4)),
  defaultUnicast: toggle('bgp default ipv4-unicast'),
  ebgpRequiresPolicy: toggle('bgp ebgp-requires-policy'),
  suppressDuplicates: toggle('bgp suppress-duplicates'),
  hardReset: toggle('bgp hard-administrative-reset'),
  gracefulRestartNotification: toggle('bgp graceful-restart notification'),
  gracefulRestart: toggle('bgp graceful-restart'),
  logChanges: toggle('bgp log-neighbor-changes'),
  relaxedMultipath: one(phrase('bgp bestpath as-path multipath-relax')),
  coalesceTime: one(phrase('coalesce-time', number(0, 4_294_967_295))),
  timers: one(phrase('timers bgp', parts({ keepalive: number(0, 65_535), hold: number(0, 65_535) }))),
  listenRanges: many(phrase('bgp listen range', parts({ range: prefix, group: after('peer-group', name) }))),
  neighbors,
  families,
  evpn,
};

export const instances = sections(phrase('router bgp', parts({ asn, vrf: maybe(after('vrf', name)) })), body(instance));
