/** What frr.conf says of underlays, sessions and VRFs; that FRR takes it and does it is shown by its daemons. */
import fc from 'fast-check';
import { compileFabric, type BgpNeighborIntent, type DeviceIntent, deviceIntent, type FabricSnapshot } from '#engines/intent';
import { demoFabric, exitNodes, leakingVrfs, routingScenarios } from '#engines/intent/testing';
import { Cidr, type DeviceName, type PortName, type Slug } from '#engines/kernel';
import { withoutPieces } from '../text.js';
import { FRR_DAEMONS_PATH, FRR_PATH, frrArtefacts } from './index.js';

const scenario = (name: string): FabricSnapshot => {
  const found = routingScenarios[name];
  if (!found) throw new Error(`no scenario ${name}`);
  return found();
};
const file = (intent: DeviceIntent, path: string): string | undefined => {
  const draft = frrArtefacts(intent).find((one) => one.path === path);
  return draft && withoutPieces(draft.text).join('\n');
};
const linesOf = (intent: DeviceIntent): string[] => (file(intent, FRR_PATH) ?? '').split('\n').map((line) => line.trim());
const rendered = (snapshot: FabricSnapshot, slug: string): string[] => linesOf(deviceIntent(compileFabric(snapshot), slug));
const matching = (lines: readonly string[], pattern: RegExp): string[] => lines.filter((line) => pattern.test(line));

const changed = (device: DeviceIntent, change: (neighbor: BgpNeighborIntent) => BgpNeighborIntent): DeviceIntent => ({
  ...device,
  bgp: device.bgp && { ...device.bgp, neighbors: device.bgp.neighbors.map(change) },
});

describe('what runs on a host', () => {
  it('is said in its own file where BGP is not all of it', () => {
    const daemons = (name: string) => file(deviceIntent(compileFabric(scenario(name)), 'pve1'), FRR_DAEMONS_PATH)?.match(/^\w+d=yes$/gm);
    expect(daemons('frr-ospf')).toEqual(['bgpd=yes', 'ospfd=yes', 'bfdd=yes']);
    expect(daemons('frr-isis')).toEqual(['bgpd=yes', 'isisd=yes', 'bfdd=yes']);
    expect(daemons('frr-openfabric')).toEqual(['bgpd=yes', 'fabricd=yes']);
    expect(daemons('frr-bfd')).toEqual(['bgpd=yes', 'bfdd=yes']);
    expect(daemons('frr-session-pair')).toBeUndefined();
  });

  it('has no FRR at all without a VTEP', () => {
    const plain = demoFabric()
      .device({ slug: 'plain', platform: 'DEBIAN_FRR', vtep: null, ports: ['ens19'] })
      .build();
    expect(file(deviceIntent(compileFabric(plain), 'plain'), FRR_PATH)).toBeUndefined();
  });
});

