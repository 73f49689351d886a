/**
 * A port does one thing. Whoever takes a port that has another use already takes it away from there: a kernel interface has one master, and a
 * switch port is in one Port-Channel.
 */
import { compareNatural, type DeviceId, type NetworkId } from '#engines/kernel';
import type { FabricIndex } from '../fabric-index.js';
import { error, type Finding, listed } from '../finding.js';
import type { DeviceFacts } from '../snapshot.js';

export interface PortUse {
  readonly port: string;
  /** What the port is for, in words: `link 10.1.0.0/31`, `bond0`. Two facts about one thing have the same words. */
  readonly use: string;
  readonly kind: 'LINK' | 'ATTACHMENT' | 'MEMBER' | 'BRIDGE';
  readonly networkId?: NetworkId;
}

/** By device; several facts may say the same use. */
export function portUses(index: FabricIndex): ReadonlyMap<DeviceId, readonly PortUse[]> {
  const found = new Map<DeviceId, PortUse[]>();
  const add = (deviceId: DeviceId, ...uses: PortUse[]): void => {
    const list = found.get(deviceId);
    if (list) list.push(...uses);
    else found.set(deviceId, uses);
  };
  for (const [id, ends] of index.linkEndsOfDevice)
    add(id, ...ends.map(({ port, prefix }) => ({ port, use: `link ${prefix ?? 'without addresses'}`, kind: 'LINK' as const })));
  for (const { ends } of index.snapshot.lags ?? [])
    for (const { deviceId, name, members } of ends) add(deviceId, ...memberUses(name, members));
  for (const { members } of index.snapshot.mlags ?? [])
    for (const { deviceId, peerLink, peerLinkMembers } of members) add(deviceId, ...memberUses(peerLink, peerLinkMembers));
  for (const device of index.snapshot.devices) {
    const uses = hostUses(device);
    if (uses.length > 0) add(device.id, ...uses);
  }
  return found;
}

const memberUses = (name: string, ports: readonly string[]): PortUse[] =>
  ports.map((port) => ({ port, use: name, kind: 'MEMBER' as const }));

function hostUses({ host, openvswitch }: DeviceFacts): PortUse[] {
  const bridged = (bridge: string, ports: readonly string[]): PortUse[] =>
    ports.map((port) => ({ port, use: `bridge ${bridge}`, kind: 'BRIDGE' as const }));
  return [
    ...(host?.bonds ?? []).flatMap(({ name, members }) => memberUses(name, members)),
    ...(host?.bridges ?? []).flatMap(({ name, ports }) => bridged(name, ports)),
    ...(openvswitch?.bridges ?? []).flatMap((bridge) =>
      bridge.ports.flatMap(({ name, interfaces }) => {
        const systems = interfaces.flatMap((entry) => (entry.type === 'system' ? [entry.name] : []));
        return interfaces.length > 1 ? memberUses(name, systems) : bridged(bridge.name, systems);
      }),
    ),
  ];
}

export function checkPortUses(index: FabricIndex): Finding[] {
  return [...portUses(index)].flatMap(([id, uses]) => {
    const device = index.device.get(id);
    if (!device || uses.every(({ kind }) => kind === 'LINK')) return [];
    return clashes(device, [...uses, ...attachments(index, device)]);
  });
}

/**
 * Attachments that want the port whole. A tagged one takes a VLAN of it only, which Linux hands out before the bridge sees the frame; and
 * Open vSwitch serves attachments on ports that follow them.
 */
function attachments(index: FabricIndex, device: DeviceFacts): PortUse[] {
  const following = new Set(
    (device.openvswitch?.bridges ?? []).flatMap(({ ports }) =>
      ports.flatMap(({ vlansFrom, name, interfaces }) =>
        vlansFrom === 'ATTACHMENTS' ? [name, ...interfaces.map((entry) => entry.name)].map(String) : [],
      ),
    ),
  );
  return (index.attachmentsOfDevice.get(device.id) ?? []).flatMap(({ port, tagging, networkId }) =>
    port === null || following.has(port) || (tagging === 'TAGGED' && device.platform === 'DEBIAN_FRR')
      ? []
      : [{ port, use: `network ${index.network.get(networkId)?.slug ?? networkId}`, kind: 'ATTACHMENT' as const, networkId }],
  );
}

/** Links among themselves and with attachments are looked at with the links and the attachments. */
function clashes({ id, slug }: DeviceFacts, uses: readonly PortUse[]): Finding[] {
  const byPort = new Map<string, Map<string, PortUse>>();
  for (const use of uses) {
    const known = byPort.get(use.port);
    if (known) known.set(use.use, use);
    else byPort.set(use.port, new Map([[use.use, use]]));
  }
  return [...byPort].flatMap(([port, distinct]) => {
    const kinds = [...distinct.values()].map(({ kind }) => kind);
    if (distinct.size < 2 || !kinds.some((kind) => kind === 'MEMBER' || kind === 'BRIDGE')) return [];
    const names = [...distinct.keys()].sort(compareNatural);
    const message = `leave ${slug} ${port} to one of ${listed(names)}: a port does one thing`;
    const networks = [...distinct.values()].flatMap(({ networkId }) => networkId ?? []);
    return [error('PORT_CLASH', `devices.${slug}.ports.${port}`, message, [id, ...networks])];
  });
}
