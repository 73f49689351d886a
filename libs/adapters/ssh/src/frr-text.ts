import type { EvpnTargets } from './frr-report.js';

/** RD and route targets per `vni` block of a frr.conf: what bgpd is expected to use. */
export function evpnTargetsInText(text: string): Map<number, EvpnTargets> {
  const found = new Map<number, { rd: string; importTargets: string[]; exportTargets: string[] }>();
  let current: { rd: string; importTargets: string[]; exportTargets: string[] } | null = null;
  for (const line of text.split('\n')) {
    const [word = '', second = '', third = ''] = line.trim().split(/\s+/);
    if (word === 'vni' && /^\d+$/.test(second) && line.startsWith('  ')) {
      current = { rd: '', importTargets: [], exportTargets: [] };
      found.set(Number(second), current);
    } else if (word === 'exit-vni' || word === 'exit-address-family') current = null;
    else if (current !== null && word === 'rd') current.rd = second;
    else if (current !== null && word === 'route-target') {
      if (second !== 'export') current.importTargets.push(third);
      if (second !== 'import') current.exportTargets.push(third);
    }
  }
  return found;
}