describe('a session in frr.conf', () => {
  it('over a port has the port for a name in every line, and no source', () => {
    const lines = matching(rendered(scenario('frr-unnumbered-ebgp'), 'pve1'), /neighbor/);
    expect(lines).toContain('neighbor ens19 interface remote-as 65000');
    expect(lines.every((line) => line.startsWith('neighbor ens19 '))).toBe(true);
    expect(matching(lines, /update-source/)).toEqual([]);
  });

  it('has BFD by the timers of its record, in a profile that says what is not FRR’s default', () => {
    const text = rendered(scenario('frr-bfd'), 'pve1');
    expect(matching(text, /bfd profile|^profile|interval|multiplier/)).toEqual([
      'neighbor 10.1.0.1 bfd profile trame-300-300-3',
      'neighbor 172.16.1.52 bfd profile trame-400-500-5',
      'profile trame-300-300-3',
      'profile trame-400-500-5',
      'detect-multiplier 5',
      'transmit-interval 400',
      'receive-interval 500',
    ]);
  });

  it('names its password and does not know it, and says over how many hops it goes only towards another AS', () => {
    expect(matching(rendered(scenario('frr-bfd'), 'pve1'), /password|multihop/)).toEqual([
      'neighbor 172.16.1.52 password @secret:overlay@',
      'neighbor 172.16.1.52 ebgp-multihop 2',
    ]);
    const device = deviceIntent(compileFabric(scenario('frr-ospf')), 'pve1');
    const inside = changed(device, (neighbor) => ({ ...neighbor, multihop: 4 }));
    expect(matching(linesOf(inside), /multihop/)).toEqual([]);
  });

  it('with a route server takes paths that begin with another AS, where the release would not', () => {
    const at = (frr: string | undefined) => {
      const snapshot = scenario('frr-route-server');
      const devices = snapshot.devices.map((device) => ({ ...device, software: frr === undefined ? {} : { frr } }));
      return matching(rendered({ ...snapshot, devices }, 'pve1'), /enforce-first-as/);
    };
    expect(at('8.4.4')).toEqual([]);
    expect(at('10.3.1')).toEqual(['no neighbor 10.1.0.0 enforce-first-as']);
    expect(matching(rendered(scenario('frr-route-server'), 'rs'), /10.1.0.1 (?:route-server|attribute)/)).toEqual([
      'neighbor 10.1.0.1 route-server-client',
      'neighbor 10.1.0.1 attribute-unchanged next-hop',
      'neighbor 10.1.0.1 route-server-client',
    ]);
  });

  it('beside one of another AS uses the paths of both, where they are of one length', () => {
    const relaxed = (slug: string) => matching(rendered(scenario('frr-route-server'), slug), /multipath-relax/).length;
    expect([relaxed('pve1'), relaxed('rs')]).toEqual([1, 1]);
    expect(matching(rendered(scenario('frr-bfd'), 'pve1'), /multipath-relax/)).toEqual([]);
  });

  it('takes and gives loopbacks of the fabric only, where it is said where they lie', () => {
    const text = rendered(scenario('frr-unnumbered-ebgp'), 'pve1');
    expect(matching(text, /route-map|prefix-list/)).toEqual([
      'neighbor ens19 route-map TRAME-UNDERLAY in',
      'neighbor ens19 route-map TRAME-UNDERLAY out',
      'ip prefix-list TRAME-LOOPBACKS seq 10 permit 172.16.1.0/24 ge 32',
      'route-map TRAME-UNDERLAY permit 10',
      'match ip address prefix-list TRAME-LOOPBACKS',
    ]);
    const device = deviceIntent(compileFabric(scenario('frr-unnumbered-ebgp')), 'pve1');
    const single = { ...device, bgp: device.bgp && { ...device.bgp, loopbacks: [Cidr.parse('172.16.1.51/32')] } };
    expect(matching(linesOf(single), /^ip prefix-list/)).toEqual(['ip prefix-list TRAME-LOOPBACKS seq 10 permit 172.16.1.51/32']);
  });
});

describe('EVPN in frr.conf', () => {
  it('has no block for a network that EVPN does not carry', () => {
    const fabric = demoFabric()
      .network({ slug: 'blue', vni: 10_001, eviId: 1, on: ['pve1'] })
      .build();
    const intent = deviceIntent(compileFabric(fabric), 'pve1');
    expect(matching(linesOf(intent), /^vni/)).toEqual(['vni 10001']);
    for (const replication of ['INGRESS_STATIC', 'MULTICAST'] as const) {
      expect(matching(linesOf({ ...intent, l2vnis: intent.l2vnis.map((network) => ({ ...network, replication })) }), /^vni/)).toEqual([]);
    }
  });

  it('moves automatic targets away in the words of the release', () => {
    const intent = deviceIntent(compileFabric(demoFabric().build()), 'pve1');
    const words = (frr: string) => matching(linesOf({ ...intent, software: { frr } }), /rfc8365/);
    expect(words('10.7.2')).toEqual(['autort rfc8365-compatible']);
    expect(words('10.8.0')).toEqual(['auto-route-target both rfc8365-compatible']);
  });
});

