import { checkFabric, type BondMode, type FabricSnapshot, type LagFacts, type Platform } from '#engines/intent';
import { ovsBond, ovsBridge, SnapshotBuilder } from '#engines/intent/testing';
import { type DeviceId, DeviceName, Mac, PortName } from '#engines/kernel';

const seen = (snapshot: FabricSnapshot) => checkFabric(snapshot).map(({ code, path, message }) => ({ code, path, message }));
const end = (text: string): LagFacts['ends'][number] => {
  const [slug, name, ...members] = text.split(' ');
  return { deviceId: `device-${slug}` as DeviceId, name: PortName.parse(name), members: members.map(PortName.parse) };
};
const lag = (ends: readonly string[], more: Partial<LagFacts> = {}): LagFacts => ({
  mode: 'LACP',
  segment: null,
  ...more,
  ends: ends.map(end),
});

/** Two leafs, a host and a switch of another make; nothing is attached. */
const fabric = (host: Platform = 'DEBIAN_FRR') =>
  ['leaf1', 'leaf2']
    .reduce(
      (builder, slug, i) =>
        builder.device({ slug, platform: 'ARISTA_EOS', vtep: `172.16.1.${i + 1}`, ports: ['Ethernet1', 'Ethernet2', 'Port-Channel5'] }),
      new SnapshotBuilder(),
    )
    .device({ slug: 'pve1', platform: host, vtep: null, ports: ['eno1', 'eno2', 'eno3'] })
    .device({ slug: 'hp', platform: 'HP_COMWARE', vtep: null, ports: ['GigabitEthernet1/0/1', 'GigabitEthernet1/0/2'] });

const bonded = (mode: BondMode, members = ['eno1', 'eno2']) =>
  fabric().deviceFacts('pve1', {
    host: {
      loopback: null,
      ports: [],
      bridges: [],
      vlans: [],
      nat: [],
      bonds: [
        {
          name: DeviceName.parse('bond0'),
          mode,
          members: members.map(DeviceName.parse),
          addresses: [],
          gateway: null,
          mtu: null,
          miimon: 100,
          updelay: null,
          lacpRate: null,
          hashPolicy: null,
          primary: null,
          minLinks: null,
        },
      ],
    },
  });
const toHost = ['leaf1 Port-Channel5 Ethernet1 Ethernet2', 'pve1 bond0 eno1 eno2'];

describe('an aggregated link', () => {
  it('needs no word about the bond of a host', () => {
    expect(seen(fabric().lag(lag(toHost)).build())).toEqual([]);
    expect(
      seen(
        fabric()
          .lag(lag(toHost, { mode: 'STATIC' }))
          .build(),
      ),
    ).toEqual([]);
  });

  it.each<[LagFacts['mode'], BondMode, string | null]>([
    ['LACP', '802.3ad', null],
    ['LACP', 'balance-xor', 'set bond0 of pve1 to 802.3ad, or the aggregated link to what balance-xor is: the switch waits for LACP'],
    ['STATIC', 'balance-xor', null],
    ['STATIC', 'balance-rr', null],
    ['STATIC', '802.3ad', 'set the aggregated link of bond0 of pve1 to LACP'],
    ['STATIC', 'broadcast', 'with broadcast the ports of the switch stay apart'],
    ['STATIC', 'active-backup', 'with active-backup the ports of the switch stay apart'],
    ['STATIC', 'balance-alb', 'take the aggregated link from bond0 of pve1, or set it to balance-xor'],
  ])('with %s at the switch and %s at the host: %s', (mode, own, message) => {
    const found = seen(bonded(own).lag(lag(toHost, { mode })).build());
    expect(found).toEqual(
      message === null ? [] : [{ code: 'LAG_INVALID', path: 'lags.leaf1 Port-Channel5', message: expect.stringContaining(message) }],
    );
  });

  it.each([
    ['off', 'LACP', 'let bond0 of pve1 speak LACP: the switch waits for it'],
    ['active', 'STATIC', 'set the aggregated link of bond0 of pve1 to LACP: Open vSwitch waits for it'],
    ['passive', 'LACP', null],
    ['off', 'STATIC', null],
  ] as const)('of Open vSwitch with LACP %s and %s at the switch: %s', (lacp, mode, message) => {
    const bond = ovsBond('bond0', ['eno1', 'eno2'], { mode: 'balance-slb', lacp, lacpTime: null });
    const found = seen(
      fabric()
        .deviceFacts('pve1', { openvswitch: { managedBy: 'OVSDB', bridges: [ovsBridge('br0', [bond])] } })
        .lag(lag(toHost, { mode }))
        .build(),
    );
    expect(found.map((finding) => finding.message)).toEqual(message === null ? [] : [message]);
  });

  it.each([
    [['leaf1 Port-Channel5 Ethernet1 Ethernet2'], 'give each aggregated link two ends or more'],
    [
      ['leaf1 Port-Channel5 Ethernet1', 'pve1 bond0 eno1 eno2'],
      'connect all members of pve1 bond0: it has 2, and leaf1 Port-Channel5 together 1',
    ],
    [
      ['leaf1 Port-Channel5 Ethernet9', 'pve1 bond0 eno1'],
      'add port Ethernet9 to leaf1, or choose members of leaf1 Port-Channel5 that it has',
    ],
    [['leaf1 Port-Channel5 Ethernet1 Ethernet1', 'pve1 bond0 eno1 eno2'], 'name Ethernet1 once in leaf1 Port-Channel5'],
    [['leaf1 Port-Channel2001 Ethernet1', 'pve1 bond0 eno1'], 'call Port-Channel2001 of leaf1 Port-Channel1 to Port-Channel2000'],
    [['leaf1 bond7 Ethernet1', 'pve1 bond0 eno1'], 'call bond7 of leaf1 Port-Channel1 to Port-Channel2000'],
    [
      ['hp Port-Channel5 GigabitEthernet1/0/1', 'pve1 bond0 eno1'],
      'call Port-Channel5 of hp Bridge-Aggregation1 to Bridge-Aggregation1024',
    ],
  ])('is refused as %j', (ends, message) => {
    expect(seen(fabric().lag(lag(ends)).build())).toContainEqual(
      expect.objectContaining({ code: 'LAG_INVALID', message: expect.stringContaining(message) }),
    );
  });

  it('says the members of a bond once', () => {
    expect(seen(bonded('802.3ad', ['eno1', 'eno3']).lag(lag(toHost)).build())).toEqual([
      expect.objectContaining({
        code: 'LAG_INVALID',
        message: 'name the same members of bond0 of pve1 twice: the host says eno1 and eno3, the link eno1 and eno2',
      }),
    ]);
  });

  it('has a switch of another make at its end, and a port that nobody else has', () => {
    const twice = fabric()
      .lag(lag(['hp Bridge-Aggregation1 GigabitEthernet1/0/1', 'pve1 bond0 eno1']))
      .lag(lag(['leaf1 Port-Channel5 Ethernet1', 'pve1 bond1 eno1']));
    expect(seen(twice.build())).toEqual([
      { code: 'PORT_CLASH', path: 'devices.pve1.ports.eno1', message: 'leave pve1 eno1 to one of bond0 and bond1: a port does one thing' },
    ]);
  });

  it('is one record for one end', () => {
    const twice = fabric()
      .lag(lag(['leaf1 Port-Channel5 Ethernet1', 'pve1 bond0 eno1']))
      .lag(lag(['leaf1 Port-Channel5 Ethernet1', 'pve1 bond1 eno2']));
    expect(seen(twice.build())).toEqual([
      expect.objectContaining({ code: 'LAG_INVALID', message: 'keep one of the 2 aggregated links that end at leaf1 Port-Channel5' }),
    ]);
  });
});

