/** What must hold in every fabric of switches, read from the rendered texts alone. */
import fc from 'fast-check';
import { compileFabric, type DeviceIntent, type FabricSnapshot } from '#engines/intent';
import { SnapshotBuilder, switchScenarios } from '#engines/intent/testing';
import { type Label, Mac, PortName, RouteDistinguisher, RouteTarget, type Slug } from '#engines/kernel';
import { renderDevice } from '#engines/rendering';

interface Section {
  readonly head: string;
  readonly lines: string[];
  readonly below: Section[];
}

/** By indentation, three blanks a level. */
function sectionsOf(text: string): readonly Section[] {
  const root: Section = { head: '', lines: [], below: [] };
  const open = [root];
  for (const line of text.split('\n').filter((one) => one.trim() !== '' && one.trim() !== '!')) {
    const depth = (line.length - line.trimStart().length) / 3;
    open.length = depth + 1;
    const made: Section = { head: line.trim(), lines: [], below: [] };
    open[depth]?.lines.push(made.head);
    open[depth]?.below.push(made);
    open.push(made);
  }
  return root.below;
}

const section = (text: string, head: string): Section | undefined => sectionsOf(text).find((one) => one.head === head);
const matches = (lines: readonly string[], pattern: RegExp): RegExpExecArray[] =>
  lines.flatMap((line) => {
    const found = pattern.exec(line);
    return found ? [found] : [];
  });

const texts = (snapshot: FabricSnapshot): ReadonlyMap<string, string> =>
  new Map(
    compileFabric(snapshot)
      .devices.flatMap(renderDevice)
      .filter(({ format }) => format === 'eos')
      .map(({ device, content }) => [device, content]),
  );

interface Drawn {
  readonly vrf: 'red' | 'blue' | null;
  readonly replication: 'INGRESS_EVPN' | 'INGRESS_STATIC';
  readonly isBundled: boolean;
  readonly onSegment: boolean;
  readonly isNative: boolean;
  readonly leafs: readonly number[];
  readonly shift: number;
}

const drawn: fc.Arbitrary<Drawn> = fc.record({
  vrf: fc.constantFrom('red', 'blue', null),
  replication: fc.constantFrom('INGRESS_EVPN', 'INGRESS_EVPN', 'INGRESS_STATIC'),
  isBundled: fc.boolean(),
  onSegment: fc.boolean(),
  isNative: fc.boolean(),
  leafs: fc.subarray([1, 2, 3], { minLength: 1 }),
  shift: fc.nat({ max: 3 }),
});

const LEAFS = [1, 2, 3];

