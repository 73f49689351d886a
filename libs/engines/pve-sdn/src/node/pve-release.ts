/**
 * What two generations of Proxmox VE render differently. 9.1 is pve-network 1.3 (March 2026), 9.2 what came in the middle of 2026:
 * several evpn controllers, BGP fabrics, prefix lists, route maps on sessions.
 */
import { invalidValue } from '#engines/kernel';
import type { SdnConfig } from '../model/sdn-config.js';
import { DEFAULT_PEER_GROUP } from '../model/limits.js';

export type PveRelease = '9.1' | '9.2';

/** First line of frr.conf: the FRR that comes with the release. */
export const FRR_VERSION: Readonly<Record<PveRelease, string>> = { '9.1': '10.4.1', '9.2': '10.6.1' };

/** The first release that can do all of a configuration. */
export const oldestRelease = (config: SdnConfig): PveRelease => (newerFeatures(config).length > 0 ? '9.2' : '9.1');

/** @throws DomainError INVALID_VALUE with what the release cannot do, and the way out. */
export function checkRelease(config: SdnConfig, release: PveRelease): void {
  const [newer] = release === '9.2' ? [] : newerFeatures(config);
  if (newer !== undefined) throw invalidValue('Proxmox VE release', release, `9.2, because of ${newer}; without it 9.1 will do`);
}

function newerFeatures({ controllers, zones, fabrics, prefixLists }: SdnConfig): string[] {
  const evpn = controllers.filter((controller) => controller.type === 'evpn');
  return [
    ...fabrics.filter(({ protocol }) => protocol === 'bgp').map(({ id }) => `the BGP fabric ${id}`),
    ...fabrics.filter(({ routeFilter }) => routeFilter !== null).map(({ id }) => `route_filter of fabric ${id}`),
    ...fabrics
      .filter((fabric) => 'redistribute' in fabric && fabric.redistribute.length > 0)
      .map(({ id }) => `redistribute of fabric ${id}`),
    ...fabrics
      .filter(({ nodes }) => nodes.some((node) => node.interfaces.some((port) => port.networkType !== null)))
      .map(({ id }) => `network_type in fabric ${id}`),
    ...evpn
      .filter((one) => one.nodes !== null || one.mode !== 'auto' || one.peerGroup !== DEFAULT_PEER_GROUP || one.ebgpMultihop !== null)
      .map(({ id }) => `the options of evpn controller ${id}`),
    ...evpn.slice(1).map(({ id }) => `the second evpn controller ${id}`),
    ...controllers
      .filter((one) => one.type !== 'isis' && (one.routeMapIn ?? one.routeMapOut) !== null)
      .map(({ id }) => `the route maps of controller ${id}`),
    ...zones
      .filter((zone) => zone.type === 'evpn' && zone.secondaryControllers.length > 0)
      .map(({ id }) => `the secondary controllers of zone ${id}`),
    ...prefixLists.slice(0, 1).map(({ id }) => `prefix list ${id}`),
  ];
}
