/** How much of a cluster's SDN configuration is in the model. Trame does not write it: there is nothing that could come back otherwise. */
import type { FabricSnapshot } from '#engines/intent';
import type { SdnConfig } from '#engines/pve-sdn';
import type { FactCount } from './count-facts.js';

export const PVE_SDN_PATH = '/etc/pve/sdn';

export function countSdn({ networks, vrfs }: FabricSnapshot, sdn: SdnConfig): FactCount & { readonly path: string } {
  const zones = sdn.zones.filter((zone) => (zone.type === 'evpn' ? vrfs.some(({ l3vni }) => l3vni === zone.l3vni) : zone.type === 'vxlan'));
  const ids = new Set(zones.map(({ id }) => id));
  const vnets = sdn.vnets.filter(({ zone, tag }) => ids.has(zone) && networks.some(({ vni }) => vni === tag));
  const names = new Set(vnets.map(({ id }) => id));
  const subnets = sdn.subnets.filter(({ vnet }) => names.has(vnet));
  const model = zones.length + vnets.length + subnets.length;
  const facts =
    sdn.zones.length + sdn.vnets.length + sdn.subnets.length + sdn.controllers.length + sdn.fabrics.length + sdn.prefixLists.length;
  return { path: PVE_SDN_PATH, facts, model, deviations: 0, values: facts - model, kept: 0, differences: [] };
}