describe('a link to several switches', () => {
  const both = ['leaf1 Port-Channel5 Ethernet1', 'leaf2 Port-Channel5 Ethernet1', 'pve1 bond0 eno1 eno2'];
  const segment = Mac.parse('00:01:10:10:10:10');

  it('is a segment, or hangs on a pair', () => {
    expect(seen(fabric().lag(lag(both, { segment })).build())).toEqual([]);
    expect(seen(fabric().lag(lag(both)).build())).toEqual([
      expect.objectContaining({
        code: 'LAG_INVALID',
        message:
          'give leaf1 Port-Channel5 and leaf2 Port-Channel5 an Ethernet segment, or make their switches an MLAG pair: otherwise the frames of one come back by the other',
      }),
    ]);
  });

  it('ends on EOS', () => {
    const ends = [
      'leaf1 Port-Channel5 Ethernet1',
      'hp Bridge-Aggregation5 GigabitEthernet1/0/1',
      'leaf2 Port-Channel5 Ethernet1 Ethernet2',
    ];
    // The end that is no EOS is what hangs on the others, unless there are two of them.
    expect(
      seen(
        fabric()
          .lag(lag([...ends, 'pve1 bond0 eno1 eno2 eno3'], { segment }))
          .build(),
      ),
    ).toContainEqual(
      expect.objectContaining({ code: 'LAG_INVALID', message: expect.stringContaining('on EOS switches: only they share a LAG') }),
    );
  });

  it('has legs on different switches, and a segment only where there are several', () => {
    const twice = ['leaf1 Port-Channel5 Ethernet1', 'leaf1 Port-Channel6 Ethernet2', 'pve1 bond0 eno1 eno2'];
    expect(seen(fabric().lag(lag(twice, { segment })).build())).toContainEqual(
      expect.objectContaining({ message: expect.stringContaining('end on different switches') }),
    );
    expect(seen(fabric().lag(lag(toHost, { segment })).build())).toContainEqual(
      expect.objectContaining({ message: expect.stringContaining('one switch alone needs none') }),
    );
  });

  it('carries the same on both legs: networks, tags and VLANs', () => {
    const legs = (vlan: number, tagging: 'TAGGED' | 'UNTAGGED') =>
      seen(
        fabric()
          .lag(lag(both, { segment }))
          .network({
            slug: 'blue',
            vni: 10_001,
            eviId: 1,
            on: [
              { device: 'leaf1', port: 'Port-Channel5', tagging: 'TAGGED', vlan: 100 },
              { device: 'leaf2', port: 'Port-Channel5', tagging, vlan },
            ],
          })
          .build(),
      ).filter(({ code }) => code === 'LAG_MISMATCH');
    expect(legs(100, 'TAGGED')).toEqual([]);
    expect(legs(100, 'UNTAGGED')).toHaveLength(1);
    expect(legs(101, 'TAGGED')).toEqual([
      {
        code: 'LAG_MISMATCH',
        path: 'lags.leaf1 Port-Channel5',
        message:
          'let leaf1 Port-Channel5 and leaf2 Port-Channel5 carry the same: only one of them has blue (tagged, VLAN 100) and blue (tagged, VLAN 101)',
      },
    ]);
  });
});
