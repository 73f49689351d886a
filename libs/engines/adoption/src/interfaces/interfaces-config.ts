/** What interfaces(5) says of each interface, in the words of ifupdown2. */
import { type BodyOf, body } from '../grammar/body.js';
import { many, members, one, sections } from '../grammar/field.js';
import { choice, freeText, type Part, parts, word } from '../grammar/part.js';
import { phrase } from '../grammar/phrase.js';
import { host4, host6, type HostPrefix, ip, mac, number } from '../grammar/words.js';

/** Kernels take anything but blanks and slashes; what is longer than 15 octets is refused by them, and read here to be named. */
const interfaceName: Part<string> = word((text) => (/^[A-Za-z0-9_.:@-]{1,32}$/.test(text) ? text : undefined));
const host: Part<HostPrefix> = { take: (words, at) => host4.take(words, at) ?? host6.take(words, at), say: host4.say };
const onOff = choice('on', 'off');

/** `10`, or `2-4094`. */
const vlanRange: Part<{ readonly first: number; readonly last: number }> = word(
  (text) => {
    const [, first, last] = /^([1-9]\d{0,3})(?:-([1-9]\d{0,3}))?$/.exec(text) ?? [];
    return first === undefined ? undefined : { first: Number(first), last: Number(last ?? first) };
  },
  ({ first, last }) => (first === last ? `${first}` : `${first}-${last}`),
);

const bridge = {
  bridgePorts: members(phrase('bridge-ports', interfaceName), (names) => names.join(' ')),
  bridgePortsCondoned: one(phrase('bridge-ports-condone-regex', freeText)),
  stp: one(phrase('bridge-stp', onOff)),
  forwardDelay: one(phrase('bridge-fd', number(0, 255))),
  vlanAware: one(phrase('bridge-vlan-aware', onOff)),
  vids: members(phrase('bridge-vids', vlanRange), (ranges) => ranges.flatMap((range) => vlanRange.say(range)).join(' ')),
  pvid: one(phrase('bridge-pvid', number(1, 4094))),
  accessVlan: one(phrase('bridge-access', number(1, 4094))),
  bridgeVlanProtocol: one(phrase('bridge-vlan-protocol', choice('802.1q', '802.1ad'))),
  priority: one(phrase('bridge-bridgeprio', number(0, 65_535))),
  ageing: one(phrase('bridge-ageing', number(0, 4_294_967_295))),
  learning: one(phrase('bridge-learning', onOff)),
  arpNdSuppress: one(phrase('bridge-arp-nd-suppress', onOff)),
  unicastFlood: one(phrase('bridge-unicast-flood', onOff)),
  multicastFlood: one(phrase('bridge-multicast-flood', onOff)),
  multicastSnooping: one(phrase('bridge-mcsnoop', onOff)),
};

const vxlan = {
  vni: one(phrase('vxlan-id', number(1, 16_777_215))),
  localAddress: one(phrase('vxlan-local-tunnelip', ip)),
  udpPort: one(phrase('vxlan-port', number(1, 65_535))),
  vxlanLearning: one(phrase('vxlan-learning', onOff)),
  remotes: many(phrase('vxlan-remoteip', ip)),
  group: one(phrase('vxlan-svcnodeip', ip)),
  physicalDevice: one(phrase('vxlan-physdev', interfaceName)),
  vxlanAgeing: one(phrase('vxlan-ageing', number(0, 4_294_967_295))),
};

const bond = {
  bondMembers: members(phrase('bond-slaves', interfaceName), (names) => names.join(' ')),
  bondMode: one(
    phrase('bond-mode', choice('balance-rr', 'active-backup', 'balance-xor', 'broadcast', '802.3ad', 'balance-tlb', 'balance-alb')),
  ),
  miimon: one(phrase('bond-miimon', number(0, 2_147_483_647))),
  hashPolicy: one(phrase('bond-xmit-hash-policy', choice('layer2', 'layer2+3', 'layer3+4', 'encap2+3', 'encap3+4', 'vlan+srcmac'))),
  lacpRate: one(phrase('bond-lacp-rate', choice('slow', 'fast'))),
  primary: one(phrase('bond-primary', interfaceName)),
  minLinks: one(phrase('bond-min-links', number(0, 2_147_483_647))),
  upDelay: one(phrase('bond-updelay', number(0, 2_147_483_647))),
  downDelay: one(phrase('bond-downdelay', number(0, 2_147_483_647))),
};

const openVswitch = {
  ovsType: one(phrase('ovs-type', choice('OVSBridge', 'OVSPort', 'OVSIntPort', 'OVSBond', 'OVSTunnel', 'OVSPatchPort'))),
  ovsBridge: one(phrase('ovs-bridge', interfaceName)),
  ovsPorts: members(phrase('ovs-ports', interfaceName), (names) => names.join(' ')),
  ovsBonds: members(phrase('ovs-bonds', interfaceName), (names) => names.join(' ')),
  ovsOptions: one(phrase('ovs-options', freeText)),
  ovsMtu: one(phrase('ovs-mtu', number(68, 65_535))),
};

const interfaces = sections(
  phrase('iface', interfaceName),
  body({
    methods: many(
      phrase('method', parts({ family: choice('inet', 'inet6'), method: choice('loopback', 'dhcp', 'auto', 'ppp', 'tunnel', 'v4tunnel') })),
    ),
    alias: one(phrase('alias', freeText)),
    addresses: many(phrase('address', host)),
    gateways: many(phrase('gateway', ip)),
    broadcast: one(phrase('broadcast', ip)),
    networkAddress: one(phrase('network', ip)),
    nameServers: members(phrase('dns-nameservers', ip), (servers) => servers.join(' ')),
    searchDomains: many(phrase('dns-search', freeText)),
    hardwareAddress: one(phrase('hwaddress', mac)),
    mtu: one(phrase('mtu', number(68, 65_535))),
    vlanDevice: one(phrase('vlan-raw-device', interfaceName)),
    vlanId: one(phrase('vlan-id', number(1, 4094))),
    vlanProtocol: one(phrase('vlan-protocol', choice('802.1q', '802.1ad'))),
    vrf: one(phrase('vrf', interfaceName)),
    vrfTable: one(
      phrase(
        'vrf-table',
        word((text) => (/^(?:auto|[1-9]\d{0,9})$/.test(text) ? text : undefined)),
      ),
    ),
    ...vxlan,
    ...bond,
    ...bridge,
    ...openVswitch,
    forwarding: one(phrase('ip-forward', onOff)),
    forwarding6: one(phrase('ip6-forward', onOff)),
    arpAccept: one(phrase('arp-accept', onOff)),
    linkLocal: one(phrase('ipv6-addrgen', onOff)),
    preUp: many(phrase('pre-up', freeText)),
    postUp: many(phrase('post-up', freeText)),
    preDown: many(phrase('pre-down', freeText)),
    postDown: many(phrase('post-down', freeText)),
  }),
);

const fields = {
  sources: many(phrase('source', freeText)),
  sourceDirectories: many(phrase('source-directory', freeText)),
  auto: many(phrase('auto', interfaceName)),
  hotplug: many(phrase('allow-hotplug', interfaceName)),
  interfaces,
};

export const interfacesConfig = body(fields);

/** Stanzas of one interface are one entry, in the order in which they first appear; null where nothing is said. */
export type InterfacesConfig = BodyOf<typeof fields>;
export type InterfaceConfig = InterfacesConfig['interfaces'][number];
