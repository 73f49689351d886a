/** Subnets of one routing table must not overlap, and a gateway must be an address that a host can have. */
import { Cidr } from '#engines/kernel';
import type { FabricIndex } from '../fabric-index.js';
import { error, type Finding } from '../finding.js';
import { groupBy } from '../group-by.js';
import type { NetworkFacts, SubnetFacts } from '../snapshot.js';
import { isReserved } from './links.js';

export function checkSubnets(index: FabricIndex): Finding[] {
  return [
    ...overlaps(index),
    ...index.snapshot.networks.flatMap((network) => network.subnets.flatMap((subnet) => gateway(network, subnet))),
  ];
}

/** A network without a VRF is routed somewhere else: only its own subnets can be compared. */
function overlaps(index: FabricIndex): Finding[] {
  const all = index.snapshot.networks.flatMap((network) =>
    network.subnets.map(({ cidr }) => ({
      network,
      cidr,
      ...Cidr.bounds(cidr),
      table: `${network.vrfId ?? network.id} ${Cidr.family(cidr)}`,
    })),
  );
  return [...groupBy(all, ({ table }) => table).values()].flatMap((subnets) => {
    const sorted = subnets.sort((a, b) => order(a.first, b.first) || order(b.last, a.last) || (a.network.slug < b.network.slug ? -1 : 1));
    let widest = sorted[0];
    return sorted.slice(1).flatMap((subnet) => {
      const before = widest;
      if (!before || subnet.first > before.last) {
        widest = subnet;
        return [];
      }
      const message = `move ${subnet.cidr} of network ${subnet.network.slug} out of ${before.cidr} of network ${before.network.slug}: they overlap in one routing table`;
      return [
        error('SUBNET_OVERLAP', `networks.${subnet.network.slug}.subnets.${subnet.cidr}`, message, [subnet.network.id, before.network.id]),
      ];
    });
  });
}

/** Prefixes nest or are apart, so the one that began first is the widest of those still open. */
const order = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);

function gateway(network: NetworkFacts, { cidr, gatewayMode, gatewayAddress }: SubnetFacts): Finding[] {
  const path = `networks.${network.slug}.subnets.${cidr}`;
  const needsVrf = gatewayMode === 'ANYCAST_VTEP' && network.vrfId === null;
  return [
    ...(needsVrf
      ? [
          error(
            'GATEWAY_INVALID',
            path,
            `put network ${network.slug} into a VRF, or take the gateway off the VTEPs: an anycast gateway routes inside a VRF`,
            [network.id],
          ),
        ]
      : []),
    ...gatewayProblem(cidr, gatewayMode, gatewayAddress).map((problem) => error('GATEWAY_INVALID', path, problem, [network.id])),
  ];
}

function gatewayProblem(cidr: Cidr, mode: SubnetFacts['gatewayMode'], address: SubnetFacts['gatewayAddress']): string[] {
  if (address === null) return mode === 'ANYCAST_VTEP' ? [`choose the gateway address of ${cidr}`] : [];
  if (!Cidr.contains(cidr, address)) return [`choose a gateway inside ${cidr} instead of ${address}`];
  return isReserved(cidr, address) ? [`choose another gateway than ${address}: it is the network or broadcast address of ${cidr}`] : [];
}