describe('the way out of a VRF in frr.conf', () => {
  it('is a route to the gateway itself, announced while it is there, and worse where another node is primary', () => {
    const [first, second, third] = ['node1', 'node2', 'node3'].map((slug) => rendered(exitNodes(), slug)) as [string[], string[], string[]];
    const routes = /^ip route|^redistribute|^advertise ipv|^set metric/;
    expect(matching(first, routes)).toEqual([
      'ip route 0.0.0.0/0 192.0.2.1 vmbr0 nexthop-vrf default',
      'redistribute static',
      'advertise ipv4 unicast',
    ]);
    expect(matching(second, routes)).toEqual([
      'ip route 0.0.0.0/0 192.0.2.1 vmbr0 nexthop-vrf default',
      'redistribute static',
      'advertise ipv4 unicast route-map TRAME-ANNOUNCE-vrf_myzone',
      'set metric 200',
    ]);
    expect(matching(third, routes)).toEqual(['advertise ipv4 unicast']);
  });

  it('between several AS is made worse by a longer path, because a metric does not get that far', () => {
    const snapshot = exitNodes();
    const devices = snapshot.devices.map((device) => ({
      ...device,
      vtep: device.vtep && { ...device.vtep, asn: (65_000 + Number(device.slug.at(-1))) as never },
    }));
    const sessions = snapshot.sessions.map((session) => ({
      ...session,
      ends: [
        { ...session.ends[0], role: 'PEER' as const },
        { ...session.ends[1], role: 'PEER' as const },
      ] as const,
    }));
    expect(matching(rendered({ ...snapshot, devices, sessions }, 'node2'), /^set /)).toEqual([
      'set community no-advertise',
      'set as-path prepend 65002',
      'set metric 200',
    ]);
  });

  it('keeps the way back to itself, and never takes the default route of a VRF into the main table', () => {
    const text = rendered(exitNodes(), 'node1');
    expect(matching(text, /WAY-BACK|^set community|^import/)).toEqual([
      'import vrf route-map TRAME-WAY-BACK',
      'import vrf vrf_myzone',
      'ip prefix-list TRAME-WAY-BACK seq 10 permit 10.0.1.0/24 le 32',
      'ip prefix-list TRAME-WAY-BACK seq 20 permit 10.0.2.0/24 le 32',
      'route-map TRAME-WAY-BACK permit 10',
      'match ip address prefix-list TRAME-WAY-BACK',
      'set community no-advertise',
    ]);
  });

  it('goes over a cable inside the host where the host itself may reach the VRF', () => {
    const text = rendered(exitNodes(true), 'node1');
    expect(matching(text, /xvrf/)).toEqual([
      'ip route 10.0.1.0/24 100.64.0.201 xvrf10000',
      'ip route 10.0.2.0/24 100.64.0.201 xvrf10000',
      'ipv6 route 2001:db8:2::/64 fe80::2 xvrf10000',
    ]);
    expect(matching(text, /import vrf|WAY-BACK/)).toEqual([]);
    expect(matching(rendered(exitNodes(true), 'node2'), /^ipv6|V6|^advertise ipv6|^match ipv6/)).toEqual([
      'ipv6 route 2001:db8:2::/64 fe80::2 xvrf10000',
      'ipv6 route ::/0 2001:db8:f::1 vmbr0 nexthop-vrf default',
      'advertise ipv6 unicast route-map TRAME-ANNOUNCE-vrf_myzone-V6',
      'ipv6 prefix-list TRAME-DEFAULT-V6 seq 10 permit ::/0',
      'route-map TRAME-ANNOUNCE-vrf_myzone-V6 permit 10',
      'match ipv6 address prefix-list TRAME-DEFAULT-V6',
      'route-map TRAME-ANNOUNCE-vrf_myzone-V6 permit 20',
    ]);
  });
});

