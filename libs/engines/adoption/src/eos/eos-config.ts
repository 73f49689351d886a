/** The sections of an EOS running-config that Trame owns, in EOS's own order; the rest is kept as it is. */
import type { BodyOf } from '../grammar/body.js';
import { body } from '../grammar/body.js';
import { many, members, one, section, toggle } from '../grammar/field.js';
import { choice, parts, after } from '../grammar/part.js';
import { phrase } from '../grammar/phrase.js';
import { isis, ospf } from './interior-routing.js';
import { ethernets, loopbacks, managements, portChannels, svis } from './interfaces.js';
import { mlag } from './mlag.js';
import { bgp } from './router-bgp.js';
import {
  communityLists,
  extendedCommunityLists,
  peerFilters,
  prefixLists,
  prefixLists6,
  routeMaps,
  staticRoutes,
  staticRoutes6,
} from './routing-policy.js';
import { vlans, vrfs } from './vlan.js';
import { vxlan } from './vxlan.js';
import { ip4, mac, name, printNumbers, vlan } from './words.js';

const fields = {
  dhcpRelay: section(
    'dhcp relay',
    body({
      noTunnelRequests: one(phrase('tunnel requests disabled')),
      noPeerLinkRequests: one(phrase('mlag peer-link requests disabled')),
    }),
  ),
  relayInformation: toggle('ip dhcp relay information option'),
  defaultMode: one(phrase('switchport default mode', choice('routed', 'access'))),
  internalVlans: one(
    phrase('vlan internal order', parts({ order: choice('ascending', 'descending'), first: after('range', vlan), last: vlan })),
  ),
  routingModel: one(phrase('service routing protocols model', choice('multi-agent', 'ribd'))),
  noSpanningTree: members(phrase('no spanning-tree vlan-id', vlan), printNumbers),
  vlans,
  vrfs,
  portChannels,
  ethernets,
  loopbacks,
  managements,
  svis,
  vxlan,
  anycastMac: one(phrase('ip virtual-router mac-address', mac)),
  anycastMacOfPeer: one(phrase('ip virtual-router mac-address mlag-peer')),
  sourceNat: many(phrase('ip address virtual source-nat', parts({ vrf: after('vrf', name), address: after('address', ip4) }))),
  routing: toggle('ip routing'),
  routing6Interfaces: toggle('ip routing ipv6 interfaces'),
  vrfRouting: many(phrase('ip routing vrf', name)),
  vrfsNotRouted: many(phrase('no ip routing vrf', name)),
  communityLists,
  extendedCommunityLists,
  prefixLists,
  prefixLists6,
  routing6: toggle('ipv6 unicast-routing'),
  vrfRouting6: many(phrase('ipv6 unicast-routing vrf', name)),
  mlag,
  staticRoutes,
  staticRoutes6,
  routeMaps,
  peerFilters,
  bgp,
  isis,
  ospf,
};

export const eosConfig = body(fields);

/** What an EOS device is configured to be. Lists are in the order in which the device has them; null where nothing is said. */
export type EosConfig = BodyOf<typeof fields>;
