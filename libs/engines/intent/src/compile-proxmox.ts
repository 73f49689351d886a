import { compareNatural } from '#engines/kernel';
import { compareIps } from './compare-ips.js';
import type { ProxmoxFacts } from './snapshot.js';

export function compileProxmox({ nodes, evpn, ...facts }: ProxmoxFacts): ProxmoxFacts {
  return {
    ...facts,
    nodes: [...nodes].sort((a, b) => compareNatural(a.name, b.name)),
    ...(evpn && { evpn: { ...evpn, peers: [...evpn.peers].sort(compareIps) } }),
  };
}
