import type { EvpnController } from '../model/controller.js';
import { DEFAULT_PEER_GROUP } from '../model/limits.js';
import type { SdnConfig } from '../model/sdn-config.js';
import type { EvpnZone } from '../model/zone.js';

/** Route maps on the sessions of a controller; a peer group with a name of its own has maps of its own. */
export function vtepMaps({ peerGroup }: EvpnController): { readonly in: string; readonly out: string } {
  const suffix = peerGroup === DEFAULT_PEER_GROUP ? '' : `_${peerGroup}`;
  return { in: `MAP_VTEP_IN${suffix}`, out: `MAP_VTEP_OUT${suffix}` };
}

/** Expressions for the route targets of the zones that a controller serves: VRFs first, then vnets. */
export function controllerTargets({ zones, vnets }: SdnConfig, { id }: EvpnController): readonly string[] {
  const served = zones.filter(
    (zone): zone is EvpnZone => zone.type === 'evpn' && (zone.controller === id || zone.secondaryControllers.includes(id)),
  );
  const automatic = served.filter(({ rtImport }) => rtImport.length === 0);
  return [
    ...served.flatMap(({ l3vni, rtImport }) => (rtImport.length > 0 ? rtImport.map((target) => `^RT:${target}$`) : [`^RT:.*:${l3vni}$`])),
    ...vnets.filter(({ zone }) => automatic.some((one) => one.id === zone)).map(({ tag }) => `^RT:.*:${tag}$`),
  ];
}
