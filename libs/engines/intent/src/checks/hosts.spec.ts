import { checkFabric, type FabricSnapshot } from '#engines/intent';
import {
  bondOfCards as bond,
  bridgeOfCard as bridge,
  hostWithCards as host,
  demoFabric,
  forwardPort,
  hostFacts,
  type HostSpec,
  masquerade,
  ovsBridge,
  ovsPort,
  snat,
} from '#engines/intent/testing';
import { PortName } from '#engines/kernel';

const seen = (snapshot: FabricSnapshot) => checkFabric(snapshot).map(({ code, path, message }) => ({ code, path, message }));
const told = (snapshot: FabricSnapshot) => checkFabric(snapshot).map(({ code, message }) => `${code} ${message}`);
const blue = { slug: 'blue', vni: 10_001, eviId: 1 } as const;

describe('interfaces of a host', () => {
  it.each<[string, HostSpec]>([
    ['a bond below a VLAN-aware bridge', { bonds: [bond], bridges: [{ name: 'vmbr1', ports: ['bond0'], vlans: [[2, 4094]] }] }],
    [
      'a routed bridge with NAT both ways',
      {
        bridges: [{ ...bridge, ports: [] }],
        nat: [masquerade('vmbr1', '10.66.0.0/24', 'eno2'), forwardPort('vmbr1', 'eno2', 443, '10.66.0.9:8443')],
      },
    ],
    [
      'a VLAN in a VLAN',
      {
        vlans: [
          { name: 'eno1.10', parent: 'eno1', vlan: 10, protocol: '802.1ad' },
          { name: 'eno1.10.20', parent: 'eno1.10', vlan: 20 },
        ],
      },
    ],
    ['every option of every mode', { bonds: [{ ...bond, lacpRate: 'fast', hashPolicy: 'layer3+4', minLinks: 2, updelay: 200 }] }],
    ['a gateway that it can see', { bridges: [{ ...bridge, gateway: '10.66.0.254' }] }],
    ['the same private subnet as another host', { bridges: [{ ...bridge, ports: [] }] }],
  ])('may be %s', (_what, spec) => {
    expect(
      told(
        host(spec)
          .deviceFacts('pve2', { host: hostFacts({ bridges: [{ ...bridge, ports: [] }] }) })
          .build(),
      ),
    ).toEqual([]);
  });

  it.each<[HostSpec, string]>([
    [{ bonds: [{ ...bond, members: [] }] }, 'INTERFACE_INVALID give bond0 of pve1 a member'],
    [{ bonds: [{ ...bond, members: ['eno1', 'eno9'] }] }, 'INTERFACE_INVALID add port eno9 to pve1, or choose another for bond0'],
    [{ bonds: [{ ...bond, members: ['eno1', 'eno1'] }] }, 'INTERFACE_INVALID name each member of bond0 of pve1 once'],
    [
      { bonds: [{ ...bond, mode: 'active-backup', lacpRate: 'fast' }] },
      'INTERFACE_INVALID take the LACP rate from bond0 of pve1: active-backup speaks no LACP',
    ],
    [
      { bonds: [{ ...bond, mode: 'balance-rr', hashPolicy: 'layer2' }] },
      'INTERFACE_INVALID take the hash policy from bond0 of pve1: balance-rr does not hash',
    ],
    [{ bonds: [{ ...bond, primary: 'eno1' }] }, 'INTERFACE_INVALID take the primary member from bond0 of pve1: 802.3ad uses all alike'],
    [
      { bonds: [{ ...bond, mode: 'active-backup', primary: 'ens20' }] },
      'INTERFACE_INVALID choose the primary of bond0 of pve1 among its members, not ens20',
    ],
    [{ bonds: [{ ...bond, mode: 'broadcast', minLinks: 1 }] }, 'INTERFACE_INVALID take the minimum of links from bond0 of pve1'],
    [{ bonds: [{ ...bond, minLinks: 3 }] }, 'INTERFACE_INVALID ask for at most 2 links of bond0 of pve1, not 3'],
    [{ bonds: [{ ...bond, miimon: 300 }] }, 'INTERFACE_INVALID look at the carriers of bond0 of pve1 every 1 to 255 ms'],
    [{ bonds: [{ ...bond, updelay: 150 }] }, 'INTERFACE_INVALID make the updelay of bond0 of pve1 a multiple of its miimon'],
    [{ bridges: [{ name: 'vmbr1', ports: ['vmbr1'] }] }, 'INTERFACE_INVALID take vmbr1 from its own ports on pve1'],
    [
      {
        bridges: [
          {
            name: 'vmbr1',
            vlans: [
              [2, 100],
              [100, 200],
            ],
          },
        ],
      },
      'INTERFACE_INVALID give vmbr1 of pve1 VLANs as ranges that do not overlap',
    ],
    [{ bridges: [{ name: 'vmbr1', vlans: [[200, 100]] }] }, 'INTERFACE_INVALID give vmbr1 of pve1 VLANs as ranges that do not overlap'],
    [
      {
        bridges: [
          { name: 'vmbr1', ports: ['eno1'], vlans: [[2, 4094]] },
          { name: 'vmbr2', ports: ['eno2'], vlans: [[2, 4094]] },
        ],
      },
      'INTERFACE_INVALID keep one VLAN-aware bridge on pve1: ifupdown2 leaves vmbr2 out, and returns 0',
    ],
    [
      {
        vlans: [
          { name: 'v1', parent: 'eno1', vlan: 10 },
          { name: 'v2', parent: 'eno1', vlan: 10 },
        ],
      },
      'INTERFACE_INVALID keep one of v1 and v2 of pve1: both are VLAN 10 of eno1',
    ],
    [{ vlans: [{ name: 'v1', parent: 'v1', vlan: 10 }] }, 'INTERFACE_INVALID put v1 of pve1 on another interface than itself'],
    [
      { bridges: [{ name: 'vmbr1' }], nat: [masquerade('vmbr1', '10.66.0.0/24', 'eno2')] },
      'INTERFACE_INVALID give vmbr1 of pve1 an address: its guests reach NAT by it',
    ],
    [
      { bridges: [bridge], nat: [masquerade('vmbr1', '10.66.0.0/24', 'eno9')] },
      'INTERFACE_INVALID add port eno9 to pve1, or let NAT of vmbr1 go another way',
    ],
    [
      { bridges: [bridge], nat: [masquerade('vmbr1', '10.66.0.0/24', 'vmbr1')] },
      'INTERFACE_INVALID let NAT of vmbr1 of pve1 go out elsewhere than where it came from',
    ],
    [
      { bridges: [bridge], nat: [snat('vmbr1', '10.66.0.0/24', 'eno2', '2001:db8::1')] },
      'INTERFACE_INVALID hide 10.66.0.0/24 of pve1 behind an address of its own family, not 2001:db8::1',
    ],
    [
      { bridges: [bridge], nat: [forwardPort('vmbr1', 'eno2', 70_000, '10.66.0.9:443')] },
      'INTERFACE_INVALID pass on ports from 1 to 65535 on pve1',
    ],
    [
      { bridges: [bridge], vlans: [{ name: 'v1', parent: 'eno2', vlan: 10, addresses: ['10.66.0.7/24'] }] },
      'INTERFACE_INVALID put v1 and vmbr1 of pve1 into subnets of their own: both are in 10.66.0.0/24',
    ],
    [
      { bridges: [{ ...bridge, addresses: ['10.66.0.1/33'] }] },
      'INTERFACE_INVALID give 10.66.0.1 on vmbr1 of pve1 a prefix length that it can have, not 33',
    ],
    [
      { bridges: [{ ...bridge, gateway: '10.99.0.1' }] },
      'INTERFACE_INVALID choose a gateway that vmbr1 of pve1 can see, not 10.99.0.1: it is in none of its subnets',
    ],
    [
      {
        bridges: [
          { ...bridge, gateway: '10.66.0.254' },
          { name: 'vmbr2', addresses: ['10.67.0.1/24'], gateway: '10.67.0.254' },
        ],
      },
      'INTERFACE_INVALID keep one IPv4 gateway on pve1',
    ],
    [
      { bonds: [{ ...bond, name: 'vmbr1' }], bridges: [{ name: 'vmbr1' }] },
      'DUPLICATE_NAME give each of a bond and a bridge of pve1 its own name: they share vmbr1',
    ],
    [{ loopback: 'vnet77' }, 'NAME_INVALID rename the loopback vnet77 of pve1: Trame gives that name to an interface of its own'],
    [
      { bonds: [bond], bridges: [{ name: 'vmbr1', ports: ['eno1'] }] },
      'PORT_CLASH leave pve1 eno1 to one of bond0 and bridge vmbr1: a port does one thing',
    ],
    [{ bridges: [{ name: 'vmbr1', ports: ['ens19'] }] }, 'PORT_CLASH leave pve1 ens19 to one of bridge vmbr1 and link 192.168.100.0/24'],
    [
      { bonds: [{ ...bond, mtu: 1500 }], vlans: [{ name: 'bond0.9', parent: 'bond0', vlan: 9, mtu: 9000 }] },
      'MTU_MISMATCH raise the MTU of bond0 on pve1 from 1500 to 9000, or lower that of bond0.9: it lies on top',
    ],
    [
      { bridges: [{ name: 'vmbr1', ports: ['eno1'], mtu: 9000 }] },
      'MTU_MISMATCH raise the MTU of eno1 on pve1 from 1500 to 9000, or lower that of vmbr1: it lies on top',
    ],
  ])('may not be %j', (spec, message) => {
    expect(told(host(spec).build())).toContainEqual(expect.stringContaining(message));
  });

  it('have addresses of their own where hosts see each other: on a mesh, on bridges with a port', () => {
    const mesh = (last: number) =>
      hostFacts({ bonds: [{ name: 'bond1', mode: 'broadcast', members: ['ens20'], addresses: [`10.77.0.${last}/24`] }] });
    const three = (last: number) =>
      told(
        demoFabric()
          .deviceFacts('pve1', { host: mesh(1) })
          .deviceFacts('pve2', { host: mesh(last) })
          .build(),
      );
    expect(three(2)).toEqual([]);
    expect(three(1)).toEqual(['DUPLICATE_ADDRESS give each of pve1 bond1 and pve2 bond1 its own address: they share 10.77.0.1']);
  });

  it('are not shared with Open vSwitch', () => {
    const openvswitch = { managedBy: 'OVSDB' as const, bridges: [ovsBridge('vmbr1', [ovsPort('eno1')])] };
    const both = host({ bridges: [{ name: 'vmbr1' }], bonds: [bond] }, { openvswitch });
    expect(told(both.build())).toEqual([
      'DUPLICATE_NAME give each of a bridge and a bridge of Open vSwitch of pve1 its own name: they share vmbr1',
      'PORT_CLASH leave pve1 eno1 to one of bond0 and bridge vmbr1: a port does one thing',
    ]);
  });

  it('carry a tagged network beside a bridge, and no untagged one', () => {
    const on = (tagging: 'TAGGED' | 'UNTAGGED') =>
      seen(
        host({ bridges: [{ name: 'vmbr1', ports: ['eno1'] }] })
          .network({ ...blue, on: [{ device: 'pve1', port: 'eno1', tagging, vlan: 50 }] })
          .build(),
      ).map(({ code }) => code);
    expect(on('TAGGED')).toEqual([]);
    expect(on('UNTAGGED')).toEqual(['PORT_CLASH']);
  });
});

