/**
 * A fabric as an engineer builds it by hand on an evening: a Proxmox host with FRR and an Arista leaf, one session, one network. It works, and
 * holds one of each mistake that such fabrics have.
 */
import type { ImportedFile } from '../documents/imported-file.js';

const HOST_INTERFACES = `auto lo
iface lo inet loopback

iface ens18 inet manual

auto vmbr0
iface vmbr0 inet static
	address 192.168.1.154/24
	gateway 192.168.1.254
	bridge-ports ens18
	bridge-stp off
	bridge-fd 0

auto ens19
iface ens19 inet static
	address 192.168.100.2/24

auto lo1
iface lo1 inet manual
	pre-up ip link add lo1 type dummy
	address 172.16.1.51/32

auto VNET1000
iface VNET1000
	bridge_ports vxlan_VNET1000
	bridge_stp off
	bridge_fd 0
	mtu 1450

auto vxlan_VNET1000
iface vxlan_VNET1000
	vxlan-id 1000
	vxlan-learning off
	bridge-learning off
	vxlan-local-tunnelip 172.16.1.51
	mtu 1450
`;

export const HOST_FRR = `Building configuration...

Current configuration:
!
frr version 10.3.1
frr defaults datacenter
hostname pve1
log syslog informational
service integrated-vtysh-config
!
router bgp 65051
 bgp router-id 172.16.1.51
 timers bgp 20 60
 neighbor 192.168.100.1 remote-as 65051
 neighbor 192.168.100.1 update-source 192.168.100.2
 neighbor 192.168.100.1 capability extended-nexthop
 !
 address-family ipv4 unicast
  redistribute connected
 exit-address-family
 !
 address-family l2vpn evpn
  neighbor 192.168.100.1 activate
  advertise-all-vni
 exit-address-family
exit
!
end
`;

const LEAF_BGP = `router bgp 65051
   router-id 172.16.1.1
   timers bgp 20 60
   distance bgp 20 200 200
   graceful-restart-helper long-lived
   maximum-paths 8 ecmp 16
   neighbor 192.168.100.2 remote-as 65051
   neighbor 192.168.100.2 update-source Ethernet1
   neighbor 192.168.100.2 description PVE1
   neighbor 192.168.100.2 ebgp-multihop 2
   neighbor 192.168.100.2 send-community extended
   !
   vlan 1000
      rd 65051:1000
      route-target both 1:1
      route-target both 65051:1000
      redistribute learned
   !
   address-family evpn
      neighbor 192.168.100.2 activate
   !
   address-family ipv4
      neighbor 192.168.100.2 activate
      redistribute connected
`;

const LEAF_VXLAN = `interface Vxlan1
   vxlan source-interface Loopback1
   vxlan udp-port 4789
   vxlan encapsulation ipv4
   vxlan vlan 1000 vni 1000
`;

/** The sections of the leaf that matter, as `show running-config` of the whole device has them. */
const LEAF_WHOLE = `! Command: show running-config
! device: TEST (vEOS-lab, EOS-4.34.1F)
!
hostname TEST
!
vlan 1000
!
interface Ethernet1
   no switchport
   ip address 192.168.100.1/24
!
interface Ethernet2
   switchport access vlan 1000
!
interface Loopback1
   ip address 172.16.1.1/32
!
interface Management1
   ip address 192.168.1.153/24
!
${LEAF_VXLAN}!
ip routing
!
${LEAF_BGP}!
end
`;

const pasted = (prompt: string, text: string): string => `${prompt}\n${text}`;

/** As it was pasted into a page: two commands of the leaf, three of the host. */
export function handBuiltFabric(): readonly ImportedFile[] {
  return [
    { device: 'pve1', name: 'interfaces', text: HOST_INTERFACES },
    { device: 'pve1', name: 'frr.conf', text: HOST_FRR },
    { device: 'TEST', name: '', text: pasted('TEST#sh run | s bgp', LEAF_BGP) + pasted('TEST#sh run int vxlan1', LEAF_VXLAN) },
  ];
}

/** The same with the whole configuration of the leaf. */
export function handBuiltFabricInFull(): readonly ImportedFile[] {
  return [...handBuiltFabric().slice(0, 2), { device: 'TEST', name: 'test.cfg', text: LEAF_WHOLE }];
}
