/**
 * EOS takes VLANs out of a range that nobody may use (default 1006–4094, ascending): one for each routed port, and from the other end one for
 * each VRF with a VNI (1199 and 1198 of 1006–1199 on a real switch with two).
 */
import type { Section } from './section.js';

export function internalVlans(root: Section): readonly number[] {
  const routed = root.sectionsOf('ethernet').filter((port) => port.has('no switchport')).length;
  const [direction = 'ascending', , first = '1006', last = '4094'] = (root.valueOf('vlan internal order') ?? '').split(' ').filter(Boolean);
  const vrfs = root.sectionsOf('vxlan').flatMap((vxlan) => vxlan.valuesOf('vxlan vrf').filter((text) => / vni /.test(text))).length;
  const used = new Set(root.sectionsOf('vlan').map((vlan) => Number(vlan.header.split(' ')[1])));
  const range = Array.from({ length: Number(last) - Number(first) + 1 }, (_, i) => Number(first) + i).filter((vlan) => !used.has(vlan));
  const ordered = direction === 'descending' ? range.reverse() : range;
  return [...ordered.slice(0, routed), ...ordered.slice(Math.max(routed, ordered.length - vrfs))];
}

export function reasonUnusableVlan(root: Section, vlan: number): string | undefined {
  if (root.sections.has(`vlan ${vlan}`)) return undefined;
  return internalVlans(root).includes(vlan) ? `Cannot create VLAN ${vlan}: it is in use as an internal VLAN` : undefined;
}
