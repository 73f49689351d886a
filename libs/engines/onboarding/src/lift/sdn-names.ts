/** How a Proxmox cluster publishes the names of guests: `<guest>.<prefix>.<zone>`. A prefix below no DNS zone does nothing there, and is nothing here. */
import { type Cidr, Fqdn, isDomainError, Vni, ZonePrefix } from '#engines/kernel';
import type { SdnConfig } from '#engines/pve-sdn';
import { cidrOf } from './sdn-cluster.js';

export interface SubnetNames {
  readonly vni: Vni;
  readonly cidr: Cidr;
  readonly dnsZone: Fqdn;
  readonly dnsZonePrefix: ZonePrefix | null;
}

export interface SdnNames {
  readonly subnets: readonly SubnetNames[];
  /** What no name server of Trame could be told, one sentence each. */
  readonly refused: readonly string[];
}

/** Nodes of one cluster say the same: what one has said is not taken again. */
export function sdnNames(clusters: readonly SdnConfig[]): SdnNames {
  const [subnets, refused] = [new Map<string, SubnetNames>(), new Set<string>()];
  for (const { of, vni, zone, prefix } of clusters.flatMap(published)) {
    const cidr = cidrOf(of);
    try {
      const dnsZone = Fqdn.parse(zone);
      const names = { vni: Vni.parse(vni), cidr, dnsZone, dnsZonePrefix: prefix === null ? null : ZonePrefix.parse(prefix) };
      if (!subnets.has(`${vni} ${cidr}`)) subnets.set(`${vni} ${cidr}`, names);
    } catch (error) {
      if (!isDomainError(error)) throw error;
      refused.add(`network vni${vni}: how names of ${cidr} are published: ${error.message}`);
    }
  }
  return { subnets: [...subnets.values()], refused: [...refused] };
}

/** Of networks of the fabric: VLANs of zones without a tunnel are none. */
function published(sdn: SdnConfig): { of: SdnConfig['subnets'][number]['prefix']; vni: number; zone: string; prefix: string | null }[] {
  return sdn.subnets.flatMap(({ vnet, prefix, dnsZonePrefix }) => {
    const { tag = null, zone: inZone } = sdn.vnets.find(({ id }) => id === vnet) ?? {};
    const zone = sdn.zones.find(({ id, type }) => id === inZone && (type === 'evpn' || type === 'vxlan'))?.dnsZone ?? null;
    return tag === null || tag > Vni.max || zone === null ? [] : [{ of: prefix, vni: tag, zone, prefix: dnsZonePrefix }];
  });
}
