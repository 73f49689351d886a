/** The way by which people reach a device, and Trame itself: whatever takes it away is noticed too late, and undone on the console. */
import { Cidr, type Ip } from '#engines/kernel';
import type { FabricIndex } from '../fabric-index.js';
import { error, type Finding } from '../finding.js';
import type { DeviceFacts } from '../snapshot.js';
import { subnetOf } from './host-interfaces.js';
import { portUses } from './port-uses.js';

export function checkManagement(index: FabricIndex): Finding[] {
  const uses = portUses(index);
  return index.snapshot.devices.flatMap((device) => {
    const { id, slug, management } = device;
    const path = `devices.${slug}.management`;
    const isReached = (port: string): boolean =>
      port === management?.port || (device.platform === 'ARISTA_EOS' && port.startsWith('Management'));
    const whole = (uses.get(id) ?? []).flatMap(({ port, use }) => (isReached(port) ? [[port, use] as const] : []));
    const touched = [...whole, ...otherUses(index, device, isReached)].map(
      ([port, use]) => `use another port than ${port} of ${slug} for ${use}: people reach the device by it`,
    );
    const reused = management ? addressProblems(index, device, management.address) : [];
    return [...new Set([...touched, ...reused])].map((problem) => error('MANAGEMENT_TOUCHED', path, problem, [id]));
  });
}

/** Uses beside those that want a port whole. */
function otherUses(index: FabricIndex, { id, host }: DeviceFacts, isReached: (port: string) => boolean): (readonly [string, string])[] {
  const attached = (index.attachmentsOfDevice.get(id) ?? []).filter(({ port }) => port !== null && isReached(port));
  const made = [...(host?.bonds ?? []), ...(host?.bridges ?? []), ...(host?.vlans ?? [])].filter(({ name }) => isReached(name));
  const said = (host?.ports ?? []).filter(
    ({ name, addresses, mtu, gateway }) => isReached(name) && (addresses.length > 0 || mtu !== null || gateway !== null),
  );
  return [
    ...attached.map(({ port, networkId }) => [String(port), `network ${index.network.get(networkId)?.slug ?? networkId}`] as const),
    ...made.map(({ name }) => [name, `an interface that is made as ${name}`] as const),
    ...said.map(({ name }) => [name, 'what is said of it'] as const),
  ];
}

/** The VTEP may be the management address itself: then it is there already, and nothing is written. */
function addressProblems(index: FabricIndex, device: DeviceFacts, address: Ip): string[] {
  const { slug, host, openvswitch } = device;
  const own = [...(host?.ports ?? []), ...(host?.bonds ?? []), ...(host?.bridges ?? []), ...(host?.vlans ?? [])];
  const internal = (openvswitch?.bridges ?? []).flatMap(({ ports }) =>
    ports.flatMap(({ interfaces }) => interfaces.flatMap((entry) => (entry.type === 'internal' ? [entry] : []))),
  );
  const subnets = [...own, ...internal].flatMap(({ name, addresses }) =>
    addresses.map((entry) => ({ use: String(name), subnet: subnetOf(entry) })),
  );
  const links = (index.linkEndsOfDevice.get(device.id) ?? []).map(({ port, prefix }) => ({ use: String(port), subnet: prefix }));
  const pair = (index.snapshot.mlags ?? []).flatMap(({ members }) =>
    members.filter(({ deviceId }) => deviceId === device.id).map((member) => ({ use: 'its MLAG peer address', subnet: subnetOf(member) })),
  );
  const left = index.snapshot.vrfs.filter(({ exitNodes }) => exitNodes?.some(({ deviceId }) => deviceId === device.id)).map(({ id }) => id);
  const exits = index.snapshot.networks.flatMap(({ slug: network, vrfId, subnets: list }) =>
    vrfId !== null && left.includes(vrfId)
      ? list.map(({ cidr }) => ({ use: `network ${network}, which leaves its VRF there`, subnet: cidr }))
      : [],
  );
  return [...subnets, ...links, ...pair, ...exits]
    .filter(({ subnet }) => subnet !== null && Cidr.length(subnet) > 0 && Cidr.contains(subnet, address))
    .map(({ use, subnet }) => `choose another subnet than ${subnet} for ${use} on ${slug}: people reach the device by ${address}`);
}