/** A spine that reflects, three leafs, two of them with a host on one segment; networks as drawn, the same number the same network. */
function fabric(networks: readonly Drawn[], omitted = -1): FabricSnapshot {
  const ports = ['Ethernet1', 'Ethernet2', 'Ethernet3', 'Port-Channel5'];
  const builder = new SnapshotBuilder()
    .device({ slug: 'spine', platform: 'ARISTA_EOS', vtep: '10.255.0.100', ports })
    .device({ slug: 'host', platform: 'EXTERNAL', vtep: null, ports: ['bond0', 'eno1', 'eno2'] });
  for (const at of LEAFS) {
    builder.device({ slug: `leaf${at}`, platform: 'ARISTA_EOS', vtep: `10.255.0.${at}`, ports: [...ports, 'Ethernet5'] }).peering(
      `10.0.${at}.0/31`,
      { device: 'spine', port: `Ethernet${at}`, address: `10.0.${at}.0`, role: 'ROUTE_REFLECTOR' },
      { device: `leaf${at}`, port: 'Ethernet1', address: `10.0.${at}.1`, role: 'ROUTE_REFLECTOR_CLIENT' },
      {
        ...(networks.length % 2 === 0 && { passwordSecret: 'overlay' }),
        ...(networks.length % 3 === 0 && { bfd: { transmitMs: 300, receiveMs: 300, multiplier: 3 } }),
        keepalive: 20 + networks.length,
        hold: 100,
      },
    );
  }
  builder.vrf({ name: 'red', l3vni: 15_000, eviId: 15_000 }).vrf({ name: 'blue', l3vni: 15_001, eviId: 15_001 });
  let hasNative = false;
  const extra = new Map<string, { replication: Drawn['replication']; bundle?: string }>();
  networks.forEach((network, n) => {
    if (n === omitted) return;
    const places = network.leafs.map((at) => ({
      device: `leaf${at}`,
      port: 'Ethernet2',
      vlan: vlanOf(n, at, network),
      tagging: 'TAGGED' as const,
    }));
    const isNative = network.isNative && !hasNative;
    if (network.onSegment && isNative) hasNative = true;
    const legs = [1, 2].map((at) => ({
      device: `leaf${at}`,
      port: 'Port-Channel5',
      vlan: vlanOf(n, at, network),
      tagging: isNative ? ('UNTAGGED' as const) : ('TAGGED' as const),
    }));
    const isRouted = network.vrf !== null && network.replication === 'INGRESS_EVPN' && !network.isBundled;
    builder.network({
      slug: `n${n}`,
      vni: 10_000 + n,
      eviId: 20_000 + n,
      on: network.onSegment ? [...places, ...legs] : places,
      ...(isRouted && {
        vrf: network.vrf as string,
        subnets: [
          { cidr: `10.20.${n}.0/24`, gateway: `10.20.${n}.1`, mode: 'ANYCAST_VTEP' },
          { cidr: `2001:db8:${n}::/64`, gateway: `2001:db8:${n}::1`, mode: 'ANYCAST_VTEP' },
        ],
      }),
    });
    extra.set(`n${n}`, {
      replication: network.replication,
      ...(network.isBundled && network.replication === 'INGRESS_EVPN' && { bundle: 'ALL' }),
    });
  });
  const snapshot = builder.build();
  const leg = (at: number) => ({
    deviceId: deviceIdOf(snapshot, `leaf${at}`),
    name: PortName.parse('Port-Channel5'),
    members: [PortName.parse('Ethernet5')],
  });
  const host = {
    deviceId: deviceIdOf(snapshot, 'host'),
    name: PortName.parse('bond0'),
    members: [PortName.parse('eno1'), PortName.parse('eno2')],
  };
  return {
    ...snapshot,
    lags: [{ mode: 'LACP', segment: Mac.parse('00:01:10:10:10:10'), ends: [leg(1), leg(2), host] }],
    networks: snapshot.networks.map((network) => ({ ...network, ...extra.get(network.slug) })),
  };
}

/** Of the switches of a segment alike; else as each pleases. */
const vlanOf = (n: number, at: number, { onSegment, shift }: Drawn): number => 100 + 10 * n + (onSegment && at < 3 ? 0 : (at + shift) % 7);

const deviceIdOf = ({ devices }: FabricSnapshot, slug: string) => {
  const found = devices.find((device) => device.slug === slug);
  if (!found) throw new Error(`no ${slug}`);
  return found.id;
};

/** Lines that hold a list to which a network adds itself, and what a bundle has of its first member. */
const LISTS = /^ +(?:switchport |vlan [\d,-]+$|rd )/;

const fabrics = fc.array(drawn, { minLength: 1, maxLength: 7 });
const RUNS = { numRuns: 60 };
/** The same check on drawn fabrics and on every scenario. */
function holds(check: (snapshot: FabricSnapshot) => void): void {
  for (const snapshot of Object.values(switchScenarios)) check(snapshot());
  fc.assert(
    fc.property(fabrics, (networks) => check(fabric(networks))),
    RUNS,
  );
}

