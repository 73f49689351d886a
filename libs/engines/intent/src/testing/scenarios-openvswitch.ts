/** Hosts with Open vSwitch, one of each thing that people do with it. */
import { DeviceName, Ip, Vni } from '#engines/kernel';
import type {
  FabricSnapshot,
  OpenVswitchFacts,
  OvsBridgeFacts,
  OvsInterfaceFacts,
  OvsManager,
  OvsMirrorFacts,
  OvsPortFacts,
} from '../snapshot.js';
import { SnapshotBuilder } from './snapshot-builder.js';

const name = (text: string): DeviceName => DeviceName.parse(text);

export function ovsBridge(bridge: string, ports: readonly OvsPortFacts[], more: Partial<OvsBridgeFacts> = {}): OvsBridgeFacts {
  return { name: name(bridge), datapath: 'system', failMode: null, hasRstp: false, ports, mirrors: [], sflow: null, ...more };
}

/** A port of the host's own, without a VLAN. */
export function ovsPort(port: string, more: Partial<OvsPortFacts> = {}): OvsPortFacts {
  return {
    name: name(port),
    vlanMode: null,
    tag: null,
    trunks: [],
    cvlans: [],
    outerTag: null,
    isProtected: false,
    interfaces: [{ type: 'system', name: name(port), mtu: null }],
    bond: null,
    ...more,
  };
}

/** @param addresses with their lengths: `10.99.1.250/24`. */
export function internalPort(
  port: string,
  addresses: readonly string[],
  more: Partial<OvsPortFacts> = {},
  gateway: string | null = null,
): OvsPortFacts {
  const internal: OvsInterfaceFacts = {
    type: 'internal',
    name: name(port),
    mtu: null,
    addresses: addresses.map((text) => {
      const [address, length] = text.split('/');
      return { address: Ip.parse(address), prefixLength: Number(length) };
    }),
    gateway: gateway === null ? null : Ip.parse(gateway),
  };
  return ovsPort(port, { interfaces: [internal], ...more });
}

export function ovsBond(
  port: string,
  members: readonly string[],
  bond: NonNullable<OvsPortFacts['bond']>,
  more: Partial<OvsPortFacts> = {},
): OvsPortFacts {
  return ovsPort(port, { interfaces: members.map((member) => ({ type: 'system', name: name(member), mtu: null })), bond, ...more });
}

export function ovsMirror(mirror: string, outputPort: string, more: Partial<OvsMirrorFacts> = {}): OvsMirrorFacts {
  return {
    name: mirror,
    selectAll: false,
    selectSource: [],
    selectDestination: [],
    selectVlans: [],
    outputPort: name(outputPort),
    outputVlan: null,
    ...more,
  };
}

/** A host without a VTEP: its networks are VLANs. */
export function ovsHost(managedBy: OvsManager, bridges: readonly OvsBridgeFacts[], vtep: string | null = null): SnapshotBuilder {
  const facts: OpenVswitchFacts = { managedBy, bridges };
  return new SnapshotBuilder()
    .device({ slug: 'hv1', platform: 'DEBIAN_FRR', vtep, ports: ['eno1', 'eno2', 'eno3', 'eno4', 'eno5'] })
    .deviceFacts('hv1', { openvswitch: facts });
}

/** A switch of five cards, a probe on another bridge, and a third one whose frames a guest looks at. */
const replacedSwitch = (): FabricSnapshot =>
  ovsHost('OVSDB', [
    ovsBridge('vobr0', [
      ovsPort('eno1', { tag: 3 }),
      ovsPort('eno2', { tag: 3 }),
      ovsPort('eno3', { tag: 4 }),
      ovsPort('eno4', { tag: 5 }),
      ovsPort('eno5', { trunks: [2, 3, 4] }),
    ]),
    ovsBridge('vbr0', [], { sflow: { agent: name('eth0'), targets: ['192.168.131.141:6343'], header: 128, sampling: 2000, polling: 30 } }),
    ovsBridge('vmbr0', [], { mirrors: [ovsMirror('mirror0', 'tap200i0', { selectAll: true })] }),
  ]).build();

const probes = {
  sflow: { agent: name('internal'), targets: ['192.168.131.141:6343', '[2001:db8::141]:6343'], header: 128, sampling: 2000, polling: 30 },
  mirrors: [
    ovsMirror('all', 'eno5', { selectAll: true }),
    ovsMirror('uplink', 'eno5', { selectSource: [name('bond0')], selectDestination: [name('internal')] }),
  ],
} as const;

const bonded = (managedBy: OvsManager): FabricSnapshot =>
  ovsHost(managedBy, [
    ovsBridge(
      'vubr0',
      [
        ovsBond('bond0', ['eno1', 'eno2'], { mode: 'balance-tcp', lacp: 'active', lacpTime: 'fast' }),
        internalPort('internal', ['10.0.0.3/24', '2001:db8::3/64'], { tag: 10 }, '10.0.0.254'),
        ovsPort('eno5'),
      ],
      probes,
    ),
  ]).build();

