/** A Proxmox VE cluster: one device with one API and several VTEPs. Proxmox configures its nodes itself; what it is told are SDN objects. */
import type { Asn, Ip, Vni } from '#engines/kernel';

export interface ProxmoxFacts {
  /** Name of the cluster, or of the node where there is only one: a cluster of another name is refused. */
  readonly cluster: string;
  /** Nodes that carry the networks, each with its VTEP; the VTEP of the device is one of them. */
  readonly nodes: readonly ProxmoxNodeFacts[];
  /** Zone of networks without a VRF, made and kept by Trame: `trame` and up to three letters or digits. */
  readonly zone: string;
  /** Absent: VXLAN with a list of VTEPs. Present: EVPN. */
  readonly evpn?: ProxmoxEvpnFacts;
}

export interface ProxmoxNodeFacts {
  readonly name: string;
  readonly vtep: Ip;
}

export interface ProxmoxEvpnFacts {
  /** Id of the EVPN controller. One that begins with `trame` is made by Trame, of any other it only says the name. */
  readonly controller: string;
  /** Proxmox makes route targets of it: AS number and VNI. */
  readonly asn: Asn;
  /** Whom the nodes have sessions with; they stand in a controller that Trame makes. */
  readonly peers: readonly Ip[];
  /** An EVPN zone of Proxmox is a VRF and has to have a number, also where nobody routes in it. */
  readonly vrfVni: Vni;
}