/** From the 8 octets alone (RFC 4364 §4.2; RFC 4360 §3: the second octet of a target says what the community is for). */
function decoded(hex: string, what: 'rd' | 'target'): string {
  expect(hex).toMatch(what === 'rd' ? /^000[012][0-9a-f]{12}$/ : /^0[012]02[0-9a-f]{12}$/);
  const number = (from: number, to: number): number => Number.parseInt(hex.slice(from, to), 16);
  const type = what === 'rd' ? number(0, 4) : number(0, 2);
  if (type === 0) return `${number(4, 8)}:${number(8, 16)}`;
  const admin = type === 1 ? [4, 6, 8, 10].map((at) => number(at, at + 2)).join('.') : String(number(4, 12));
  return `${admin}:${number(12, 16)}`;
}

describe('in every fabric of switches', () => {
  it('an RD and a route target are 8 octets and come back from them', () => {
    holds((snapshot) => {
      for (const text of texts(snapshot).values()) {
        for (const [, rd] of text.matchAll(/^ *rd (?:evpn domain \S+ )?(\S+)$/gm)) {
          expect(decoded(RouteDistinguisher.toHex(RouteDistinguisher.parse(rd)), 'rd')).toBe(rd);
        }
        for (const [, target] of text.matchAll(/^ *route-target (?:import export|import|export|both)(?: evpn)?(?: domain \S+)? (\S+)$/gm)) {
          if (/^(?:[0-9a-f]{2}:){5}/.test(target as string)) continue; // of an Ethernet segment
          expect(decoded(RouteTarget.toHex(RouteTarget.parse(target)), 'target')).toBe(target);
        }
      }
    });
  });

  it('VLANs and VNIs of a switch are in pairs, and no VNI is a VRF and a network', () => {
    holds((snapshot) => {
      for (const text of texts(snapshot).values()) {
        const { lines = [] } = section(text, 'interface Vxlan1') ?? {};
        const pairs = matches(lines, /^vxlan vlan (\d+) vni (\d+)$/);
        const vrfs = matches(lines, /^vxlan vrf (\S+) vni (\d+)$/);
        expect(new Set(pairs.map(([, vlan]) => vlan)).size).toBe(pairs.length);
        expect(new Set([...pairs, ...vrfs].map(([, , vni]) => vni)).size).toBe(pairs.length + vrfs.length);
        const mapped = pairs.map(([, vlan]) => `vlan ${vlan}`);
        expect(sectionsOf(text).map(({ head }) => head)).toEqual(expect.arrayContaining(mapped));
      }
    });
  });

  it('a network has one RD, one set of targets on each switch, and instances of different networks never share an RD', () => {
    holds((snapshot) => {
      const seen = new Set<string>();
      for (const text of texts(snapshot).values()) {
        for (const [, rd] of text.matchAll(/^ *rd (?:evpn domain \S+ )?(\S+)$/gm)) {
          expect(seen).not.toContain(rd);
          seen.add(rd as string);
        }
      }
    });
  });

  it('guests of a network have one gateway with one MAC, wherever they are', () => {
    holds((snapshot) => {
      const gateways = new Map<string, string>();
      for (const text of texts(snapshot).values()) {
        const vlans = matches(section(text, 'interface Vxlan1')?.lines ?? [], /^vxlan vlan (\d+) vni (\d+)$/);
        for (const [, vlan, vni] of vlans) {
          const svi = section(text, `interface Vlan${vlan}`);
          if (!svi) continue;
          const shared = matches(svi.lines, /^(?:ipv?6? address virtual (\S+?)(?:\/.*)?|ipv?6? virtual-router address (\S+))$/);
          const mac = /^ip virtual-router mac-address (\S+)$/m.exec(text)?.[1];
          const gateway = [...shared.map(([, virtual, varp]) => virtual ?? varp).sort(), mac].join(' ');
          expect(gateways.get(vni as string) ?? gateway).toBe(gateway);
          gateways.set(vni as string, gateway);
        }
      }
    });
  });

  it('both legs of a segment say the same of it, and carry the same', () => {
    holds((snapshot) => {
      const segments = new Map<string, string>();
      for (const text of texts(snapshot).values()) {
        const vnis = new Map(
          matches(section(text, 'interface Vxlan1')?.lines ?? [], /^vxlan vlan (\d+) vni (\d+)$/).map(([, vlan, vni]) => [vlan, vni]),
        );
        for (const port of sectionsOf(text).filter(({ below }) => below.some(({ head }) => head === 'evpn ethernet-segment'))) {
          const [segment] = port.below.filter(({ head }) => head === 'evpn ethernet-segment');
          const own = port.lines
            .filter((line) => /^(?:lacp|switchport)/.test(line))
            .map((line) => line.replace(/native vlan (\d+)/, (_, vlan) => `native vni ${vnis.get(vlan)}`));
          const said = [...own, ...(segment?.lines ?? [])].join('\n');
          const id = segment?.lines.find((line) => line.startsWith('identifier ')) ?? '';
          expect(segments.get(id) ?? said).toBe(said);
          segments.set(id, said);
        }
      }
    });
  });

  it('both ends of a session agree: AS, families, timers, BFD, password, hops', () => {
    holds((snapshot) => {
      const speakers = texts(snapshot);
      const owner = new Map<string, string>();
      for (const [slug, text] of speakers)
        for (const [, address] of text.matchAll(/^ +ipv?6? address (\S+?)\/\d+$/gm)) owner.set(address as string, slug);
      for (const [slug, text] of speakers) {
        for (const session of sessionsIn(text)) {
          const peer = speakers.get(owner.get(session.address) ?? '');
          if (peer === undefined) continue; // a host, or unnumbered
          expect(session.remoteAs).toBe(/^router bgp (\d+)$/m.exec(peer)?.[1]);
          const back = sessionsIn(peer).find(({ address, said }) => owner.get(address) === slug && said === session.said);
          expect(back?.said).toBe(session.said);
        }
      }
    });
  });

  it('equal facts in any order are equal bytes', () => {
    fc.assert(
      fc.property(fabrics, fc.infiniteStream(fc.nat({ max: 1000 })), (networks, keys) => {
        const snapshot = fabric(networks);
        const mixed = <T>(list: readonly T[]): T[] =>
          list
            .map((value) => ({ value, key: keys.next().value as number }))
            .sort((a, b) => a.key - b.key)
            .map(({ value }) => value);
        const other: FabricSnapshot = {
          ...snapshot,
          devices: mixed(snapshot.devices),
          links: mixed(snapshot.links),
          sessions: mixed(snapshot.sessions),
          vrfs: mixed(snapshot.vrfs),
          networks: mixed(snapshot.networks),
          attachments: mixed(snapshot.attachments),
          vlanMappings: mixed(snapshot.vlanMappings),
          routeDistinguishers: mixed(snapshot.routeDistinguishers),
        };
        expect(texts(other)).toEqual(texts(snapshot));
      }),
      RUNS,
    );
  });

  it('a network is lines more on the switches that have it, and not a byte elsewhere', () => {
    fc.assert(
      fc.property(fabrics, (networks) => {
        const last = networks.length - 1;
        const [before, during] = [texts(fabric(networks, last)), texts(fabric(networks))];
        const own = networks[last] as Drawn;
        const where = new Set([...own.leafs, ...(own.onSegment ? [1, 2] : [])].map((at) => `leaf${at}`));
        for (const [slug, text] of before) {
          if (where.has(slug))
            expect(during.get(slug)?.split('\n')).toEqual(expect.arrayContaining(text.split('\n').filter((line) => !LISTS.test(line))));
          else expect(during.get(slug)).toBe(text);
        }
      }),
      RUNS,
    );
  });

  it('nothing is said of management, people, time, logging or the name of a switch', () => {
    const OURS =
      /^(?:ip dhcp relay information option|vlan internal order .*|no spanning-tree vlan-id \d+|vlan \d+|vrf instance \S+|interface (?:Ethernet|Port-Channel|Loopback|Vlan)[\d/]+|interface Vxlan1|ip virtual-router mac-address \S+|ip address virtual source-nat .*|ip routing.*|ipv6 unicast-routing.*|mlag configuration|ipv?6? route vrf .*|ipv?6? prefix-list TRAME-\S+|route-map TRAME-\S+ permit 10|router (?:bgp \d+|ospf 1|isis TRAME))$/;
    holds((snapshot) => {
      for (const text of texts(snapshot).values()) for (const { head } of sectionsOf(text)) expect(head).toMatch(OURS);
    });
  });
});

