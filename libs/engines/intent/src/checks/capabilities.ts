/** What a platform cannot do, said before it fails in silence. */
import { Ip } from '#engines/kernel';
import type { FabricIndex } from '../fabric-index.js';
import { error, type Finding, warning } from '../finding.js';

export function checkCapabilities(index: FabricIndex): Finding[] {
  const { fabric, devices, networks } = index.snapshot;
  const vrrp = networks.filter(({ subnets }) => subnets.some(({ gatewayMode }) => gatewayMode === 'CENTRAL_VRRP'));
  return [
    ...(fabric.replication === 'INGRESS_EVPN'
      ? []
      : [
          error(
            'NOT_SUPPORTED',
            'fabric.replication',
            `set the fabric to INGRESS_EVPN: ${fabric.replication} is not rendered for any platform`,
            [fabric.id],
          ),
        ]),
    ...devices.flatMap(({ id, slug, platform, vtep }) => {
      if (!vtep) return [];
      if (Ip.family(vtep.address) === 6 && platform === 'DEBIAN_FRR') {
        // FRR before 10.6 brings the session up and originates routes with an IPv4 next hop: nothing fails, nothing arrives.
        return [
          error(
            'NOT_SUPPORTED',
            `devices.${slug}.vtep`,
            `give ${slug} an IPv4 VTEP: FRR before 10.6 does not carry EVPN over IPv6, and does not say so`,
            [id],
          ),
        ];
      }
      if (Ip.family(vtep.address) === fabric.underlayFamily) return [];
      return [
        error('NOT_SUPPORTED', `devices.${slug}.vtep`, `give ${slug} an IPv${fabric.underlayFamily} VTEP like the rest of the fabric`, [
          id,
        ]),
      ];
    }),
    ...vrrp.map(({ id, slug }) =>
      warning(
        'NOT_SUPPORTED',
        `networks.${slug}`,
        `configure the VRRP gateway of network ${slug} yourself: Trame only reserves its address`,
        [id],
      ),
    ),
  ];
}
