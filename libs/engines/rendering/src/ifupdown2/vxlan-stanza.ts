/**
 * The tunnel of a network or of a VRF. Three ways to send a frame to everybody: EVPN fills the list of VTEPs, the list is written here, or a group of the
 * underlay has it. Without EVPN, MACs are learned from frames.
 */
import type { L2VniIntent, VtepIntent } from '#engines/intent';
import { Ip } from '#engines/kernel';
import type { Part } from '../text.js';
import { type Stanza, stanza } from './stanza.js';

/** Where tunnels of a host begin. */
export interface TunnelEnd extends Pick<VtepIntent, 'address' | 'udpPort'> {
  /** Of the address. */
  readonly family: 4 | 6;
}

export const tunnelEnd = ({ address, udpPort }: VtepIntent): TunnelEnd => ({ address, udpPort, family: Ip.family(address) });

export interface Tunnel {
  readonly name: string;
  readonly vni: number;
  readonly mtu: number;
  readonly vtep: TunnelEnd;
  readonly flooding:
    | { readonly kind: 'EVPN' }
    | { readonly kind: 'STATIC'; readonly peers: readonly Ip[] }
    | { readonly kind: 'MULTICAST'; readonly group: Ip; readonly port: string };
  /** EVPN answers ARP and ND for guests elsewhere; a VRF's own tunnel has none. */
  readonly suppressesArp: boolean;
}

export type Tunnelled = Pick<L2VniIntent, 'vxlanName' | 'vni' | 'mtu' | 'replication' | 'remoteVteps' | 'multicastGroup'>;

/** @param port over which groups of the underlay are sent to */
export function networkTunnel(network: Tunnelled, vtep: TunnelEnd, port: string | null): Tunnel {
  const { replication, remoteVteps, multicastGroup } = network;
  const isGrouped = replication === 'MULTICAST' && multicastGroup !== null && port !== null;
  return {
    name: network.vxlanName,
    vni: network.vni,
    mtu: network.mtu,
    vtep,
    flooding: isGrouped
      ? { kind: 'MULTICAST', group: multicastGroup, port }
      : replication === 'INGRESS_EVPN'
        ? { kind: 'EVPN' }
        : { kind: 'STATIC', peers: remoteVteps },
    suppressesArp: true,
  };
}

export function vxlanStanza(tunnel: Tunnel): Stanza {
  const { name, vni, mtu, vtep, flooding, suppressesArp } = tunnel;
  const isEvpn = flooding.kind === 'EVPN';
  const learning = isEvpn ? 'off' : 'on';
  const port = [`bridge-learning ${learning}`, suppressesArp && `bridge-arp-nd-suppress ${isEvpn ? 'on' : 'off'}`];
  if (vtep.family === 6) return stanza(name, null, ipv6Device(tunnel), port);
  return stanza(
    name,
    null,
    `vxlan-id ${vni}`,
    `vxlan-local-tunnelip ${vtep.address}`,
    `vxlan-port ${vtep.udpPort}`,
    flooding.kind === 'STATIC' && flooding.peers.map((peer) => `vxlan-remoteip ${peer}`),
    flooding.kind === 'MULTICAST' && multicast(flooding.group, flooding.port),
    `vxlan-learning ${learning}`,
    port,
    `mtu ${mtu}`,
  );
}

/** The kernel sends to groups with TTL 1 when it is not told otherwise: not past the first router. ifupdown2 takes 0 and 255 only. */
const multicast = (group: Ip, port: string): Part => [`vxlan-mcastgrp ${group}`, `vxlan-physdev ${port}`, 'vxlan-ttl 255'];

/**
 * ifupdown2 3.0.0 takes no IPv6 address for `vxlan-local-tunnelip`. The device is made by hand then: once, anew when its numbers have
 * changed, and its list of VTEPs loses whoever has left.
 */
function ipv6Device({ name, vni, mtu, vtep, flooding }: Tunnel): Part {
  const options = `id ${vni} dstport ${vtep.udpPort} local ${vtep.address} ${flooding.kind === 'EVPN' ? 'nolearning' : 'learning'}`;
  const same = `grep -q -e "vxlan id ${vni} local ${vtep.address} .*dstport ${vtep.udpPort} "`;
  return [
    `pre-up ip -d link show dev ${name} 2>/dev/null | ${same} || { ip link del ${name} 2>/dev/null; ip link add ${name} mtu ${mtu} type vxlan ${options}; }`,
    `mtu ${mtu}`, // both: ifupdown2 does not look again at what a command made, and sets 1500 where it is told nothing
    flooding.kind === 'STATIC' && peersByHand(name, flooding.peers),
    `post-down ip link del ${name} 2>/dev/null || true`,
  ];
}

const EVERYBODY = '00:00:00:00:00:00';

function peersByHand(name: string, peers: readonly Ip[]): Part {
  const left = `case " ${peers.join(' ')} " in *" $peer "*) ;; *) bridge fdb del ${EVERYBODY} dev ${name} dst $peer self;; esac`;
  return [
    `post-up for peer in $(bridge fdb show dev ${name} | sed -n "s/^${EVERYBODY} dst //p" | cut -d " " -f 1); do ${left}; done`,
    ...peers.map((peer) => `post-up bridge fdb append ${EVERYBODY} dev ${name} dst ${peer} self permanent 2>/dev/null || true`),
  ];
}
