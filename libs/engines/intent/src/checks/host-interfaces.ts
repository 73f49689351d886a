/** Interfaces of a Debian host. ifupdown2 takes nearly anything and says nothing (`ifup` returns 0): what does not fit is found here or on the console. */
import { Cidr, compareNatural, DeviceName, Ip, isDomainError } from '#engines/kernel';
import type { FabricIndex } from '../fabric-index.js';
import { error, type Finding, listed } from '../finding.js';
import { groupBy } from '../group-by.js';
import { isDerivedName } from '../interface-names.js';
import type { DeviceFacts, HostBondFacts, HostBridgeFacts, HostFacts, HostNatFacts, HostVlanFacts } from '../snapshot.js';

export function checkHostInterfaces(index: FabricIndex): Finding[] {
  return [
    ...index.snapshot.devices.flatMap((device) => [...names(index, device), ...(device.host ? wiring(device, device.host) : [])]),
    ...sharedAddresses(index),
  ];
}

/** A bridge without ports is nobody else's segment: the private subnet behind NAT may be the same on every host. */
function sharedAddresses(index: FabricIndex): Finding[] {
  const uses = index.snapshot.devices.flatMap(({ id, slug, host }) =>
    [
      ...(host?.ports ?? []),
      ...(host?.bonds ?? []),
      ...(host?.bridges ?? []).filter(({ ports }) => ports.length > 0),
      ...(host?.vlans ?? []),
    ].flatMap(({ name, addresses }) => addresses.map(({ address }) => ({ id, owner: `${slug} ${name}`, address }))),
  );
  return [...groupBy(uses, ({ address }) => address)].flatMap(([address, same]) => {
    if (same.length < 2) return [];
    const message = `give each of ${listed(same.map(({ owner }) => owner).sort(compareNatural))} its own address: they share ${address}`;
    return [
      error(
        'DUPLICATE_ADDRESS',
        `addresses.${address}`,
        message,
        same.map(({ id }) => id),
      ),
    ];
  });
}

interface Made {
  readonly name: string;
  readonly what: string;
}

/** Every interface that a host is told to make, by name. The bridge of Open vSwitch has a port of its own name: that is one thing. */
function madeOn(device: DeviceFacts): Made[] {
  const { host, openvswitch } = device;
  const all = (what: string, list: readonly { readonly name: string }[]): Made[] => list.map(({ name }) => ({ name, what }));
  return [
    ...(host?.loopback ? [{ name: host.loopback, what: 'the loopback' }] : []),
    ...all('a bond', host?.bonds ?? []),
    ...all('a bridge', host?.bridges ?? []),
    ...all('a VLAN', host?.vlans ?? []),
    ...(openvswitch?.bridges ?? []).flatMap((bridge) => [
      { name: bridge.name, what: 'a bridge of Open vSwitch' },
      ...bridge.ports.flatMap(({ name, interfaces }) => [
        ...(interfaces.length > 1 ? [{ name, what: 'a bond of Open vSwitch' }] : []),
        ...interfaces
          .filter((entry) => entry.type !== 'system' && entry.name !== bridge.name)
          .map((entry) => ({ name: entry.name, what: `a port (${entry.type}) of Open vSwitch` })),
      ]),
    ]),
  ];
}

function names(index: FabricIndex, device: DeviceFacts): Finding[] {
  const { id, slug } = device;
  const made = madeOn(device);
  if (made.length === 0) return [];
  const vrfs = new Set<string>((index.vrfsOfDevice.get(id) ?? []).map(({ deviceName }) => deviceName));
  const path = (name: string): string => `devices.${slug}.interfaces.${name}`;
  const invalid = made.flatMap(({ name, what }) => {
    if (!isKernelName(name))
      return [
        error(
          'NAME_INVALID',
          path(name),
          `give ${what} of ${slug} a name of 1 to 15 letters, digits, dots, dashes and underscores, not ${name}`,
          [id],
        ),
      ];
    if (!isDerivedName(name) && !vrfs.has(name) && name !== 'lo') return [];
    return [error('NAME_INVALID', path(name), `rename ${what} ${name} of ${slug}: Trame gives that name to an interface of its own`, [id])];
  });
  const twice = [...groupBy(made, ({ name }) => name)].flatMap(([name, uses]) =>
    uses.length < 2 || uses.every(({ what }) => what.endsWith('Open vSwitch'))
      ? [] // Among its own names, Open vSwitch is asked elsewhere.
      : [
          error(
            'DUPLICATE_NAME',
            path(name),
            `give each of ${listed(uses.map(({ what }) => what))} of ${slug} its own name: they share ${name}`,
            [id],
          ),
        ],
  );
  return [...invalid, ...twice];
}

