/** What OpenNebula's drivers would do otherwise, or only notice when a guest starts. */
import { compareNatural, DeviceName, Ip, isDomainError } from '#engines/kernel';
import { multicastGroup } from '../compile-gateway.js';
import { tunnelPort, vtepInterfaces } from '../compile-opennebula.js';
import type { FabricIndex } from '../fabric-index.js';
import { error, type Finding, type FindingCode, listed, warning } from '../finding.js';
import { groupBy } from '../group-by.js';
import type { DeviceFacts, NetworkFacts, OpenNebulaFacts, OpenNebulaNetworkFacts } from '../snapshot.js';
import { replicationOf } from './replication.js';

export function checkOpenNebula(index: FabricIndex): Finding[] {
  return index.snapshot.devices.flatMap((device) => {
    const { opennebula } = device;
    if (!opennebula) return [];
    const twice = [...groupBy(opennebula.networks, ({ networkId }) => networkId)].filter(([, uses]) => uses.length > 1);
    return [
      ...twice.map(([id]) =>
        say(device, 'DUPLICATE_NAME', String(id), `offer network ${index.network.get(id)?.slug ?? id} once on ${device.slug}`),
      ),
      ...opennebula.networks.flatMap((offer) => checkOffer(index, device, opennebula, offer)),
    ];
  });
}

const say = ({ id, slug }: DeviceFacts, code: FindingCode, network: string, message: string): Finding =>
  error(code, `devices.${slug}.opennebula.${network}`, message, [id]);

function checkOffer(index: FabricIndex, device: DeviceFacts, facts: OpenNebulaFacts, offer: OpenNebulaNetworkFacts): Finding[] {
  const network = index.network.get(offer.networkId);
  if (!network)
    return [
      say(
        device,
        'UNKNOWN_REFERENCE',
        offer.networkId,
        `take network ${offer.networkId} from ${device.slug}: the fabric has no such network`,
      ),
    ];
  const problem = (code: FindingCode, message: string): Finding => say(device, code, network.slug, message);
  const { driver } = offer;
  const needsVlan = driver === '802.1Q' || driver === 'ovswitch';
  const number = driver === 'vxlan' ? network.vni : driver === '802.1Q' ? index.vlan(device.id, network.id) : null;
  const port = driver === 'vxlan' ? tunnelPort(index, facts, network) : facts.physicalDevice;
  const link = number === null ? null : `${port}.${number}`;
  return [
    ...((driver === 'bridge' || driver === 'ovswitch') && offer.bridge === undefined
      ? [problem('NAME_INVALID', `name the bridge of network ${network.slug}: the driver ${driver} makes none`)]
      : []),
    ...(needsVlan && index.vlan(device.id, network.id) === null
      ? [problem('VLAN_MISSING', `map network ${network.slug} to a VLAN of ${device.slug}: the driver ${driver} tags`)]
      : []),
    ...(link !== null && !isDeviceName(link)
      ? [
          problem(
            'NAME_INVALID',
            `name a port with at most ${14 - String(number).length} characters below network ${network.slug}: the driver makes ${port}.${number} of it, and the kernel takes 15`,
          ),
        ]
      : []),
    ...(driver === 'vxlan' ? vxlan(index, device, facts, network) : []),
  ];
}

function vxlan(index: FabricIndex, device: DeviceFacts, { physicalDevice }: OpenNebulaFacts, network: NetworkFacts): Finding[] {
  const mode = replicationOf(index, network);
  const problem = (code: FindingCode, message: string): Finding[] => [say(device, code, network.slug, message)];
  if (mode === 'INGRESS_STATIC')
    return problem(
      'REPLICATION_INVALID',
      `make network ${network.slug} INGRESS_EVPN or MULTICAST, or take it from ${device.slug}: OpenNebula's VXLAN driver knows no list of VTEPs`,
    );
  if (mode === 'INGRESS_EVPN') return vtepElsewhere(index, device, physicalDevice, network);
  if (physicalDevice === 'lo')
    return problem(
      'LINK_INVALID',
      `name the port of the underlay in place of lo on ${device.slug}: no group is joined on lo, and network ${network.slug} has one`,
    );
  const group = multicastGroup(index.snapshot.fabric, network);
  return group !== null && Ip.toBigInt(group) < BigInt(network.vni)
    ? problem(
        'MULTICAST_GROUP_INVALID',
        `choose a higher group than ${group} for network ${network.slug}: OpenNebula's driver adds the VNI to a base address`,
      )
    : [];
}

/** One template is for all hosts. Where they differ, those that have their VTEP address on another interface would tunnel from a wrong one. */
function vtepElsewhere(index: FabricIndex, device: DeviceFacts, physicalDevice: string, network: NetworkFacts): Finding[] {
  const found = vtepInterfaces(index);
  if (found.size < 2) return [];
  const path = `devices.${device.slug}.opennebula.${network.slug}`;
  const places = [...found].sort(([a], [b]) => compareNatural(a, b)).map(([name, hosts]) => `${name} of ${listed(slugs(hosts))}`);
  if (!found.has(physicalDevice)) {
    const message = `name the interface that has the VTEP address on the hosts of ${device.slug} in place of ${physicalDevice}, or put that address on one and the same: it is on ${listed(places)}, and OpenNebula's VXLAN driver gives the tunnel of network ${network.slug} the first address of ${physicalDevice}`;
    return [error('LINK_INVALID', path, message, [device.id, network.id])];
  }
  const others = [...found].flatMap(([name, hosts]) => (name === physicalDevice ? [] : hosts));
  const message = `put the VTEP address on ${physicalDevice} of ${listed(slugs(others))} too, if they are hosts of ${device.slug}: OpenNebula's VXLAN driver gives the tunnel of network ${network.slug} the first address of ${physicalDevice} on each`;
  return [warning('LINK_INVALID', path, message, [device.id, network.id, ...others.map(({ id }) => id)])];
}

const slugs = (devices: readonly DeviceFacts[]): string[] => devices.map(({ slug }) => String(slug)).sort(compareNatural);

function isDeviceName(name: string): boolean {
  try {
    return DeviceName.parse(name) === name;
  } catch (cause) {
    if (isDomainError(cause)) return false;
    throw cause;
  }
}
