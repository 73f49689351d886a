/** Which of its addresses a node uses towards a list of peers. */
import { DomainError } from '#engines/kernel';
import type { FabricNode } from '../model/fabric.js';
import type { SdnConfig } from '../model/sdn-config.js';
import { isSameIp, type WrittenIp } from '../model/written.js';
import type { Underlay } from '../model/zone.js';
import type { NodeFacts } from './node-facts.js';

export interface LocalAddress {
  readonly address: WrittenIp | null;
  readonly device: string | null;
}

/** The address of the loopback; else the first peer that is an address of ours; else the source of the route to the first peer. */
export function localAddress(facts: NodeFacts, peers: readonly WrittenIp[], loopback: string | null): LocalAddress {
  const preferred = loopback === null ? undefined : facts.interfaces.get(loopback)?.address;
  if (loopback !== null && preferred) return { address: preferred, device: loopback };
  for (const peer of peers) {
    for (const [device, { address }] of facts.interfaces) if (address !== null && isSameIp(address, peer)) return { address: peer, device };
  }
  const [first] = peers;
  const route = first === undefined ? undefined : facts.route(first);
  return { address: route?.source ?? null, device: route?.device ?? null };
}

export interface TunnelEnd extends LocalAddress {
  /** All ends, ours included. */
  readonly peers: readonly WrittenIp[];
  /** Where the sessions start from; null = wherever the route goes. */
  readonly updateSource: string | null;
}

/**
 * The node's end of a tunnel mesh: the address that the fabric gave it, or one that is found from the peers.
 * @param preferIp6 whether a fabric with both families is used over IPv6 (9.2).
 */
export function tunnelEnd(config: SdnConfig, facts: NodeFacts, underlay: Underlay, loopback: string | null, preferIp6: boolean): TunnelEnd {
  if ('peers' in underlay) {
    return { ...localAddress(facts, underlay.peers, loopback), peers: underlay.peers, updateSource: loopback };
  }
  const fabric = config.fabrics.find(({ id }) => id === underlay.fabric);
  const own = fabric?.nodes.find(({ node }) => node === facts.name);
  if (fabric === undefined || own === undefined) throw notInFabric(facts.name, underlay.fabric);
  const ip = (node: FabricNode): WrittenIp | null => (preferIp6 ? (node.ip6 ?? node.ip4) : (node.ip4 ?? node.ip6));
  const device = `dummy_${fabric.id}`;
  return { address: ip(own), device, peers: fabric.nodes.map(ip).filter((one) => one !== null), updateSource: device };
}

function notInFabric(node: string, fabric: string): DomainError<'INVALID_VALUE'> {
  return new DomainError(
    'INVALID_VALUE',
    `node ${node} is not in fabric ${fabric}, which its tunnels run over: add the node to the fabric, or restrict the zone to the nodes of the fabric`,
    {
      kind: 'node',
      value: node,
      accepted: `a node of fabric ${fabric}`,
    },
  );
}
