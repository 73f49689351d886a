import { invalidValue } from '#engines/kernel';
import type { SdnConfig } from '../model/sdn-config.js';
import type { EvpnZone, QinqZone, Zone } from '../model/zone.js';
import { firstTwice } from './first-twice.js';

export function checkZones({ zones, controllers, fabrics }: SdnConfig): void {
  for (const zone of zones) {
    if (zone.type === 'vxlan' && 'fabric' in zone.underlay) checkFabric(zone.id, zone.underlay.fabric, fabrics);
    if (zone.type !== 'evpn') continue;
    for (const id of [zone.controller, ...zone.secondaryControllers]) {
      const controller = controllers.find((one) => one.id === id);
      if (controller?.type !== 'evpn')
        throw invalidValue(`zone ${zone.id}: controller`, id, among('an evpn controller', evpnIds(controllers)));
    }
  }
  const sameVrf = firstTwice(zones.filter(isEvpn), ({ l3vni }) => l3vni);
  if (sameVrf !== null)
    throw invalidValue(`zone ${sameVrf[1].id}: vrf-vxlan`, sameVrf[1].l3vni, `a VNI of its own: zone ${sameVrf[0].id} has this one`);
  checkServiceTags(zones.filter((zone) => zone.type === 'qinq'));
}

const isEvpn = (zone: Zone): zone is EvpnZone => zone.type === 'evpn';
const evpnIds = (controllers: SdnConfig['controllers']): string[] => controllers.filter(({ type }) => type === 'evpn').map(({ id }) => id);

function checkFabric(zone: string, id: string, fabrics: SdnConfig['fabrics']): void {
  if (fabrics.some((fabric) => fabric.id === id)) return;
  throw invalidValue(
    `zone ${zone}: fabric`,
    id,
    among(
      'a fabric',
      fabrics.map((fabric) => fabric.id),
    ),
  );
}

/** Proxmox does not look; on a VLAN-aware bridge both zones would want `<bridge>.<tag>` as a port of theirs. */
function checkServiceTags(zones: readonly QinqZone[]): void {
  for (const [at, zone] of zones.entries()) {
    const before = zones.slice(0, at).find((one) => one.bridge === zone.bridge && one.serviceTag === zone.serviceTag && meet(one, zone));
    if (before)
      throw invalidValue(`zone ${zone.id}: tag`, zone.serviceTag, `a tag of its own on ${zone.bridge}: zone ${before.id} has this one`);
  }
}

const meet = (a: Zone, b: Zone): boolean => a.nodes === null || b.nodes === null || a.nodes.some((node) => b.nodes?.includes(node));

/** Names what is there, so that a slip of the pen is seen at once. */
export function among(what: string, ids: readonly string[]): string {
  return ids.length === 0 ? `${what}, and there is none` : `${what}: ${ids.slice(0, 10).join(', ')}${ids.length > 10 ? ', …' : ''}`;
}
