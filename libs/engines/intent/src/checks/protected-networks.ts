/** Storage, cluster and management networks: a host that loses one fences itself. They stand from boot, alone, and nobody uses their addresses. */
import { Cidr, type DeviceId, type NetworkId } from '#engines/kernel';
import { isOnOpenVswitch } from '../compile-openvswitch.js';
import type { FabricIndex } from '../fabric-index.js';
import { error, type Finding } from '../finding.js';
import { groupBy } from '../group-by.js';
import type { AttachmentFacts, NetworkFacts } from '../snapshot.js';
import { subnetOf } from './host-interfaces.js';

interface Used {
  readonly cidr: Cidr;
  readonly use: string;
  readonly id: string;
  /** Null: no network's. */
  readonly networkId: NetworkId | null;
}

type PlacesOf = ReadonlyMap<NetworkId, readonly AttachmentFacts[]>;

export function checkProtectedNetworks(index: FabricIndex): Finding[] {
  const guarded = index.snapshot.networks.filter(({ isProtected }) => isProtected);
  if (guarded.length === 0) return [];
  const used = usedSubnets(index);
  // With and without a VTEP of their own.
  const placesOf = groupBy(index.snapshot.attachments, ({ networkId }) => networkId);
  return guarded.flatMap((network) => [...onDemand(index, network), ...exposed(index, network), ...reused(placesOf, network, used)]);
}

const found = ({ id, slug }: NetworkFacts, message: string, subject: DeviceId | NetworkId | string): Finding =>
  error('PROTECTED_NETWORK', `networks.${slug}`, message, [id, subject]);

/** The hook takes a bridge away after its last guest; what the host itself has there goes with it. */
function onDemand(index: FabricIndex, network: NetworkFacts): Finding[] {
  return index.snapshot.attachments.flatMap((attachment) => {
    if (attachment.networkId !== network.id || attachment.port !== null) return [];
    const device = index.device.get(attachment.deviceId);
    if (!device?.libvirt?.isOnDemand || isOnOpenVswitch(index, device, attachment)) return [];
    return [
      found(
        network,
        `let the bridges of ${device.slug} stand from boot, or take protected network ${network.slug} off it: it would go with its last guest`,
        device.id,
      ),
    ];
  });
}

/** A way out, or a port of a provider, is a way in. */
function exposed(index: FabricIndex, network: NetworkFacts): Finding[] {
  const vrf = network.vrfId === null ? undefined : index.vrf.get(network.vrfId);
  const exits = (vrf?.exitNodes?.length ?? 0) > 0;
  const importers = index.snapshot.vrfs
    .filter(({ importsFrom }) => vrf !== undefined && importsFrom?.includes(vrf.id))
    .map(({ deviceName }) => deviceName);
  return [
    ...(exits && vrf
      ? [
          found(
            network,
            `put protected network ${network.slug} into a VRF without exit nodes: VRF ${vrf.deviceName} leaves the fabric`,
            vrf.id,
          ),
        ]
      : []),
    ...(importers.length > 0 && vrf
      ? [
          found(
            network,
            `put protected network ${network.slug} into a VRF that nobody imports: VRF ${importers.join(' and ')} would reach it`,
            vrf.id,
          ),
        ]
      : []),
  ];
}

/**
 * Subnets of other networks count where both are on one device: elsewhere they never meet, and tenants may have the same addresses in address
 * spaces of their own. Those of links and hosts always count.
 */
function reused(placesOf: PlacesOf, network: NetworkFacts, used: readonly Used[]): Finding[] {
  const devices = new Set((placesOf.get(network.id) ?? []).map(({ deviceId }) => deviceId));
  return network.subnets.flatMap(({ cidr }) => {
    const mine = Cidr.bounds(cidr);
    return used.flatMap((other) => {
      if (other.id === network.id || Cidr.family(other.cidr) !== Cidr.family(cidr)) return [];
      const theirs = Cidr.bounds(other.cidr);
      if (mine.first > theirs.last || theirs.first > mine.last) return [];
      if (other.networkId !== null && !placesOf.get(other.networkId)?.some(({ deviceId }) => devices.has(deviceId))) return [];
      return [
        found(
          network,
          `choose another subnet than ${other.cidr} for ${other.use}: protected network ${network.slug} has ${cidr}`,
          other.id,
        ),
      ];
    });
  });
}

function usedSubnets(index: FabricIndex): Used[] {
  return [
    ...index.snapshot.networks.flatMap(({ id, slug, subnets }) =>
      subnets.map(({ cidr }) => ({ cidr, use: `network ${slug}`, id, networkId: id })),
    ),
    ...index.snapshot.links.flatMap(({ prefix, ends }) =>
      prefix === null ? [] : [{ cidr: prefix, use: `link ${prefix}`, id: ends[0].deviceId, networkId: null }],
    ),
    ...index.snapshot.devices
      .flatMap(({ id, slug, host }) =>
        [...(host?.ports ?? []), ...(host?.bonds ?? []), ...(host?.bridges ?? []), ...(host?.vlans ?? [])].flatMap(
          ({ name, addresses, gateway }) =>
            // A host's own address in the network is a member of it, and often the reason for the protection.
            gateway === null
              ? []
              : addresses.flatMap((address) => ({
                  cidr: subnetOf(address) ?? [],
                  use: `${name} of ${slug}, which has a default route`,
                  id,
                  networkId: null,
                })),
        ),
      )
      .flatMap(({ cidr, ...rest }) => (typeof cidr === 'string' ? [{ cidr, ...rest }] : [])),
  ];
}
