import type { OvsInterfaceFacts } from '#engines/intent';
import { DeviceName, Ip, isDomainError, Vni } from '#engines/kernel';
import { nameOf, type OvsRow, valuesOf } from '#engines/reconcile';

/** Null where Trame has no word for it: other tunnels, tunnels of flows, DPDK. */
export function readInterface(row: OvsRow): OvsInterfaceFacts | null {
  try {
    return interfaceOf(row);
  } catch (cause) {
    if (isDomainError(cause)) return null;
    throw cause;
  }
}

function interfaceOf(row: OvsRow): OvsInterfaceFacts | null {
  const name = DeviceName.parse(nameOf(row));
  const type = valuesOf(row, 'type')[0];
  const mtu = (valuesOf(row, 'mtu_request')[0] as number | undefined) ?? null;
  const option = (key: string): unknown => valuesOf(row, `options:${key}`)[0];
  switch (type) {
    case '':
    case 'system':
      return { type: 'system', name, mtu };
    case 'internal':
      return { type, name, mtu, addresses: [], gateway: null };
    case 'patch':
      return { type, name, peer: DeviceName.parse(option('peer')) };
    case 'vxlan':
      return {
        type,
        name,
        vni: Vni.parse(decimal(option('key'))),
        remote: Ip.parse(option('remote_ip')),
        local: option('local_ip') === undefined ? null : Ip.parse(option('local_ip')),
        udpPort: decimal(option('dst_port') ?? '4789') ?? 4789,
      };
    default:
      return null;
  }
}

const decimal = (value: unknown): number | null => (typeof value === 'string' && /^[0-9]{1,8}$/.test(value) ? Number(value) : null);