interface Session {
  readonly address: string;
  readonly remoteAs: string | undefined;
  /** All that both ends must have alike. */
  readonly said: string;
}

/** Sessions between addresses, with what their groups say for them. */
function sessionsIn(text: string): readonly Session[] {
  const bgp = sectionsOf(text).find(({ head }) => head.startsWith('router bgp '));
  if (!bgp) return [];
  const families = bgp.below.filter(({ head }) => head.startsWith('address-family '));
  const of = (name: string, lines: readonly string[]) =>
    matches(lines, new RegExp(`^neighbor ${name.replaceAll('.', '\\.')} (.*)$`)).map(([, rest]) => rest as string);
  return matches(bgp.lines, /^neighbor ([\d.]+|\S*:\S*) remote-as (\d+)$/).map(([, address = '', remoteAs]) => {
    const group = of(address, bgp.lines)
      .find((rest) => rest.startsWith('peer group '))
      ?.slice('peer group '.length);
    const names = group === undefined ? [address] : [address, group];
    const own = names.flatMap((name) => of(name, bgp.lines));
    const active = families
      .filter(({ lines }) => names.some((name) => lines.includes(`neighbor ${name} activate`)))
      .map(({ head }) => head);
    const alike = own.filter((rest) => /^(?:timers|bfd|password|ebgp-multihop|send-community|maximum-routes)/.test(rest));
    return { address, remoteAs, said: [...alike, ...active].sort().join(', ') };
  });
}

