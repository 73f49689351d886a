/**
 * Ports of providers that are shut when a MAC appears that was not announced: one guest on the wrong bridge takes the host off the net until
 * somebody answers a ticket. What may come out there must be known before.
 */
import type { Mac, PortName } from '#engines/kernel';
import { bridgesOfNetwork, isOnOpenVswitch } from '../compile-openvswitch.js';
import { anycastSubnets, type FabricIndex } from '../fabric-index.js';
import { error, type Finding, listed } from '../finding.js';
import type { AttachmentFacts, DeviceFacts } from '../snapshot.js';

export function checkMacAllowLists(index: FabricIndex): Finding[] {
  return index.snapshot.devices.flatMap((device) => {
    const limited = device.ports.filter(({ allowedMacs }) => allowedMacs !== undefined);
    if (limited.length === 0) return [];
    const attachments = index.attachmentsOfDevice.get(device.id) ?? [];
    return limited.flatMap(({ name, allowedMacs = [] }) => {
      const reached = portsAbove(device, name);
      return attachments
        .filter((attachment) => (attachment.port !== null && reached.has(attachment.port)) || isBridgedTo(index, device, name, attachment))
        .flatMap((attachment) => exposed(index, device, name, new Set(allowedMacs), attachment));
    });
  });
}

/** On the same bridge of Open vSwitch, and in a VLAN that the port carries. */
function isBridgedTo(index: FabricIndex, device: DeviceFacts, limited: PortName, attachment: AttachmentFacts): boolean {
  const facts = device.openvswitch;
  if (!facts || !isOnOpenVswitch(index, device, attachment)) return false;
  const vlan = index.vlan(device.id, attachment.networkId);
  return [...bridgesOfNetwork(facts, [attachment])].some((bridge) =>
    bridge?.ports.some(
      ({ name, interfaces, tag, trunks, vlansFrom }) =>
        (String(name) === limited || interfaces.some((entry) => String(entry.name) === limited)) &&
        vlansFrom !== 'ATTACHMENTS' &&
        (tag === null
          ? trunks.length === 0 || (vlan !== null && trunks.includes(vlan))
          : tag === vlan || (vlan !== null && trunks.includes(vlan))),
    ),
  );
}

/** The port itself, and what has it below: bond, bridge, VLAN, port of Open vSwitch. */
function portsAbove({ host, openvswitch }: DeviceFacts, port: PortName): ReadonlySet<string> {
  const above = new Set<string>([port]);
  const carriers = [
    ...(host?.bonds ?? []).map(({ name, members }) => ({ below: members as readonly string[], names: [name] as readonly string[] })),
    ...(host?.bridges ?? []).map(({ name, ports }) => ({ below: ports as readonly string[], names: [name] as readonly string[] })),
    ...(host?.vlans ?? []).map(({ name, parent }) => ({ below: [parent] as readonly string[], names: [name] as readonly string[] })),
    ...(openvswitch?.bridges ?? []).flatMap(({ ports }) =>
      ports.map(({ name, interfaces }) => ({
        below: interfaces.map((entry) => entry.name) as readonly string[],
        names: [name] as readonly string[],
      })),
    ),
  ];
  for (let before = 0; before !== above.size; ) {
    before = above.size;
    for (const { below, names } of carriers) if (below.some((name) => above.has(name))) for (const name of names) above.add(name);
  }
  return above;
}

function exposed(
  index: FabricIndex,
  device: DeviceFacts,
  port: PortName,
  allowed: ReadonlySet<Mac>,
  { id, networkId }: AttachmentFacts,
): Finding[] {
  const network = index.network.get(networkId);
  if (!network) return [];
  const path = `devices.${device.slug}.ports.${port}`;
  const refuse = (message: string): Finding[] => [error('MAC_NOT_ALLOWED', path, message, [id, networkId, device.id])];
  const tail = `the provider shuts ${device.slug} ${port} when it sees another MAC`;
  if (network.guestMacs === undefined)
    return refuse(`name the MACs of the guests of network ${network.slug}, or attach it elsewhere: ${tail}`);
  const strangers = network.guestMacs.filter((mac) => !allowed.has(mac));
  const gateway = index.snapshot.fabric.anycastGatewayMac;
  const hasGateway = anycastSubnets(network).length > 0 && !allowed.has(gateway);
  return [
    ...(strangers.length > 0
      ? refuse(`register ${listed(strangers)} with the provider, or attach network ${network.slug} elsewhere: ${tail}`)
      : []),
    ...(hasGateway ? refuse(`register the gateway's ${gateway}, or attach network ${network.slug} elsewhere: ${tail}`) : []),
  ];
}