export function isKernelName(name: string): boolean {
  try {
    DeviceName.parse(name);
    return true;
  } catch (cause) {
    if (isDomainError(cause)) return false;
    throw cause;
  }
}

function wiring(device: DeviceFacts, host: HostFacts): Finding[] {
  const { id, slug } = device;
  const present = new Set<string>([
    'lo',
    ...device.ports.map(({ name }) => name),
    ...host.ports.map(({ name }) => name),
    ...madeOn(device).map(({ name }) => name),
  ]);
  const missing = (names: readonly string[], of: string): string[] =>
    names.filter((name) => !present.has(name)).map((name) => `add port ${name} to ${slug}, or choose another for ${of}`);
  const found = (name: string, problems: readonly string[]): Finding[] =>
    problems.map((problem) => error('INTERFACE_INVALID', `devices.${slug}.interfaces.${name}`, problem, [id]));
  return [
    ...host.bonds.flatMap((bond) => found(bond.name, [...bondProblems(slug, bond), ...missing(bond.members, bond.name)])),
    ...host.bridges.flatMap((bridge) => found(bridge.name, [...bridgeProblems(slug, bridge), ...missing(bridge.ports, bridge.name)])),
    ...host.bridges
      .filter(({ isVlanAware }) => isVlanAware)
      .slice(1)
      .flatMap(({ name }) => found(name, [`keep one VLAN-aware bridge on ${slug}: ifupdown2 leaves ${name} out, and returns 0`])),
    ...host.vlans.flatMap((vlan) => found(vlan.name, [...vlanProblems(slug, host, vlan), ...missing([vlan.parent], vlan.name)])),
    ...host.nat.flatMap((rule) => found(rule.bridge, natProblems(slug, host, rule, present))),
    ...addressProblems(slug, host).flatMap(([name, problem]) => found(name, [problem])),
    ...gatewayProblems(slug, host).flatMap(([name, problem]) => found(name, [problem])),
  ];
}

const HASHING: readonly string[] = ['balance-xor', '802.3ad', 'balance-tlb'];
const CHOOSING: readonly string[] = ['active-backup', 'balance-tlb', 'balance-alb'];

/** Options of other modes: the kernel refuses the write, ifupdown2 logs it, and the bond stays with its default. */
function bondProblems(
  slug: string,
  { name, mode, members, miimon, updelay, lacpRate, hashPolicy, primary, minLinks }: HostBondFacts,
): string[] {
  const bond = `${name} of ${slug}`;
  const twice = members.some((member, i) => members.indexOf(member) !== i);
  return [
    ...(members.length === 0 ? [`give ${bond} a member`] : []),
    ...(twice ? [`name each member of ${bond} once`] : []),
    ...(Number.isInteger(miimon) && miimon >= 0 && miimon <= 255
      ? []
      : [`look at the carriers of ${bond} every 1 to 255 ms, or 0 for never`]),
    ...(updelay !== null && (miimon === 0 || updelay % miimon !== 0) ? [`make the updelay of ${bond} a multiple of its miimon`] : []),
    ...(lacpRate !== null && mode !== '802.3ad' ? [`take the LACP rate from ${bond}: ${mode} speaks no LACP`] : []),
    ...(minLinks !== null && mode !== '802.3ad' ? [`take the minimum of links from ${bond}: only 802.3ad counts them`] : []),
    ...(hashPolicy !== null && !HASHING.includes(mode) ? [`take the hash policy from ${bond}: ${mode} does not hash`] : []),
    ...(primary !== null && !CHOOSING.includes(mode) ? [`take the primary member from ${bond}: ${mode} uses all alike`] : []),
    ...(primary !== null && !members.includes(primary) ? [`choose the primary of ${bond} among its members, not ${primary}`] : []),
    ...(minLinks !== null && minLinks > members.length ? [`ask for at most ${members.length} links of ${bond}, not ${minLinks}`] : []),
  ];
}

function bridgeProblems(slug: string, { name, ports, isVlanAware, vlans }: HostBridgeFacts): string[] {
  const bridge = `${name} of ${slug}`;
  const sorted = [...vlans].sort((a, b) => a.first - b.first);
  const isWrong = sorted.some(({ first, last }, i) => first > last || first <= (sorted[i - 1]?.last ?? 0));
  return [
    ...(ports.some((port, i) => ports.indexOf(port) !== i) ? [`name each port of ${bridge} once`] : []),
    ...(ports.includes(name) ? [`take ${name} from its own ports on ${slug}`] : []),
    ...(vlans.length > 0 && !isVlanAware
      ? [`make ${bridge} VLAN-aware, or take its VLANs: it hands frames on with whatever tag they have`]
      : []),
    ...(isWrong ? [`give ${bridge} VLANs as ranges that do not overlap`] : []),
  ];
}

