import type { DeviceIntent } from '#engines/intent';
import { canonicalJson } from '#engines/kernel';
import { withoutNothing } from './without-nothing.js';

/** The address by which a device is reached, and the interface where somebody said which it is. */
export interface ManagementPath {
  readonly address: string;
  readonly port: string | null;
}

/**
 * Does anything change of the interface by which the device is managed, or of what that stands on (the parent of a VLAN, the ports of a
 * bridge, the members of a bond), networks of customers on these included?
 * @returns the name of the interface; null where nothing changes, or where nothing of the path is ours.
 */
export function changedManagementPort(before: DeviceIntent, after: DeviceIntent, { address, port }: ManagementPath): string | null {
  const name = port ?? portOf(before, address) ?? portOf(after, address);
  if (name === null) return null;
  const chain = new Set([...below(before, name), ...below(after, name)]);
  const [was, is] = [facets(before, chain), facets(after, chain)];
  return canonicalJson(withoutNothing(was) ?? null) === canonicalJson(withoutNothing(is) ?? null) ? null : name;
}

const interfaces = ({ host }: DeviceIntent) => (host ? [...host.ports, ...host.bonds, ...host.bridges, ...host.vlans] : []);

function portOf(intent: DeviceIntent, address: string): string | null {
  const own = interfaces(intent).find(({ addresses }) => addresses.some((one) => one.address === address));
  return own?.name ?? intent.underlayPorts.find((link) => link.address === address)?.port ?? null;
}

function below({ host, lags }: DeviceIntent, name: string): Set<string> {
  const chain = new Set([name]);
  for (const upper of chain) {
    // A set that grows while it is walked: what is added is visited too.
    for (const vlan of host?.vlans ?? []) if (vlan.name === upper) chain.add(vlan.parent);
    for (const bridge of host?.bridges ?? []) if (bridge.name === upper) for (const port of bridge.ports) chain.add(port);
    for (const bond of host?.bonds ?? []) if (bond.name === upper) for (const member of bond.members) chain.add(member);
    for (const lag of lags ?? []) if (lag.name === upper) for (const member of lag.members) chain.add(member);
  }
  return chain;
}

function facets(intent: DeviceIntent, chain: ReadonlySet<string>): unknown {
  return {
    interfaces: interfaces(intent).filter(({ name }) => chain.has(name)),
    underlay: intent.underlayPorts.filter(({ port }) => chain.has(port)),
    edge: intent.edgePorts.filter(({ port }) => chain.has(port)),
    lags: (intent.lags ?? []).filter(({ name }) => chain.has(name)),
  };
}
