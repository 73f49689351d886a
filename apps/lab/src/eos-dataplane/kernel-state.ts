/** What a switch's configuration asks of the Linux kernel that forwards in its place. */
import type { SwitchState } from '../eos-simulator/index.js';

/** One VLAN that is mapped to a VNI: a bridge with its tunnel and the ports that come out of it. */
export interface BridgeDomain {
  readonly bridge: string;
  readonly tunnel: string;
  readonly vni: number;
  readonly local: string;
  readonly udpPort: number;
  readonly ports: readonly string[];
}

export interface KernelState {
  /** By interface, addresses with prefix length; the loopback's are on `lo`. */
  readonly addresses: ReadonlyMap<string, readonly string[]>;
  readonly domains: ReadonlyMap<string, BridgeDomain>;
  /** Cabled ports without `shutdown`. */
  readonly up: readonly string[];
}

export const EMPTY_KERNEL: KernelState = { addresses: new Map(), domains: new Map(), up: [] };

/**
 * One bridge per mapped VLAN, because a kernel without VLAN filtering has no other way; so only untagged members are
 * forwarded, and VLANs without a VNI (VLAN 1 of an unconfigured port among them) are not.
 * @param cabled interfaces that the machine has; ports without a cable do nothing.
 */
export function kernelState(state: SwitchState, cabled: ReadonlySet<string>): KernelState {
  const ports = state.ports.filter(({ name }) => cabled.has(name));
  const { vtep } = state;
  const routed = ports.filter(({ isRouted, addresses }) => isRouted && addresses.length > 0);
  const domains = vtep === null ? [] : state.mappings;
  return {
    addresses: new Map([['lo', state.loopbackAddresses], ...routed.map(({ name, addresses }) => [name, addresses] as const)]),
    domains: new Map(
      domains.map(({ vlan, vni }) => [
        `vlan${vlan}`,
        {
          bridge: `vlan${vlan}`,
          tunnel: `vxlan${vni}`,
          vni,
          local: vtep?.address ?? '',
          udpPort: vtep?.udpPort ?? 4789,
          ports: ports.filter(({ untaggedVlan }) => untaggedVlan === vlan).map(({ name }) => name),
        },
      ]),
    ),
    up: ports.filter(({ isShutdown }) => !isShutdown).map(({ name }) => name),
  };
}