describe('the MTU of a path', () => {
  const linked = (left: number | undefined, right: number | undefined) =>
    told(
      demoFabric()
        .device({
          slug: 'a',
          platform: 'DEBIAN_FRR',
          vtep: '172.16.1.61',
          ports: [{ name: 'ens1', ...(left !== undefined && { mtu: left }) }],
        })
        .device({
          slug: 'b',
          platform: 'DEBIAN_FRR',
          vtep: '172.16.1.62',
          ports: [{ name: 'ens1', ...(right !== undefined && { mtu: right }) }],
        })
        .peering('10.1.0.0/31', { device: 'a', port: 'ens1', address: '10.1.0.0' }, { device: 'b', port: 'ens1', address: '10.1.0.1' })
        .build(),
    );

  it('is one at both ends of a link, said or not', () => {
    expect(linked(9000, 9000)).toEqual([]);
    expect(linked(undefined, undefined)).toEqual([]);
    expect(linked(1500, undefined)).toEqual([]);
    expect(linked(9000, 1500)).toEqual(['MTU_MISMATCH set one MTU at both ends of the link: a ens1 has 9000, b ens1 has 1500']);
    expect(linked(undefined, 9000)).toEqual(['MTU_MISMATCH set one MTU at both ends of the link: a ens1 has 1500, b ens1 has 9000']);
  });

  it('is that of what lies below the port of the underlay', () => {
    const over = (mtu: number) =>
      told(
        host(
          { vlans: [{ name: 'bond0.7', parent: 'bond0', vlan: 7 }], bonds: [{ ...bond, mtu }] },
          { ports: ['eno1', 'eno2', 'bond0.7'].map((name) => ({ name: PortName.parse(name), description: null, mtu: null })) },
        )
          .device({ slug: 'leaf9', platform: 'ARISTA_EOS', vtep: '172.16.1.99', ports: ['Ethernet1'] })
          .link(
            '10.9.0.0/31',
            { device: 'pve1', port: 'bond0.7', address: '10.9.0.0' },
            { device: 'leaf9', port: 'Ethernet1', address: '10.9.0.1' },
          )
          .network({ ...blue, on: ['pve1'] })
          .build(),
      ).filter((text) => text.startsWith('MTU'));
    expect(over(1500)).toEqual([]);
    expect(over(1400)).toEqual([
      'MTU_MISMATCH set one MTU at both ends of the link: pve1 bond0.7 has 1400, leaf9 Ethernet1 has 1500',
      'MTU_TOO_SMALL lower the MTU of network blue from 1450 to 1350 or raise the underlay of pve1: VXLAN takes 50 bytes',
    ]);
  });

  it('ends at the port where a network comes out', () => {
    const out = demoFabric()
      .fabric({ underlayMtu: 9214 })
      .deviceFacts('pve1', {
        ports: [
          { name: PortName.parse('ens20'), description: null, mtu: 1400 },
          { name: PortName.parse('ens19'), description: null, mtu: null },
        ],
      })
      .network({ ...blue, mtu: 1450, on: [{ device: 'pve1', port: 'ens20' }] });
    expect(told(out.build())).toContain(
      'MTU_TOO_SMALL raise the MTU of pve1 ens20 from 1400 to 1450, or lower that of network blue: it comes out there',
    );
  });
});
