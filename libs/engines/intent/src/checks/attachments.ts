/** Where a network comes out: the place must exist, be able to carry it and not be in use for something else. */
import { compareNatural, type NetworkId, type PortName } from '#engines/kernel';
import { isOnOpenVswitch } from '../compile-openvswitch.js';
import type { FabricIndex } from '../fabric-index.js';
import { error, type Finding, listed } from '../finding.js';
import { groupBy } from '../group-by.js';
import type { AttachmentFacts, DeviceFacts } from '../snapshot.js';

export function checkAttachments(index: FabricIndex): Finding[] {
  const found: Finding[] = [];
  for (const attachment of index.snapshot.attachments) {
    const device = index.device.get(attachment.deviceId);
    const network = index.network.get(attachment.networkId);
    if (!device || !network) continue;
    const problem = isOnOpenVswitch(index, device, attachment) ? null : refusal(device, attachment);
    if (problem !== null) found.push(error('ATTACHMENT_INVALID', `networks.${network.slug}.${device.slug}`, problem, [attachment.id]));
  }
  found.push(...sharedPorts(index));
  return found;
}

function refusal(device: DeviceFacts, { port, tagging }: AttachmentFacts): string | null {
  if (!device.vtep) return `give ${device.slug} a VTEP before networks are attached there`;
  if (port === null) {
    if (tagging !== 'BRIDGE_ONLY') return `name the port of ${device.slug} where the network comes out ${tagging.toLowerCase()}`;
    return device.platform === 'ARISTA_EOS' && device.adopted === undefined
      ? `name a port of ${device.slug}: a switch has no bridge without a port`
      : null;
  }
  if (tagging === 'BRIDGE_ONLY') return `say whether the network is tagged or untagged on ${device.slug} ${port}, or leave the port out`;
  return device.ports.some(({ name }) => name === port) ? null : `add port ${port} to ${device.slug}, or choose one that it has`;
}

function sharedPorts(index: FabricIndex): Finding[] {
  return [...index.attachmentsOfDevice].flatMap(([deviceId, attachments]) => {
    const routed = new Set((index.linkEndsOfDevice.get(deviceId) ?? []).map(({ port }) => port));
    const device = index.device.get(deviceId);
    return device
      ? [...groupBy(attachments, ({ port }) => port)].flatMap(([port, uses]) => sharedPort(index, device, port, routed, uses))
      : [];
  });
}

function sharedPort(
  index: FabricIndex,
  device: DeviceFacts,
  port: PortName | null,
  routed: ReadonlySet<PortName>,
  uses: readonly AttachmentFacts[],
): Finding[] {
  if (port === null) return [];
  const isRouted = routed.has(port);
  const untagged = uses.filter(({ tagging }) => tagging === 'UNTAGGED');
  const networks = new Set<NetworkId>();
  for (const { networkId } of uses) networks.add(networkId);
  const isRepeated = networks.size < uses.length;
  if (!isRouted && untagged.length < 2 && !isRepeated) return [];
  const path = `devices.${device.slug}.ports.${port}`;
  const ids = uses.map(({ id }) => id);
  const names = (of: readonly AttachmentFacts[]): string =>
    listed(of.map(({ networkId }) => index.network.get(networkId)?.slug ?? networkId).sort(compareNatural));
  const again = [...groupBy(uses, ({ networkId }) => networkId).values()].find((same) => same.length > 1);
  const clash = (message: string): Finding => error('PORT_CLASH', path, message, ids);
  return [
    ...(isRouted ? [clash(`attach ${names(uses)} elsewhere: ${device.slug} ${port} is a link of the underlay`)] : []),
    ...(untagged.length > 1
      ? [clash(`tag all but one of ${names(untagged)} on ${device.slug} ${port}: a frame without a tag has one network`)]
      : []),
    ...(again ? [clash(`attach ${names(again.slice(0, 1))} once to ${device.slug} ${port}`)] : []),
  ];
}