/** br0 is the way out of the hypervisor; on brint it has an address in the VLAN that it shares with its guests. */
const hypervisorVlan = (managedBy: OvsManager): FabricSnapshot =>
  ovsHost(managedBy, [
    ovsBridge('br0', [internalPort('br0', ['10.66.0.1/24'], {}, '10.66.0.254'), ovsPort('eno1')]),
    ovsBridge('brint', [internalPort('brint', ['10.99.1.250/24'])]),
  ])
    .network({ slug: 'hypervisor', vni: 10_099, eviId: 99, on: [{ device: 'hv1', port: 'brint', vlan: 99 }] })
    .network({ slug: 'monitoring', vni: 10_250, eviId: 250, on: [{ device: 'hv1', port: 'brint', tagging: 'BRIDGE_ONLY', vlan: 250 }] })
    .build();

const customerPorts: readonly OvsPortFacts[] = [
  ovsPort('eno2', { vlansFrom: 'ATTACHMENTS' }),
  ovsPort('eno3', { vlansFrom: 'ATTACHMENTS' }),
  ovsPort('eno4', { vlanMode: 'dot1q-tunnel', cvlans: [10, 20], outerTag: '802.1q', vlansFrom: 'ATTACHMENTS' }),
];

/** Three hosts, so that a ring of tunnels could be; one of them with ports for customers. */
export function staticVxlan(ports: readonly OvsPortFacts[] = customerPorts): SnapshotBuilder {
  const builder = new SnapshotBuilder().fabric({ replication: 'INGRESS_STATIC' });
  for (const number of [1, 2, 3]) {
    const own = number === 1 ? ports : [];
    builder
      .device({ slug: `ovs${number}`, platform: 'DEBIAN_FRR', vtep: `172.16.2.${number}`, ports: ['eno1', 'eno2', 'eno3', 'eno4'] })
      .deviceFacts(`ovs${number}`, {
        openvswitch: { managedBy: number === 3 ? 'IFUPDOWN2' : 'OVSDB', bridges: [ovsBridge('vmbr1', own)] },
      });
  }
  return builder;
}

export const openVswitchScenarios: Readonly<Record<string, () => FabricSnapshot>> = {
  'ovs-replaced-switch': replacedSwitch,
  'ovs-bond-and-probes': () => bonded('IFUPDOWN2'),
  'ovs-bond-and-probes-classic': () => bonded('IFUPDOWN'),
  'ovs-hypervisor-vlan': () => hypervisorVlan('OVSDB'),
  'ovs-hypervisor-vlan-classic': () => hypervisorVlan('IFUPDOWN'),
  'ovs-patched-bridges': () =>
    ovsHost('IFUPDOWN2', [
      ovsBridge('br0', [ovsPort('eno1'), patch('out0', 'in0')], { failMode: 'standalone', hasRstp: true }),
      ovsBridge('br1', [patch('in0', 'out0', { trunks: [10, 20] })], { failMode: 'secure' }),
    ]).build(),
  'ovs-vxlan-static': () =>
    staticVxlan()
      .network({
        slug: 'blue',
        vni: 10_001,
        eviId: 1,
        on: [
          { device: 'ovs1', port: 'eno2', vlan: 100 },
          { device: 'ovs2', port: 'vmbr1', tagging: 'BRIDGE_ONLY', vlan: 200 },
          { device: 'ovs3', port: 'vmbr1', tagging: 'BRIDGE_ONLY', vlan: 300 },
        ],
      })
      .network({
        slug: 'green',
        vni: 10_002,
        eviId: 2,
        on: [
          { device: 'ovs1', port: 'eno2', vlan: 101, tagging: 'TAGGED' },
          { device: 'ovs2', port: 'vmbr1', tagging: 'BRIDGE_ONLY', vlan: 201 },
        ],
      })
      .network({
        slug: 'qinq',
        vni: 10_003,
        eviId: 3,
        mtu: 1400,
        on: [
          { device: 'ovs1', port: 'eno4', vlan: 102 },
          { device: 'ovs2', vlan: 202 },
        ],
      })
      .build(),
};

function patch(port: string, peer: string, more: Partial<OvsPortFacts> = {}): OvsPortFacts {
  return ovsPort(port, { interfaces: [{ type: 'patch', name: name(port), peer: name(peer) }], ...more });
}

export const refusedOpenVswitchScenarios: Readonly<Record<string, () => FabricSnapshot>> = {
  'error-ovs-nothing-fits': () =>
    ovsHost(
      'IFUPDOWN2',
      [
        ovsBridge(
          'br0',
          [
            ovsPort('tap100i0'),
            ovsPort('eno1', { tag: 5000 }),
            ovsPort('eno2', { tag: 7, trunks: [8] }),
            ovsBond('bond0', ['eno3', 'eno4'], { mode: 'balance-tcp', lacp: 'off', lacpTime: null }),
            ovsPort('vx0', {
              interfaces: [
                { type: 'vxlan', name: name('vx0'), vni: Vni.parse(10_001), remote: Ip.parse('172.16.1.52'), local: null, udpPort: 4790 },
              ],
            }),
          ],
          {
            mirrors: [ovsMirror('mirror0', 'tap200i0', { selectAll: true })],
            sflow: { agent: null, targets: ['collector:6343'], header: null, sampling: null, polling: null },
          },
        ),
      ],
      '172.16.1.51',
    )
      .network({ slug: 'blue', vni: 10_001, eviId: 1, on: [{ device: 'hv1', port: 'eno1', vlan: 100 }] })
      .build(),
};
