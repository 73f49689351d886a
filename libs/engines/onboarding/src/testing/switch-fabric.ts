/** Two leafs with a VRF and its anycast gateway, and the spine between them: as networks of switches are built. */
import type { ImportedFile } from '../documents/imported-file.js';

interface Leaf {
  readonly number: number;
  readonly rd?: string;
  readonly gateway?: string;
}

const leaf = ({
  number,
  rd = `10.7.1.${number}:30`,
  gateway = '10.30.0.1/24',
}: Leaf): string => `! device: LEAF-${number} (vEOS-lab, EOS-4.34.1F)
!
hostname LEAF-${number}
!
vlan 30
   name web
!
vrf instance BLUE
!
interface Ethernet1
   description SPINE
   mtu 9214
   no switchport
   ip address 10.7.9.${number * 2 + 1}/31
!
interface Ethernet9
   switchport access vlan 30
!
interface Loopback0
   ip address 10.7.1.${number}/32
!
interface Vlan30
   vrf BLUE
   ip address virtual ${gateway}
!
interface Vxlan1
   vxlan source-interface Loopback0
   vxlan udp-port 4789
   vxlan vlan 30 vni 10030
   vxlan vrf BLUE vni 50030
!
ip virtual-router mac-address 00:1c:73:00:07:07
!
ip routing
ip routing vrf BLUE
!
router bgp 6510${number}
   router-id 10.7.1.${number}
   no bgp default ipv4-unicast
   neighbor 10.7.9.${number * 2} remote-as 65100
   neighbor 10.7.9.${number * 2} update-source Ethernet1
   neighbor 10.7.9.${number * 2} send-community extended
   !
   vlan 30
      rd ${rd}
      route-target both 65000:10030
      redistribute learned
   !
   address-family evpn
      neighbor 10.7.9.${number * 2} activate
   !
   address-family ipv4
      neighbor 10.7.9.${number * 2} activate
      network 10.7.1.${number}/32
   !
   vrf BLUE
      rd 10.7.1.${number}:50
      route-target import evpn 65000:50030
      route-target export evpn 65000:50030
      redistribute connected
!
end
`;

const SPINE = `! device: SPINE (vEOS-lab, EOS-4.34.1F)
!
interface Ethernet1
   mtu 9214
   no switchport
   ip address 10.7.9.2/31
!
interface Ethernet2
   mtu 9214
   no switchport
   ip address 10.7.9.4/31
!
interface Loopback0
   ip address 10.7.1.100/32
!
ip routing
!
router bgp 65100
   router-id 10.7.1.100
   no bgp default ipv4-unicast
   neighbor LEAFS peer group
   neighbor LEAFS send-community extended
   neighbor 10.7.9.3 peer group LEAFS
   neighbor 10.7.9.3 remote-as 65101
   neighbor 10.7.9.5 peer group LEAFS
   neighbor 10.7.9.5 remote-as 65102
   !
   address-family evpn
      bgp next-hop-unchanged
      neighbor LEAFS activate
   !
   address-family ipv4
      neighbor LEAFS activate
      network 10.7.1.100/32
!
end
`;

export const switchFabric = (first: Partial<Leaf> = {}, second: Partial<Leaf> = {}): readonly ImportedFile[] => [
  { device: 'leaf1', name: '', text: leaf({ number: 1, ...first }) },
  { device: 'leaf2', name: '', text: leaf({ number: 2, ...second }) },
  { device: 'spine', name: '', text: SPINE },
];
