import type { SdnConfig, Subnet, Vnet } from '../model/sdn-config.js';
import { invalidValue } from '#engines/kernel';
import type { BridgeFacts } from '../node/bridge-facts.js';
import type { NodeFacts } from '../node/node-facts.js';
import type { PveRelease } from '../node/pve-release.js';
import type { Option, Stanzas } from './stanzas.js';

/** What the renderer of a zone type works with, for one vnet. */
export interface ZoneContext {
  readonly config: SdnConfig;
  readonly facts: NodeFacts;
  readonly release: PveRelease;
  readonly stanzas: Stanzas;
  /** Of the vnet, in byte order of their ids. */
  readonly subnets: readonly Subnet[];
}

export const BRIDGE_TAIL = ['bridge_stp off', 'bridge_fd 0'] as const;

export const vlanAware = ({ vlanAware: isAware }: Vnet): Option => isAware && ['bridge-vlan-aware yes', 'bridge-vids 2-4094'];
export const mtuOption = (mtu: number | null, key = 'mtu'): Option => mtu !== null && `${key} ${mtu}`;
export const aliasOption = ({ alias }: Vnet): Option => alias !== null && `alias ${alias}`;

/** @throws DomainError INVALID_VALUE when the node has no such bridge. */
export function bridgeOf({ facts }: ZoneContext, zone: { readonly id: string; readonly bridge: string }): BridgeFacts {
  const bridge = facts.bridge(zone.bridge);
  if (bridge === undefined)
    throw invalidValue(
      `zone ${zone.id}: bridge`,
      zone.bridge,
      `a bridge of node ${facts.name}; or restrict the zone to nodes that have it`,
    );
  return bridge;
}
