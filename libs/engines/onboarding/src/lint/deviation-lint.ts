/** Each kind of deviation: how bad it is, what it means, and the way out. Taking the value out of the model puts Trame's line into the next plan. */
import type { Deviation, DeviationCode } from '#engines/intent';
import type { Severity } from './lint-finding.js';

interface Words {
  readonly severity: Severity;
  /** Behind the name of the device. */
  readonly says: string;
  readonly fix: string;
}

export const DEVIATION_WORDS: Readonly<Record<Exclude<DeviationCode, 'REDISTRIBUTES_CONNECTED' | 'OTHER_DISTINGUISHER'>, Words>> = {
  ADMINISTRATIVE_DISTANCE: {
    severity: 'INFO',
    says: 'sets administrative distances of BGP by hand',
    fix: 'keep them, or let Trame leave them at their defaults: no other protocol competes',
  },
  AUTOMATIC_TARGETS: {
    severity: 'WARNING',
    says: 'has no explicit route targets and no explicit RD: FRR makes them of its AS number and the VNI, and the RD of an index that changes with the order of creation',
    fix: 'let Trame write `rd` and `route-target import` and `export` for every VNI: it goes on working when the other end has another AS',
  },
  BFD: { severity: 'INFO', says: 'has other BFD settings than the session', fix: 'set BFD once, for the whole underlay' },
  COMMUNITIES: {
    severity: 'INFO',
    says: 'sends other kinds of communities to its neighbors than Trame would',
    fix: 'send extended communities: route targets are nothing else',
  },
  DEFAULT_UNICAST: {
    severity: 'INFO',
    says: 'switches IPv4 unicast on for every neighbor by default',
    fix: 'write `no bgp default ipv4-unicast`, and activate each family by name',
  },
  EDGE_PORT: {
    severity: 'INFO',
    says: 'has a port towards guests with other VLANs or another mode',
    fix: 'attach the networks that belong there, and no others',
  },
  ENCAPSULATION: { severity: 'INFO', says: 'names the encapsulation of Vxlan1 although it is the default', fix: 'leave it out for IPv4' },
  EXTENDED_NEXT_HOP: {
    severity: 'INFO',
    says: 'offers extended-nexthop (RFC 8950) on a session between IPv4 addresses',
    fix: 'take it away: only unnumbered sessions need it',
  },
  FAMILY_OF_ONE_SIDE: {
    severity: 'WARNING',
    says: 'says otherwise which address families a session has',
    fix: 'switch the same families on at both ends',
  },
  FRR_PROFILE: {
    severity: 'INFO',
    says: 'has other defaults of FRR (`frr defaults`)',
    fix: 'use `frr defaults datacenter`, or set the timers yourself',
  },
  GATEWAY: {
    severity: 'WARNING',
    says: 'has another shared MAC address for gateways',
    fix: 'have one MAC in the whole fabric: guests keep it when they move',
  },
  GRACEFUL_RESTART: {
    severity: 'INFO',
    says: 'has its own settings of graceful restart',
    fix: 'keep them, or let Trame leave the defaults',
  },
  GUEST_PORTS: {
    severity: 'INFO',
    says: 'does not tell ifupdown2 which ports are of guests: `ifquery --check` calls the bridge drifted while a guest runs',
    fix: 'let Trame write `bridge-ports-condone-regex`',
  },
  HOOK_COMMAND: { severity: 'INFO', says: 'runs other commands when an interface comes up', fix: 'let Trame write those that it needs' },
  HOST_PARTICIPATES: {
    severity: 'WARNING',
    says: 'takes part in networks that it only bridges: it has a link-local address there and may route from them into the underlay',
    fix: 'let Trame write `ip-forward off`, `ip6-forward off` and `ipv6-addrgen off`',
  },
  HOSTNAME: { severity: 'INFO', says: 'has another host name in FRR, or none', fix: 'use one name everywhere' },
  INTERFACE_MODE: { severity: 'INFO', says: 'leaves the mode of a routed port to the default', fix: 'let Trame write `no switchport`' },
  INTERFACE_TEXT: {
    severity: 'INFO',
    says: 'has other descriptions of interfaces, or none',
    fix: 'let Trame write who is at the other end',
  },
  LEARNING: {
    severity: 'WARNING',
    says: 'learns addresses from the tunnel although EVPN brings them',
    fix: 'set `vxlan-learning off` and `bridge-learning off`: a spoofed frame would move a guest',
  },
  LOGGING: { severity: 'INFO', says: 'logs otherwise', fix: 'keep it, or let Trame write `log syslog informational`' },
  LOOPBACK_NOT_NAMED: {
    severity: 'INFO',
    says: 'does not announce its loopback by name',
    fix: 'let Trame write `network` with the loopback, in place of what is redistributed',
  },
  MAC_VRF_REDISTRIBUTION: {
    severity: 'INFO',
    says: 'redistributes other routes into a MAC-VRF',
    fix: 'let Trame write `redistribute learned`',
  },
  MTU: {
    severity: 'WARNING',
    says: 'has another MTU than the network can carry, or none',
    fix: 'use one MTU for the network on all its VTEPs',
  },
  MULTIHOP_WITHOUT_NEED: {
    severity: 'WARNING',
    says: 'has `ebgp-multihop` on a session inside one AS or over one cable, where it does nothing or hides a missing link',
    fix: 'take it away',
  },
  MULTIPATH: {
    severity: 'INFO',
    says: 'uses another number of equal paths',
    fix: 'keep it where there are several links, or let Trame leave the default',
  },
  ND_SUPPRESSION: {
    severity: 'WARNING',
    says: 'floods ARP and neighbor solicitations through the fabric',
    fix: 'let Trame write `bridge-arp-nd-suppress on`: EVPN knows the answers (RFC 9161)',
  },
  NEIGHBOR_DESCRIPTION: {
    severity: 'INFO',
    says: 'describes its neighbors otherwise, or not at all',
    fix: 'let Trame write the name of the device',
  },
  NEIGHBOR_SOURCE: {
    severity: 'WARNING',
    says: 'leaves open from which address a session speaks',
    fix: 'let Trame write `update-source`: with a second link the session may come from another address, and is refused',
  },
  NEXT_HOP_OF_REFLECTOR: {
    severity: 'WARNING',
    says: 'reflects underlay routes with the next hop of a link that other clients do not know',
    fix: 'let Trame set the next hop of unicast routes, and of no EVPN route',
  },
  NOT_CONFIGURED: { severity: 'INFO', says: 'does not have what Trame would write', fix: 'let Trame write it with the next plan' },
  NOT_STARTED: {
    severity: 'ERROR',
    says: 'has an interface that does not come up by itself',
    fix: 'let Trame write `auto`: after a restart it would be missing',
  },
  OTHER_ORDER: {
    severity: 'INFO',
    says: 'has addresses or commands of an interface in another order than Trame would write: the first address is the primary one',
    fix: 'let Trame write its own order, once nothing speaks from the other address',
  },
  OTHER_TARGETS: {
    severity: 'WARNING',
    says: 'has other route targets than the rest of the network',
    fix: 'give all members the same targets, and each network its own',
  },
  OTHER_TIMERS: {
    severity: 'INFO',
    says: 'leaves the timers of its sessions to the instance, or has others',
    fix: 'let Trame write them per session, the same at both ends',
  },
  OTHER_VALUE: { severity: 'INFO', says: 'has another value', fix: 'let Trame write its own with the next plan' },
  PEER_GROUP: {
    severity: 'INFO',
    says: 'says AS numbers of its neighbors in peer groups',
    fix: 'keep it, or let Trame write them per session',
  },
  REFLECTOR_OF_ONE_SIDE: {
    severity: 'WARNING',
    says: 'has another idea of who reflects routes',
    fix: 'make one end the reflector and the other its client',
  },
  ROUTE_FILTER: {
    severity: 'WARNING',
    says: 'takes and gives every route: nothing keeps more than loopbacks out of the underlay',
    fix: 'let Trame write the prefix list and the route map of its loopbacks',
  },
  ROUTE_LIMIT: {
    severity: 'INFO',
    says: 'has a limit on routes, or the default of EOS (12,000), at which the session is shut',
    fix: 'let Trame write `maximum-routes 0`, or a limit above what the fabric can have',
  },
  ROUTER_ID: {
    severity: 'WARNING',
    says: 'has another router id, or none',
    fix: 'use the loopback: an id that is chosen may change with an interface',
  },
  ROUTING_SWITCH: { severity: 'INFO', says: 'does not switch routing on by name', fix: 'let Trame write `ip routing`' },
  SERVICE: { severity: 'INFO', says: 'keeps its configuration in several files', fix: 'use `service integrated-vtysh-config`' },
  SPANNING_TREE: {
    severity: 'WARNING',
    says: 'has other settings of spanning tree on a bridge of the fabric',
    fix: 'switch it off there: EVPN has no loops, and a port that waits loses DHCP',
  },
  SUBNETS_NOT_NAMED: {
    severity: 'INFO',
    says: 'announces in a VRF whatever is connected there',
    fix: 'let Trame name the subnets: then a test address does not become a route of the customer',
  },
  TIMERS_OF_INSTANCE: {
    severity: 'INFO',
    says: 'sets timers once for all sessions',
    fix: 'let Trame write them per session: then one session can differ',
  },
  UDP_PORT: {
    severity: 'INFO',
    says: 'does not name the UDP port of VXLAN, or has another',
    fix: 'let Trame write it: 4789 is not the default of every kernel',
  },
  VLAN_NAME: { severity: 'INFO', says: 'has its own names for VLANs, or none', fix: 'let Trame write `vni<number>`' },
  VLAN_NOT_DEFINED: {
    severity: 'ERROR',
    says: 'maps a VLAN to a VNI and does not define it',
    fix: 'define the VLAN: without it EOS bridges nothing',
  },
  VTEP_DEVICE: { severity: 'INFO', says: 'makes the device of its VTEP address in another way', fix: 'let Trame write it' },
};

/** What the device has, and what would be there: for one line, both; for many, how many. */
export function shown(deviation: Deviation): string {
  const [edit] = deviation.edits;
  if (edit === undefined || deviation.edits.length > 1) return '';
  if (edit.running === null) return ` (not \`${edit.trame}\`)`;
  return edit.trame === null ? ` (\`${edit.running}\`)` : ` (\`${edit.running}\`, not \`${edit.trame}\`)`;
}
