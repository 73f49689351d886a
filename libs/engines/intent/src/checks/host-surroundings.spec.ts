// What lies beyond a host: the way by which people reach it, networks that are kept from others, and ports of a provider.
import { checkFabric, type DeviceFacts, type FabricSnapshot } from '#engines/intent';
import {
  bondOfCards as bond,
  bridgeOfCard as bridge,
  hostWithCards as host,
  demoFabric,
  type HostSpec,
  ovsBridge,
  ovsPort,
} from '#engines/intent/testing';
import { Ip, Mac, PortName } from '#engines/kernel';

const told = (snapshot: FabricSnapshot) => checkFabric(snapshot).map(({ code, message }) => `${code} ${message}`);
const blue = { slug: 'blue', vni: 10_001, eviId: 1 } as const;

describe('the way by which people reach a device', () => {
  const management = { port: PortName.parse('ens18'), address: Ip.parse('192.168.1.10') };

  it.each<[string, HostSpec, Partial<DeviceFacts>, string]>([
    ['is no member of a bond', { bonds: [{ ...bond, members: ['eno1', 'ens18'] }] }, {}, 'use another port than ens18 of pve1 for bond0'],
    [
      'is no port of a bridge',
      { bridges: [{ name: 'vmbr1', ports: ['ens18'] }] },
      {},
      'use another port than ens18 of pve1 for bridge vmbr1',
    ],
    ['is nothing that is made', { bridges: [{ name: 'ens18' }] }, {}, 'for an interface that is made as ens18'],
    ['has no second text', { ports: [{ name: 'ens18', mtu: 1400 }] }, {}, 'for what is said of it'],
    [
      'is no port of Open vSwitch',
      {},
      { openvswitch: { managedBy: 'OVSDB', bridges: [ovsBridge('br0', [ovsPort('ens18')])] } },
      'for bridge br0',
    ],
    [
      'shares its subnet with no bridge',
      { bridges: [{ ...bridge, addresses: ['192.168.1.1/24'] }] },
      {},
      'choose another subnet than 192.168.1.0/24 for vmbr1 on pve1',
    ],
  ])('%s', (_what, spec, more, message) => {
    expect(told(host(spec, { management, ...more }).build())).toContainEqual(
      expect.stringMatching(new RegExp(`^MANAGEMENT_TOUCHED .*${message}`)),
    );
  });

  it('is no port of a network or a link, and no subnet of a link', () => {
    const at = (port: string, address: string) => ({ management: { port: PortName.parse(port), address: Ip.parse(address) } });
    const onLink = demoFabric().deviceFacts('pve1', at('ens19', '192.168.1.10'));
    expect(told(onLink.build())).toEqual([
      expect.stringContaining('MANAGEMENT_TOUCHED use another port than ens19 of pve1 for link 192.168.100.0/24'),
    ]);
    const inside = demoFabric().deviceFacts('pve1', at('ens18', '192.168.100.9'));
    expect(told(inside.build())).toEqual([
      expect.stringContaining('MANAGEMENT_TOUCHED choose another subnet than 192.168.100.0/24 for ens19 on pve1'),
    ]);
    const attached = demoFabric()
      .deviceFacts('pve1', at('ens20', '192.168.1.10'))
      .network({ ...blue, on: [{ device: 'pve1', port: 'ens20' }] });
    expect(told(attached.build())).toEqual([expect.stringContaining('for network blue')]);
  });

  it('of a switch is its Management port, said or not', () => {
    const snapshot = demoFabric()
      .device({ slug: 'leaf9', platform: 'ARISTA_EOS', vtep: '172.16.1.99', ports: ['Management1'] })
      .network({ ...blue, on: [{ device: 'leaf9', port: 'Management1', vlan: 100 }] });
    expect(told(snapshot.build())).toContainEqual(expect.stringContaining('MANAGEMENT_TOUCHED use another port than Management1 of leaf9'));
  });

  it('may be the VTEP itself', () => {
    expect(
      told(
        demoFabric()
          .deviceFacts('pve1', { management: { port: PortName.parse('ens18'), address: Ip.parse('172.16.1.51') } })
          .build(),
      ),
    ).toEqual([]);
  });
});