describe('hostile text', () => {
  const hostile = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 120 }),
    fc.constantFrom(
      'x\nno router bgp 65051',
      'x\r\n!\nreload now',
      '!',
      '',
      ' ',
      'x\n   shutdown',
      '${`reboot`}',
      '@gap@',
      '@secret:root@',
      'end',
    ),
  );
  const devices = Object.values(switchScenarios).flatMap((snapshot) =>
    compileFabric(snapshot()).devices.filter(({ platform }) => platform === 'ARISTA_EOS'),
  );
  const renamed = (device: DeviceIntent, text: string): DeviceIntent => ({
    ...device,
    l2vnis: device.l2vnis.map((network) => ({ ...network, networkName: text as Label })),
    underlayPorts: device.underlayPorts.map((port) => ({ ...port, description: text as Label })),
    lags: device.lags.map((lag) => ({ ...lag, peers: [text as Slug] })),
    mlag: device.mlag && { ...device.mlag, domain: text },
  });
  const structure = (device: DeviceIntent): string => {
    const [artefact] = renderDevice(device);
    return (artefact?.content ?? '').replace(/^ *description .*\n/gm, '').replace(/^( +domain-id) \S+$/gm, '$1');
  };

  it('in names, descriptions and domains of switches changes those and nothing else', () => {
    const plain = new Map(devices.map((device) => [device, structure(renamed(device, 'label'))]));
    fc.assert(
      fc.property(fc.constantFrom(...devices), hostile, (device, text) => {
        expect(structure(renamed(device, text))).toBe(plain.get(device));
      }),
      { numRuns: 1000 },
    );
  });

  it('never names a port of management', () => {
    const [device] = devices;
    const edgePorts = [{ port: PortName.parse('Management1'), members: [] }];
    expect(() => renderDevice({ ...(device as DeviceIntent), edgePorts })).toThrow(expect.objectContaining({ code: 'RENDER_UNSUPPORTED' }));
  });
});
