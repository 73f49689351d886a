/** Of each VLAN, its place among all as strings: EOS prints `vlan 163` before `vlan 63`. */
const PLACES = new Uint16Array(4096);
for (const [place, vlan] of Array.from({ length: PLACES.length }, (_, id) => String(id))
  .sort()
  .entries())
  PLACES[Number(vlan)] = place;

export const placeAsString = (vlan: number): number => PLACES[vlan] ?? 0;
