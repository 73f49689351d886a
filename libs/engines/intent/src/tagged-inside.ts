import type { NetworkId } from '#engines/kernel';
import type { FabricIndex } from './fabric-index.js';

const sets = new WeakMap<FabricIndex, ReadonlySet<NetworkId>>();

/** Networks whose frames keep a tag in the tunnel: those of ports that take frames with all their tags. */
export function taggedInside(index: FabricIndex): ReadonlySet<NetworkId> {
  const found = sets.get(index) ?? find(index);
  sets.set(index, found);
  return found;
}

function find(index: FabricIndex): ReadonlySet<NetworkId> {
  const found = new Set<NetworkId>();
  for (const { id, switch: facts, openvswitch } of index.snapshot.devices) {
    const ports = new Set<string>([
      ...(facts?.tunnelPorts ?? []),
      ...(openvswitch?.bridges ?? []).flatMap(({ ports: list }) =>
        list.flatMap(({ name, vlanMode }) => (vlanMode === 'dot1q-tunnel' ? [name] : [])),
      ),
    ]);
    if (ports.size === 0) continue;
    for (const { port, networkId } of index.attachmentsOfDevice.get(id) ?? []) if (port !== null && ports.has(port)) found.add(networkId);
  }
  return found;
}
