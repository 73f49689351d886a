/** What is wrong with the SDN configuration of a Proxmox cluster towards a fabric outside of it, and what of it is not in the model. */
import { evpnControllers } from '../lift/sdn-cluster.js';
import type { ReadDevice } from '../read-device.js';
import type { LintFinding } from './lint-finding.js';

export function sdnLint({ seen, sdn }: ReadDevice): readonly LintFinding[] {
  if (sdn === null) return [];
  const devices = [seen.name];
  const vnetsOf = (zone: string): string =>
    sdn.vnets
      .filter((vnet) => vnet.zone === zone)
      .map(({ id }) => id)
      .join(', ') || 'no vnet';
  /** A QinQ zone shows the switches its own tag, and one of VLANs those of its vnets. */
  const vlansOf = (zone: (typeof sdn.zones)[number]): string => {
    if (zone.type !== 'vlan' && zone.type !== 'qinq') return '';
    const tags =
      zone.type === 'qinq' ? [zone.serviceTag] : sdn.vnets.flatMap(({ zone: of, tag }) => (of === zone.id && tag !== null ? [tag] : []));
    if (tags.length === 0) return '';
    return `; on ${zone.bridge} they use VLAN ${[...tags].sort((a, b) => a - b).join(', ')}, of which no pool knows`;
  };
  return [
    ...evpnControllers(sdn).map(({ id, asn }) => ({
      code: 'SDN_AUTOMATIC_TARGETS',
      severity: 'WARNING' as const,
      devices,
      subject: `controller ${id}`,
      sentence: `Proxmox writes no explicit route targets for controller ${id}: FRR makes them of AS ${asn % 65_536} and the VNI, and a switch of another AS, or with targets of its own, imports nothing`,
      fix: 'let Trame write RD and targets at both ends; until then give the switch the targets `<AS>:<VNI>`',
    })),
    ...sdn.zones.flatMap((zone): readonly LintFinding[] => {
      const about = { devices, subject: `zone ${zone.id}` };
      if (zone.type === 'evpn') return [];
      if (zone.type === 'vxlan') {
        return [
          {
            ...about,
            code: 'SDN_STATIC_PEERS',
            severity: 'WARNING',
            sentence: `zone ${zone.id} floods to a list of peers that somebody keeps on every node (${vnetsOf(zone.id)})`,
            fix: 'use EVPN, or let Trame make the list of the members of each network',
          },
        ];
      }
      return [
        {
          ...about,
          code: 'SDN_KEPT',
          severity: 'INFO',
          sentence: `zone ${zone.id} (${zone.type}) has no tunnel: its vnets (${vnetsOf(zone.id)}) stay with Proxmox${vlansOf(zone)}`,
          fix: vlansOf(zone) === '' ? 'nothing is to be done' : 'exclude these VLANs from the pools of the switches at that bridge',
        },
      ];
    }),
    ...(sdn.fabrics.length === 0
      ? []
      : [
          {
            code: 'SDN_KEPT',
            severity: 'INFO' as const,
            devices,
            subject: `fabrics ${sdn.fabrics.map(({ id }) => id).join(', ')}`,
            sentence: 'the underlay that Proxmox makes stays with Proxmox',
            fix: 'nothing is to be done',
          },
        ]),
  ];
}
