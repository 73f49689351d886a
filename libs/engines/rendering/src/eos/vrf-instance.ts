import type { VrfIntent } from '#engines/intent';
import { block, lines } from '../text.js';
import { STEP } from './step.js';

type Instance = Pick<VrfIntent, 'name' | 'rd' | 'importTargets' | 'exportTargets' | 'leaksFrom'> & { readonly prefixes: readonly string[] };

/** A VRF in `router bgp`. */
export function vrfInstance(vrf: Instance, routerId: string): string[] {
  return block(
    STEP,
    `vrf ${vrf.name}`,
    lines(
      `rd ${vrf.rd}`,
      ...importedTargets(vrf).map((target) => `route-target import evpn ${target}`),
      ...vrf.exportTargets.map((target) => `route-target export evpn ${target}`),
      `router-id ${routerId}`,
      ...vrf.prefixes.map((prefix) => `network ${prefix}`),
    ),
  );
}

/** Its own, then those of the VRFs that it takes routes from. */
export const importedTargets = ({ importTargets, leaksFrom }: Pick<VrfIntent, 'importTargets' | 'leaksFrom'>): readonly string[] => [
  ...new Set([...importTargets, ...leaksFrom.flatMap(({ targets }) => targets)]),
];
