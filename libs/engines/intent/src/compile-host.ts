/** What a host is beside its networks: its own interfaces, the bonds of aggregated links, and where its VTEP address is. */
import { compareNatural, DeviceName } from '#engines/kernel';
import { compareIps } from './compare-ips.js';
import { compileLags } from './compile-lag.js';
import type { FabricIndex } from './fabric-index.js';
import type { VtepDeviceIntent } from './host-intent.js';
import type { DeviceFacts, HostBondFacts, HostFacts, HostInterfaceFacts, HostNatFacts } from './snapshot.js';
import type { LagIntent } from './switch-intent.js';

const LOOPBACK = DeviceName.parse('lo');
const NOTHING: HostFacts = { loopback: null, ports: [], bonds: [], bridges: [], vlans: [], nat: [] };

/** Sorted; a LAG of the fabric is a bond of each host at its end. Null where a device has nothing of the kind. */
export function compileHost(index: FabricIndex, device: DeviceFacts): HostFacts | null {
  if (device.platform !== 'DEBIAN_FRR') return null;
  const facts = device.host ?? NOTHING;
  // A bond that Open vSwitch makes of the cables is none of the kernel.
  const switched = (device.openvswitch?.bridges ?? []).flatMap(({ ports }) => ports.map(({ name }) => name));
  const said = new Set<string>([...facts.bonds.map(({ name }) => name), ...switched]);
  const lags = compileLags(index, device).filter(({ name }) => !said.has(name));
  if (!device.host && lags.length === 0) return null;
  return {
    loopback: facts.loopback,
    ports: byName(facts.ports),
    bonds: byName([...facts.bonds, ...lags.map(bondOf)]).map((bond) => ({ ...bond, members: [...bond.members].sort(compareNatural) })),
    bridges: byName(facts.bridges).map((bridge) => ({
      ...bridge,
      ports: [...bridge.ports].sort(compareNatural),
      vlans: [...bridge.vlans].sort((a, b) => a.first - b.first),
    })),
    vlans: byName(facts.vlans),
    nat: [...facts.nat].sort((a, b) => compareNatural(natKey(a), natKey(b))),
  };
}

/** A LAG without a word about the bond: LACP as both ends know it, or a hash over addresses and ports; a look at the carrier every 100 ms. */
function bondOf({ name, members, mode }: LagIntent): HostBondFacts {
  return {
    name: DeviceName.parse(name),
    mode: mode === 'LACP' ? '802.3ad' : 'balance-xor',
    members: members.map(DeviceName.parse),
    miimon: 100,
    updelay: null,
    lacpRate: null,
    hashPolicy: 'layer3+4',
    primary: null,
    minLinks: null,
    addresses: [],
    gateway: null,
    mtu: null,
  };
}

function byName<T extends HostInterfaceFacts>(interfaces: readonly T[]): T[] {
  return interfaces
    .map((one) => ({ ...one, addresses: [...one.addresses].sort((a, b) => compareIps(a.address, b.address)) }))
    .sort((a, b) => compareNatural(a.name, b.name));
}

/** Source NAT by source, then ports by number. */
const natKey = (rule: HostNatFacts): string =>
  rule.kind === 'DNAT'
    ? `${rule.bridge} 2 ${rule.in} ${rule.protocol} ${rule.port} ${rule.to} ${rule.toPort}`
    : `${rule.bridge} 1 ${rule.source} ${rule.out} ${rule.kind}`;

/** Null where a device is no host, or no VTEP. */
export function compileVtepDevice(index: FabricIndex, device: DeviceFacts): VtepDeviceIntent | null {
  if (device.platform !== 'DEBIAN_FRR' || !device.vtep) return null;
  const carrier = carrierOf(index, device);
  const [link] = (index.linkEndsOfDevice.get(device.id) ?? []).map(({ port }) => String(port)).sort(compareNatural);
  const multicastPort = carrier ?? link ?? null;
  const name = carrier ?? device.host?.loopback ?? LOOPBACK;
  return {
    name: DeviceName.parse(name),
    kind: carrier !== null ? 'PRESENT' : name === LOOPBACK ? 'LOOPBACK' : 'DUMMY',
    multicastPort: multicastPort === null ? null : DeviceName.parse(multicastPort),
  };
}

/** The interface that has the VTEP address anyway: of the host's own, of a link, or that of the management. */
function carrierOf(index: FabricIndex, { id, vtep, host, management }: DeviceFacts): string | null {
  const own = host ? [...host.ports, ...host.bonds, ...host.bridges, ...host.vlans] : [];
  const found = own.find(({ addresses }) => addresses.some(({ address }) => address === vtep?.address))?.name;
  const link = (index.linkEndsOfDevice.get(id) ?? []).find(({ address }) => address === vtep?.address)?.port;
  return found ?? link ?? (management?.address === vtep?.address ? (management?.port ?? null) : null);
}