function vlanProblems(slug: string, { vlans }: HostFacts, { name, parent, vlan, protocol }: HostVlanFacts): string[] {
  const twin = vlans.find((other) => other.name !== name && other.parent === parent && other.vlan === vlan && other.protocol === protocol);
  return [
    ...(parent === name ? [`put ${name} of ${slug} on another interface than itself`] : []),
    ...(twin && name < twin.name ? [`keep one of ${name} and ${twin.name} of ${slug}: both are VLAN ${vlan} of ${parent}`] : []),
  ];
}

function natProblems(slug: string, { bridges }: HostFacts, rule: HostNatFacts, present: ReadonlySet<string>): string[] {
  const bridge = bridges.find(({ name }) => name === rule.bridge);
  const other = rule.kind === 'DNAT' ? rule.in : rule.out;
  const isPort = (value: number): boolean => Number.isInteger(value) && value >= 1 && value <= 65_535;
  return [
    ...(bridge && bridge.addresses.length > 0 ? [] : [`give ${rule.bridge} of ${slug} an address: its guests reach NAT by it`]),
    ...(present.has(other) ? [] : [`add port ${other} to ${slug}, or let NAT of ${rule.bridge} go another way`]),
    ...(other === rule.bridge ? [`let NAT of ${rule.bridge} of ${slug} go out elsewhere than where it came from`] : []),
    ...(rule.kind === 'SNAT' && Ip.family(rule.to) !== Cidr.family(rule.source)
      ? [`hide ${rule.source} of ${slug} behind an address of its own family, not ${rule.to}`]
      : []),
    ...(rule.kind === 'DNAT' && !(isPort(rule.port) && isPort(rule.toPort)) ? [`pass on ports from 1 to 65535 on ${slug}`] : []),
  ];
}

/** In one table: the same subnet on two interfaces makes the way back a matter of luck. A host address (/32) is in nobody's subnet. */
function addressProblems(slug: string, host: HostFacts): (readonly [string, string])[] {
  const all = [...host.ports, ...host.bonds, ...host.bridges, ...host.vlans].flatMap(({ name, addresses }) =>
    addresses.map((address) => ({ name, ...address, subnet: subnetOf(address) })),
  );
  const badLength = all.filter(({ subnet }) => subnet === null);
  const shared = [...groupBy(all, ({ subnet }) => subnet)].flatMap(([subnet, uses]) => {
    const names = [...new Set(uses.map(({ name }) => String(name)))].sort(compareNatural);
    if (subnet === null || names.length < 2) return [];
    return [[names[0] ?? '', `put ${listed(names)} of ${slug} into subnets of their own: both are in ${subnet}`] as const];
  });
  return [
    ...badLength.map(
      ({ name, address, prefixLength }) =>
        [name, `give ${address} on ${name} of ${slug} a prefix length that it can have, not ${prefixLength}`] as const,
    ),
    ...shared,
  ];
}

export function subnetOf({ address, prefixLength }: { readonly address: Ip; readonly prefixLength: number }): Cidr | null {
  const family = Ip.family(address);
  const bits = family === 4 ? 32 : 128;
  if (!Number.isInteger(prefixLength) || prefixLength < 0 || prefixLength > bits) return null;
  const drop = BigInt(bits - prefixLength);
  return Cidr.parse(`${Ip.fromBigInt(family, (Ip.toBigInt(address) >> drop) << drop)}/${prefixLength}`);
}

function gatewayProblems(slug: string, host: HostFacts): (readonly [string, string])[] {
  const all = [...host.ports, ...host.bonds, ...host.bridges, ...host.vlans];
  const withGateway = all.flatMap(({ name, addresses, gateway }) => (gateway === null ? [] : [{ name, addresses, gateway }]));
  const outside = withGateway.filter(({ addresses, gateway }) => {
    const subnets = addresses.map(subnetOf);
    return !subnets.some((subnet) => subnet !== null && Cidr.contains(subnet, gateway)) && !gateway.startsWith('fe80:');
  });
  const several = [...groupBy(withGateway, ({ gateway }) => Ip.family(gateway))].flatMap(([family, uses]) =>
    uses.length < 2
      ? []
      : [
          [
            uses[0]?.name ?? '',
            `keep one IPv${family} gateway on ${slug}: ${listed(uses.map(({ name, gateway }) => `${gateway} on ${name}`))}`,
          ] as const,
        ],
  );
  return [
    ...outside.map(
      ({ name, gateway }) =>
        [name, `choose a gateway that ${name} of ${slug} can see, not ${gateway}: it is in none of its subnets`] as const,
    ),
    ...several,
  ];
}
