/** `interface Vxlan1`: EVPN, static head-end lists, underlay multicast, IPv4 and IPv6. */
import type { Ip, VlanId } from '#engines/kernel';
import { body } from '../grammar/body.js';
import { line, many, members, one, section, toggle } from '../grammar/field.js';
import { after, choice, flag, freeText, maybe, parts } from '../grammar/part.js';
import { phrase } from '../grammar/phrase.js';
import { groups, ip, ip4, mac, name, number, port, vlan, vni } from './words.js';

/** Each line names its VLAN or VRF first: they are phrases with the name inside. */
const ofVlan = phrase('vxlan vlan', parts({ vlan, vni: after('vni', vni) }));
const ofVrf = phrase('vxlan vrf', parts({ vrf: name, vni: after('vni', vni) }));
const floodOfVlan = phrase('vxlan vlan', parts({ vlan, vtep: after('flood vtep', ip) }));

/** All VTEPs of a VLAN in one line: a second line would replace the first. */
const vlanFlood = {
  ...many(floodOfVlan),
  write: (values: readonly { readonly vlan: VlanId; readonly vtep: Ip }[]) =>
    [...new Set(values.map((value) => value.vlan))].map((of) => {
      const vteps = values.filter((value) => value.vlan === of).map(({ vtep }) => vtep);
      return line(`vxlan vlan ${of} flood vtep ${vteps.join(' ')}`);
    }),
};

export const vxlan = section(
  'interface Vxlan1',
  body({
    description: one(phrase('description', freeText)),
    shutdown: toggle('shutdown'),
    source: one(phrase('vxlan source-interface', port('Loopback'))),
    arpReplyRelay: one(phrase('arp reply relay')),
    controllerClient: one(phrase('vxlan controller-client')),
    routerMac: one(phrase('vxlan virtual-router encapsulation mac-address', parts({ mlag: flag('mlag-system-id'), mac: maybe(mac) }))),
    udpPort: one(phrase('vxlan udp-port', number(1, 65_535))),
    encapsulation: one(phrase('vxlan encapsulation', choice('ipv4', 'ipv6', 'ipv4 ipv6'))),
    vlans: many(ofVlan),
    vrfs: many(ofVrf),
    mlagSource: one(phrase('vxlan mlag source-interface', port('Loopback'))),
    vlanGroups: many(phrase('vxlan vlan', parts({ vlan, group: after('multicast group', ip) }))),
    vrfGroups: many(phrase('vxlan vrf', parts({ vrf: name, group: after('multicast group', ip) }))),
    overlayGroups: many(
      phrase(
        'vxlan vrf',
        parts({
          vrf: name,
          overlay: after('multicast group overlay', groups),
          encapsulation: after('encap', groups),
          immediate: flag('immediate'),
        }),
      ),
    ),
    group: one(phrase('vxlan multicast-group', ip4)),
    multicast: many(phrase('vxlan multicast', choice('ipv4', 'ipv6', 'headend-replication'))),
    floodLearned: one(phrase('vxlan flood vtep learned data-plane')),
    flood: members(phrase('vxlan flood vtep', ip), (vteps) => vteps.join(' ')),
    vlanFlood,
    bridging: one(phrase('vxlan bridging vtep-to-vtep')),
    ecnPropagation: toggle('vxlan qos ecn propagation'),
    dscpPropagation: toggle('vxlan qos dscp propagation encapsulation'),
    dscpToClass: toggle('vxlan qos map dscp to traffic-class decapsulation'),
    bfd: one(
      phrase(
        'bfd vtep evpn interval',
        parts({ interval: number(50, 60_000), minRx: after('min-rx', number(50, 60_000)), multiplier: after('multiplier', number(3, 50)) }),
      ),
    ),
    bfdPrefixList: one(phrase('bfd vtep evpn prefix-list', name)),
  }),
);