describe('a protected network', () => {
  const storage = { slug: 'storage', vni: 10_009, eviId: 9, subnets: [{ cidr: '10.99.0.0/24' }] } as const;
  const guarded = (fabric = demoFabric()) =>
    fabric.network({ ...storage, on: ['pve1', 'pve2'] }).networkFacts('storage', { isProtected: true });

  it('stands alone, with addresses of its own', () => {
    expect(
      told(
        guarded()
          .network({ ...blue, subnets: [{ cidr: '10.98.0.0/24' }] })
          .build(),
      ),
    ).toEqual([]);
    expect(
      told(
        guarded()
          .network({ ...blue, on: ['pve1'], subnets: [{ cidr: '10.99.0.128/25' }] })
          .build(),
      ),
    ).toEqual(['PROTECTED_NETWORK choose another subnet than 10.99.0.128/25 for network blue: protected network storage has 10.99.0.0/24']);
    // Of another address space, and nowhere near.
    expect(
      told(
        guarded()
          .network({ ...blue, on: [{ device: 'test', port: 'Ethernet2', vlan: 100 }], subnets: [{ cidr: '10.99.0.128/25' }] })
          .build(),
      ),
    ).toEqual([]);
    const uplink = { name: 'vmbr1', addresses: ['10.99.0.7/24'], gateway: '10.99.0.1' };
    expect(told(guarded(host({ bridges: [uplink] })).build())).toEqual([
      expect.stringContaining('for vmbr1 of pve1, which has a default route'),
    ]);
    expect(told(guarded(host({ bridges: [{ name: 'vmbr1', addresses: ['10.99.0.7/24'] }] })).build())).toEqual([]); // A member of it.
  });

  it('does not come and go with guests', () => {
    const libvirt = { networks: [], isOnDemand: true, bridgePrefix: 'br' };
    expect(told(guarded(demoFabric().deviceFacts('pve1', { libvirt })).build())).toEqual([
      expect.stringContaining('PROTECTED_NETWORK let the bridges of pve1 stand from boot'),
    ]);
  });

  it('is in no VRF that leaves the fabric, or that others import', () => {
    const inVrf = (more: object) =>
      told(
        demoFabric()
          .vrf({ name: 'inside', l3vni: 15_000, eviId: 100, ...more })
          .vrf({ name: 'other', l3vni: 15_001, eviId: 101, importsFrom: 'exits' in more ? [] : ['inside'] })
          .network({ ...storage, vrf: 'inside', on: ['pve1'] })
          .networkFacts('storage', { isProtected: true })
          .build(),
      ).filter((text) => text.startsWith('PROTECTED'));
    expect(inVrf({ exits: [{ device: 'pve1', via: ['ens20 198.51.100.1'] }] })).toEqual([
      expect.stringContaining('VRF inside leaves the fabric'),
    ]);
    expect(inVrf({})).toEqual([expect.stringContaining('VRF other would reach it')]);
  });
});

describe('a port of a provider', () => {
  const ordered = Mac.parse('52:54:00:66:66:01');
  const card = { name: PortName.parse('eno1'), description: null, mtu: null, allowedMacs: [ordered] };
  const behind = (guestMacs: readonly string[] | undefined, spec: HostSpec = {}, port = 'eno1') => {
    const builder = host(spec, {
      ports: [card, ...['eno2', 'ens19', 'bond0', 'vmbr1'].map((name) => ({ name: PortName.parse(name), description: null, mtu: null }))],
    });
    builder.network({ ...blue, on: [{ device: 'pve1', port }] });
    if (guestMacs) builder.networkFacts('blue', { guestMacs: guestMacs.map(Mac.parse) });
    return told(builder.build()).filter((text) => text.startsWith('MAC'));
  };

  it('sees guests that were announced to the provider', () => {
    expect(behind([ordered])).toEqual([]);
    expect(behind([])).toEqual([]);
    expect(behind(undefined)).toEqual([
      'MAC_NOT_ALLOWED name the MACs of the guests of network blue, or attach it elsewhere: the provider shuts pve1 eno1 when it sees another MAC',
    ]);
    expect(behind([ordered, '52:54:00:aa:bb:cc'])).toEqual([expect.stringContaining('register 52:54:00:aa:bb:cc with the provider')]);
  });

  it('is meant when a network comes out of what lies on top of it', () => {
    expect(behind(undefined, { bonds: [{ ...bond, members: ['eno1', 'eno2'] }] }, 'bond0')).toHaveLength(1);
    expect(behind(undefined, { bridges: [{ name: 'vmbr1', ports: ['eno1'] }] }, 'vmbr1')).toHaveLength(1);
    expect(behind(undefined, {}, 'eno2')).toEqual([]);
  });

  it('sees the gateway, too', () => {
    const routed = host({}, { ports: [card, { name: PortName.parse('ens19'), description: null, mtu: null }] })
      .vrf({ name: 'red', l3vni: 15_000, eviId: 100 })
      .network({
        ...blue,
        vrf: 'red',
        on: [{ device: 'pve1', port: 'eno1' }],
        subnets: [{ cidr: '10.0.0.0/24', gateway: '10.0.0.1', mode: 'ANYCAST_VTEP' }],
      })
      .networkFacts('blue', { guestMacs: [ordered] });
    expect(told(routed.build())).toEqual([expect.stringContaining("MAC_NOT_ALLOWED register the gateway's 00:1c:73:00:00:01")]);
  });
});
