import type { EvpnInstance } from './evpn-instances.js';

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
