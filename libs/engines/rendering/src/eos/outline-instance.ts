import type { VrfIntent } from '#engines/intent';
import type { EvpnInstance } from './evpn-instances.js';
import { importedTargets } from './vrf-instance.js';

/** What a MAC-VRF or a bundle has to say. */
export function instanceKeys({ rd, importTargets, exportTargets, remoteTargets, vlans }: Omit<EvpnInstance, 'head'>): string[] {
  const exported = new Set(exportTargets);
  const imported = new Set(importTargets);
  return [
    remoteTargets.length > 0 ? `rd evpn domain all ${rd}` : `rd ${rd}`,
    ...[...new Set([...importTargets, ...exportTargets])].map(
      (target) => `route-target ${!exported.has(target) ? 'import' : !imported.has(target) ? 'export' : 'both'} ${target}`,
    ),
    ...remoteTargets.map((target) => `route-target import export evpn domain remote ${target}`),
    'redistribute learned',
    ...(vlans.length > 0 ? ['vlan'] : []),
  ];
}

/** What a VRF of `router bgp` has to say. */
export function vrfKeys(
  vrf: Pick<VrfIntent, 'rd' | 'importTargets' | 'exportTargets' | 'leaksFrom'> & { readonly prefixes: readonly string[] },
  routerId: string,
): string[] {
  return [
    `rd ${vrf.rd}`,
    `router-id ${routerId}`,
    ...importedTargets(vrf).map((target) => `route-target import evpn ${target}`),
    ...vrf.exportTargets.map((target) => `route-target export evpn ${target}`),
    ...vrf.prefixes.map((prefix) => `network ${prefix}`),
  ];
}
