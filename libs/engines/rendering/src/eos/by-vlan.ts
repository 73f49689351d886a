import type { L2VniIntent } from '#engines/intent';

export const byVlan = (networks: readonly L2VniIntent[]): L2VniIntent[] => [...networks].sort((a, b) => Number(a.vlan) - Number(b.vlan));

/** Of each VLAN, its place among all as strings: `vlan 163` before `vlan 63`. */
const PLACES = new Uint16Array(4096);
for (const [place, vlan] of Array.from({ length: 4096 }, (_, id) => String(id))
  .sort()
  .entries())
  PLACES[Number(vlan)] = place;

export const byVlanAsString = <T extends { readonly network: L2VniIntent }>(list: readonly T[]): T[] =>
  [...list].sort((a, b) => Number(PLACES[Number(a.network.vlan)]) - Number(PLACES[Number(b.network.vlan)]));
