/** Interfaces of hosts for tests: say what the test is about, everything else is as a host has it that nobody configured. */
import { Cidr, DeviceName, Ip, VlanId } from '#engines/kernel';
import type { BondMode, HostBondFacts, HostBridgeFacts, HostFacts, HostInterfaceFacts, HostNatFacts, HostVlanFacts } from '../snapshot.js';

interface InterfaceSpec {
  readonly name: string;
  /** `192.168.131.1/24`. */
  readonly addresses?: readonly string[];
  readonly gateway?: string;
  readonly mtu?: number;
}
interface BondSpec extends InterfaceSpec, Partial<Pick<HostBondFacts, 'miimon' | 'updelay' | 'lacpRate' | 'hashPolicy' | 'minLinks'>> {
  readonly mode: BondMode;
  readonly members: readonly string[];
  readonly primary?: string;
}
interface BridgeSpec extends InterfaceSpec {
  readonly ports?: readonly string[];
  /** `[[2, 4094]]` makes it VLAN-aware. */
  readonly vlans?: readonly (readonly [number, number])[];
  readonly hasStp?: boolean;
}
interface VlanSpec extends InterfaceSpec {
  readonly parent: string;
  readonly vlan: number;
  readonly protocol?: HostVlanFacts['protocol'];
}
export interface HostSpec {
  readonly loopback?: string;
  readonly ports?: readonly InterfaceSpec[];
  readonly bonds?: readonly BondSpec[];
  readonly bridges?: readonly BridgeSpec[];
  readonly vlans?: readonly VlanSpec[];
  readonly nat?: readonly HostNatFacts[];
}

const name = DeviceName.parse;

export const hostFacts = (spec: HostSpec): HostFacts => ({
  loopback: spec.loopback === undefined ? null : name(spec.loopback),
  ports: (spec.ports ?? []).map(interfaceFacts),
  bonds: (spec.bonds ?? []).map(bond),
  bridges: (spec.bridges ?? []).map(bridge),
  vlans: (spec.vlans ?? []).map((one) => ({
    ...interfaceFacts(one),
    parent: name(one.parent),
    vlan: VlanId.parse(one.vlan),
    protocol: one.protocol ?? '802.1q',
  })),
  nat: spec.nat ?? [],
});

export const masquerade = (bridge: string, source: string, out: string): HostNatFacts => ({
  kind: 'MASQUERADE',
  source: Cidr.parse(source),
  out: name(out),
  bridge: name(bridge),
});

export const snat = (bridge: string, source: string, out: string, to: string): HostNatFacts => ({
  kind: 'SNAT',
  source: Cidr.parse(source),
  out: name(out),
  bridge: name(bridge),
  to: Ip.parse(to),
});

/** @param to `192.168.131.200:443`, TCP. */
export const forwardPort = (bridge: string, from: string, port: number, to: string): HostNatFacts => {
  const end = to.lastIndexOf(':');
  return {
    kind: 'DNAT',
    in: name(from),
    bridge: name(bridge),
    protocol: 'tcp',
    port,
    to: Ip.parse(to.slice(0, end)),
    toPort: Number(to.slice(end + 1)),
  };
};

function interfaceFacts(spec: InterfaceSpec): HostInterfaceFacts {
  return {
    name: name(spec.name),
    addresses: (spec.addresses ?? []).map((text) => {
      const [address, length] = text.split('/');
      return { address: Ip.parse(address), prefixLength: Number(length) };
    }),
    gateway: spec.gateway === undefined ? null : Ip.parse(spec.gateway),
    mtu: spec.mtu ?? null,
  };
}

const bond = (spec: BondSpec): HostBondFacts => ({
  ...interfaceFacts(spec),
  mode: spec.mode,
  members: spec.members.map(name),
  miimon: spec.miimon ?? 100,
  updelay: spec.updelay ?? null,
  lacpRate: spec.lacpRate ?? null,
  hashPolicy: spec.hashPolicy ?? null,
  primary: spec.primary === undefined ? null : name(spec.primary),
  minLinks: spec.minLinks ?? null,
});

const bridge = (spec: BridgeSpec): HostBridgeFacts => ({
  ...interfaceFacts(spec),
  ports: (spec.ports ?? []).map(name),
  isVlanAware: spec.vlans !== undefined,
  vlans: (spec.vlans ?? []).map(([first, last]) => ({ first: VlanId.parse(first), last: VlanId.parse(last) })),
  hasStp: spec.hasStp ?? false,
});