describe('routes from one VRF to another in frr.conf', () => {
  it('are taken over on the host, and announced by none but their owner', () => {
    const text = rendered(leakingVrfs(), 'node2');
    const services = text.slice(text.indexOf('router bgp 65051 vrf services'));
    expect(matching(services.slice(0, services.indexOf('exit')), /^network|^import|^redistribute|^advertise/)).toEqual([
      'network 10.69.0.0/24',
      'network 10.99.0.2/32',
      'redistribute static',
      'import vrf green',
      'import vrf red',
      'advertise ipv4 unicast route-map TRAME-ANNOUNCE-services',
    ]);
    expect(matching(text, /TRAME-OWN-services/)).toEqual([
      'ip prefix-list TRAME-OWN-services seq 10 permit 10.69.0.0/24',
      'ip prefix-list TRAME-OWN-services seq 20 permit 10.70.0.0/24',
      'ip prefix-list TRAME-OWN-services seq 30 permit 10.99.0.2/32',
      'match ip address prefix-list TRAME-OWN-services',
    ]);
  });
});

describe('hostile text in routing', () => {
  const hostile = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.constantFrom('x\nrouter bgp 1', 'x\r\n!\nexit', '@\n no router bgp', 'a b', '', ' ', '!', 'ens19\n exit\nrouter ospf'),
  );
  /** How deep each line is: what makes the blocks of the file. */
  const structure = (text: string): number[] => text.split('\n').map((line) => line.length - line.trimStart().length);
  /** Null where nothing is handed out. */
  function handedOut(intent: DeviceIntent): string | null {
    try {
      return file(intent, FRR_PATH) ?? '';
    } catch (error) {
      expect(error).toMatchObject({ code: 'RENDER_ESCAPE' });
      return null;
    }
  }
  const PLACES: readonly [string, string, string, (device: DeviceIntent, text: string) => DeviceIntent][] = [
    [
      'the name of a secret',
      'frr-bfd',
      'pve1',
      (device, text) => changed(device, (neighbor) => ({ ...neighbor, passwordSecret: neighbor.passwordSecret === null ? null : text })),
    ],
    [
      'the port of a session',
      'frr-unnumbered-ebgp',
      'pve1',
      (device, text) => changed(device, (neighbor) => ({ ...neighbor, port: text as PortName })),
    ],
    [
      'the description of a session',
      'frr-ospf',
      'pve1',
      (device, text) => changed(device, (neighbor) => ({ ...neighbor, description: text as Slug })),
    ],
    [
      'a port of the underlay',
      'frr-isis',
      'pve2',
      (device, text) => ({ ...device, igp: device.igp && { ...device.igp, ports: [text as PortName] } }),
    ],
    ['an area', 'frr-ospf', 'pve2', (device, text) => ({ ...device, igp: device.igp && { ...device.igp, area: text } })],
    [
      'the port of a way out',
      'frr-exit-nodes',
      'node1',
      (device, text) => ({
        ...device,
        vrfs: device.vrfs.map((vrf) => ({
          ...vrf,
          exit: vrf.exit && { ...vrf.exit, gateways: vrf.exit.gateways.map((way) => ({ ...way, port: text as PortName })) },
        })),
      }),
    ],
    [
      'the name of a VRF that is taken over',
      'frr-leaking-vrfs',
      'node1',
      (device, text) => ({
        ...device,
        vrfs: device.vrfs.map((vrf) => ({ ...vrf, leaksFrom: vrf.leaksFrom.map((leak) => ({ ...leak, name: text as DeviceName })) })),
      }),
    ],
  ];

  it.each(PLACES)('that reached %s past every check changes one word, or nothing is handed out', (_where, name, slug, put) => {
    const device = deviceIntent(compileFabric(scenario(name)), slug);
    const before = structure(handedOut(device) ?? '');
    expect(before.length).toBeGreaterThan(1);
    fc.assert(
      fc.property(hostile, (word) => {
        const text = handedOut(put(device, word));
        if (text !== null) expect(structure(text)).toEqual(before);
        if (/[\r\n]/.test(word)) expect(text).toBeNull();
      }),
      { numRuns: 300 },
    );
  });
});
