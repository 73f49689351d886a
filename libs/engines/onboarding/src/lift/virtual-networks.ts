/** What a hypervisor has for its guests beside interfaces(5): Open vSwitch and the networks of libvirt. */
import { type LibvirtNetwork, readLibvirtNetwork, readOpenVswitch, readOvsShow } from '#engines/adoption';
import type { LibvirtNetworkFacts, LibvirtPortgroupFacts, OpenVswitchFacts } from '#engines/intent';
import { DeviceName, VlanId } from '#engines/kernel';
import type { DeviceDocuments } from '../documents/imported-file.js';

export interface VirtualNetworks {
  readonly openvswitch: ReadSwitch | null;
  readonly libvirt: readonly ReadNetwork[];
}

export interface ReadSwitch {
  /** A whole dump; null for `ovs-vsctl show`, which says less. */
  readonly dump: string | null;
  readonly facts: OpenVswitchFacts;
  /** Named, and left on the host. */
  readonly kept: readonly string[];
}

export interface ReadNetwork {
  readonly network: LibvirtNetwork;
  /** Null: it is not plugged into a bridge that somebody else made, or holds what no fact can hold. */
  readonly facts: LibvirtNetworkFacts | null;
}

/** @throws DomainError INVALID_VALUE or XML_INVALID for what is no complete dump, or no XML */
export function virtualNetworks({ documents }: DeviceDocuments): VirtualNetworks {
  const dumps = documents.filter(({ kind }) => kind === 'openvswitch').map(({ text }) => text);
  const xml = documents
    .filter(({ kind }) => kind === 'libvirt')
    .flatMap(({ text }) => text.match(/<network(?:\s[^>]*)?>[^]*?<\/network>/g) ?? []);
  return {
    openvswitch: dumps.length === 0 ? null : readSwitch(dumps.join('\n')),
    libvirt: xml.map(readLibvirtNetwork).map((network) => ({ network, facts: factsOf(network) })),
  };
}

function readSwitch(text: string): ReadSwitch {
  const isDump = /^\s*[[{]/.test(text);
  const { facts, guests, kept } = isDump ? readOpenVswitch(text) : readOvsShow(text);
  return {
    dump: isDump ? text : null,
    facts,
    kept: [
      ...kept.map(({ table, row, column }) => `${table} ${row}${column === null ? '' : ` ${column}`}`),
      ...guests.map(({ bridge, port }) => `Port ${port} of a guest in ${bridge}`),
    ],
  };
}

function factsOf({ name, uuid, forward, bridge, isOpenVswitch, portgroups }: LibvirtNetwork): LibvirtNetworkFacts | null {
  try {
    if (forward !== 'bridge' || bridge === null) return null;
    return {
      name,
      ...(uuid === null ? {} : { uuid }),
      bridge: DeviceName.parse(bridge),
      isOpenVswitch,
      portgroups: portgroups.map(
        (portgroup): LibvirtPortgroupFacts => ({
          ...portgroup,
          tags: portgroup.tags.map(VlanId.parse),
          nativeTag: portgroup.nativeTag && { ...portgroup.nativeTag, vlan: VlanId.parse(portgroup.nativeTag.vlan) },
        }),
      ),
    };
  } catch {
    return null; // a VLAN or a name that cannot be: it is a problem of the network, and named as one
  }
}
