import { compileFabric, type FabricSnapshot } from '#engines/intent';
import { renderDevice } from '#engines/rendering';
import type { ImportedFile } from './documents/imported-file.js';
import { onboard } from './onboard.js';
import { switchFabric as fabric } from './testing/index.js';

describe('a fabric of switches', () => {
  const { snapshot, report, lint } = onboard(fabric());

  it('becomes networks in VRFs with gateways, links, and sessions over a spine without tunnels', () => {
    expect(snapshot.vrfs).toMatchObject([{ deviceName: 'BLUE', l3vni: 50_030, eviId: 50, importTargets: ['65000:50030'] }]);
    expect(snapshot.networks).toMatchObject([
      {
        vni: 10_030,
        eviId: 30,
        name: 'web',
        vrfId: 'vrf-BLUE',
        subnets: [{ cidr: '10.30.0.0/24', gatewayMode: 'ANYCAST_VTEP', gatewayAddress: '10.30.0.1' }],
      },
    ]);
    expect(snapshot.fabric).toMatchObject({ rtAdministrator: 65_000, underlayMtu: 9214, anycastGatewayMac: '00:1c:73:00:07:07' });
    expect(snapshot.links.map(({ prefix }) => prefix)).toEqual(['10.7.9.2/31', '10.7.9.4/31']);
    expect(snapshot.sessions.map(({ families }) => families)).toEqual([
      ['IPV4_UNICAST', 'L2VPN_EVPN'],
      ['IPV4_UNICAST', 'L2VPN_EVPN'],
    ]);
    expect(snapshot.attachments.map(({ port, tagging }) => [port, tagging])).toEqual([
      ['Ethernet9', 'UNTAGGED'],
      ['Ethernet9', 'UNTAGGED'],
    ]);
  });

  it('comes back as it is, most of it from the model', () => {
    expect(report.differences).toBe(0);
    const [first] = report.devices[0]?.files ?? [];
    expect(first?.model).toBeGreaterThan((first?.facts ?? 0) * 0.85);
    expect(lint.filter(({ severity }) => severity === 'ERROR')).toEqual([]);
  });

  it('is known by the names that the caller gave when two devices say the same', () => {
    const [one, two, spine] = fabric() as [ImportedFile, ImportedFile, ImportedFile];
    const same = onboard([one, { ...two, text: two.text.replace('hostname LEAF-2', 'hostname LEAF-1') }, spine]);
    expect(same.snapshot.devices.map(({ hostname }) => hostname)).toEqual(['leaf1', 'leaf2', 'spine']);
    expect(same.report.differences).toBe(0);
  });

  it('leaves a gateway to its switches when they do not agree on it', () => {
    const other = onboard(fabric({}, { gateway: '10.30.0.254/24' }));
    expect(other.snapshot.networks).toMatchObject([{ vni: 10_030, vrfId: null, subnets: [] }]);
    expect(other.snapshot.vrfs).toEqual([]);
    expect(other.report.differences).toBe(0);
  });

  it('lets nobody have the RD of another, and says so', () => {
    const shared = onboard(fabric({ rd: '65000:10030' }, { rd: '65000:10030' }));
    expect(shared.snapshot.routeDistinguishers.filter(({ eviId }) => eviId !== 50).map(({ rd }) => rd)).toEqual([
      '10.7.1.1:10030',
      '10.7.1.2:10030',
    ]);
    expect(shared.lint.filter(({ code }) => code === 'OTHER_DISTINGUISHER').map(({ devices }) => devices.join())).toEqual([
      'leaf1',
      'leaf2',
    ]);
    expect(shared.report.differences).toBe(0);
  });

  it('gives up what breaks a rule of the fabric, with the reason, and nothing else', () => {
    const [one, two, spine] = fabric() as [ImportedFile, ImportedFile, ImportedFile];
    const clash = onboard([one, { ...two, text: two.text.replace('mtu 9214', 'mtu 9000') }, spine]);
    expect(clash.snapshot.links.map(({ prefix }) => prefix)).toEqual(['10.7.9.2/31']);
    expect(clash.lint.filter(({ code }) => code.startsWith('NOT_TAKEN_OVER')).map(({ sentence }) => sentence)).toEqual(
      expect.arrayContaining([expect.stringContaining('Ethernet2')]),
    );
    expect(clash.report.differences).toBe(0);
  });
});

describe('what of a fabric of switches is given up later', () => {
  const HABITS = [
    ['   neighbor 10.7.9.2 send-community extended\n', '   neighbor 10.7.9.2 ebgp-multihop 2\n   neighbor 10.7.9.2 timers 7 21\n'],
    ['      neighbor 10.7.9.2 activate\n', '      neighbor 10.7.9.2 route-reflector-client\n'],
    ['      redistribute learned\n', '      redistribute host-route\n      route-target import 7:7\n'],
    ['      rd 10.7.1.1:50\n', '      router-id 10.7.1.1\n      route-target import evpn 7:8\n'],
  ] as const;
  const files = fabric().map((file) => ({
    ...file,
    text: HABITS.reduce((text, [line, more]) => text.replaceAll(line, `${line}${more}`), file.text),
  }));
  const { snapshot, report } = onboard(files);
  const textsOf = (of: FabricSnapshot): readonly string[] => compileFabric(of).devices.map((one) => renderDevice(one)[0]?.content ?? '');
  const networks: Partial<FabricSnapshot> = { networks: [], attachments: [], vlanMappings: [] };

  it('was taken over with habits', () => {
    expect(report.differences).toBe(0);
    expect(textsOf(snapshot)[0]).toMatch(/10\.7\.9\.2 timers 7 21[^]*route-target import 7:7[^]*redistribute host-route/);
  });

  it.each([
    ['the sessions', { sessions: [] }, /neighbor|address-family/],
    [
      'the networks',
      { ...networks, routeDistinguishers: snapshot.routeDistinguishers.filter(({ eviId }) => eviId === 50) },
      /vlan 30|7:7|host-route/i,
    ],
    ['networks and VRFs', { ...networks, vrfs: [], routeDistinguishers: [] }, /vlan 30|BLUE|7:[78]/i],
    [
      'everything',
      { ...networks, vrfs: [], routeDistinguishers: [], sessions: [], links: [] },
      /neighbor|address-family|vlan 30|BLUE|route-target/i,
    ],
  ])('leaves nothing behind that was about it: %s', (_, gone, about) => {
    for (const text of textsOf({ ...snapshot, ...gone })) expect(text.split('\n').filter((line) => about.test(line))).toEqual([]);
    expect(textsOf(snapshot).some((text) => about.test(text))).toBe(true);
  });
});
