/** Subnets of one routing table must not overlap, and a gateway must be an address that a host can have. */
import { Cidr } from '#engines/kernel';
import type { FabricIndex } from '../fabric-index.js';
import { error, type Finding } from '../finding.js';
import { groupBy } from '../group-by.js';
import type { NetworkFacts, SubnetFacts, VrfFacts } from '../snapshot.js';
import { isReserved } from './links.js';

interface Placed {
  readonly network: NetworkFacts;
  readonly cidr: Cidr;
  readonly first: bigint;
  readonly last: bigint;
  readonly family: 4 | 6;
}

export function checkSubnets(index: FabricIndex): Finding[] {
  const placed = index.snapshot.networks.flatMap((network) =>
    network.subnets.map(({ cidr }) => ({ network, cidr, ...Cidr.bounds(cidr), family: Cidr.family(cidr) })),
  );
  return [
    ...overlaps(placed),
    ...leaks(index, placed),
    ...index.snapshot.networks.flatMap((network) => network.subnets.flatMap((subnet) => gateway(network, subnet))),
    ...ownAddresses(index),
  ];
}

/** A network without a VRF is routed somewhere else: only its own subnets can be compared. */
function overlaps(placed: readonly Placed[]): Finding[] {
  return [...groupBy(placed, ({ network, family }) => `${network.vrfId ?? network.id} ${family}`).values()].flatMap((table) =>
    pairs(table).map(([subnet, before]) => {
      const message = `move ${subnet.cidr} of network ${subnet.network.slug} out of ${before.cidr} of network ${before.network.slug}: they overlap in one routing table`;
      return error('SUBNET_OVERLAP', `networks.${subnet.network.slug}.subnets.${subnet.cidr}`, message, [
        subnet.network.id,
        before.network.id,
      ]);
    }),
  );
}

/** Each subnet that lies in an earlier one, with the widest of those still open: prefixes nest or are apart. */
function pairs(table: readonly Placed[]): (readonly [Placed, Placed])[] {
  const sorted = [...table].sort(
    (a, b) =>
      order(a.first, b.first) || order(b.last, a.last) || (a.network.slug < b.network.slug ? -1 : a.network.slug > b.network.slug ? 1 : 0),
  );
  let widest = sorted[0];
  return sorted.slice(1).flatMap((subnet) => {
    const before = widest;
    if (before && subnet.first <= before.last) return [[subnet, before] as const];
    widest = subnet;
    return [];
  });
}

const order = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);

/** What a VRF imports lies in its table beside its own: one table per importer, of itself and of those that it names. */
function leaks({ snapshot: { vrfs }, vrf: byId }: FabricIndex, placed: readonly Placed[]): Finding[] {
  if (vrfs.every(({ importsFrom = [] }) => importsFrom.length === 0)) return [];
  const ofVrf = groupBy(placed, ({ network }) => network.vrfId);
  const found = new Map<string, Finding>();
  for (const importer of vrfs) {
    const tables = new Set([importer.id, ...(importer.importsFrom ?? [])]);
    if (tables.size < 2) continue;
    const table = [...tables].flatMap((id) => ofVrf.get(id) ?? []);
    for (const family of [4, 6])
      for (const [subnet, before] of pairs(table.filter((entry) => entry.family === family))) {
        if (subnet.network.vrfId === before.network.vrfId) continue;
        const path = `networks.${subnet.network.slug}.subnets.${subnet.cidr}`;
        const message = leakMessage(importer, subnet, before, byId);
        found.set(message, error('SUBNET_OVERLAP', path, message, [subnet.network.id, before.network.id, importer.id]));
      }
  }
  return [...found.values()];
}

function leakMessage(importer: VrfFacts, subnet: Placed, before: Placed, byId: FabricIndex['vrf']): string {
  const name = ({ network }: Placed): string =>
    `${network.slug} in VRF ${network.vrfId === null ? '' : byId.get(network.vrfId)?.deviceName}`;
  return `move ${subnet.cidr} of network ${name(subnet)} out of ${before.cidr} of network ${name(before)}: VRF ${importer.deviceName} would have both in its table`;
}

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

/** VARP: beside the shared address every switch has one of its own, and a second owner of either would answer for it. */
function ownAddresses(index: FabricIndex): Finding[] {
  const uses = index.snapshot.devices.flatMap((device) => (device.switch?.varpAddresses ?? []).map((own) => ({ device, ...own })));
  const problem = ({ device, networkId, address }: (typeof uses)[number]): string | null => {
    const network = index.network.get(networkId);
    if (!network) return null;
    const subnet = network.subnets.find(({ cidr }) => Cidr.contains(cidr, address));
    if (!subnet || isReserved(subnet.cidr, address))
      return `choose an own address of ${device.slug} in a subnet of network ${network.slug}, not ${address}`;
    return subnet.gatewayAddress === address
      ? `give ${device.slug} an address of its own in ${subnet.cidr}: ${address} is the gateway of all`
      : null;
  };
  const wrong = uses.flatMap((use) => {
    const message = problem(use);
    const path = `devices.${use.device.slug}.varpAddresses.${use.address}`;
    return message === null ? [] : [error('GATEWAY_INVALID', path, message, [use.device.id, use.networkId])];
  });
  const shared = [...groupBy(uses, ({ networkId, address }) => `${networkId} ${address}`).values()].filter((same) => same.length > 1);
  return [
    ...wrong,
    ...shared.map((same) => {
      const slugs = same.map(({ device }) => String(device.slug)).sort();
      const message = `give each of ${slugs.join(' and ')} its own address: they share ${same[0]?.address}`;
      return error(
        'DUPLICATE_ADDRESS',
        `addresses.${same[0]?.address}`,
        message,
        same.map(({ device }) => device.id),
      );
    }),
  ];
}
