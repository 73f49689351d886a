/** Devices that are rendered and exported: a firewall, a switch of another make, and somebody else's tool. */
import { type DeviceId, DeviceName, Ip, Label, type NetworkId, PortName, Slug, VlanId } from '#engines/kernel';
import type { FabricSnapshot, OvsPortFacts } from '../snapshot.js';
import { demoFabric } from './demo-fabric.js';
import { SnapshotBuilder } from './snapshot-builder.js';

const address = (text: string) => ({ address: Ip.parse(text), prefixLength: 24 });

const ovsPort = (name: string, vlans: Partial<OvsPortFacts>): OvsPortFacts => ({
  name: DeviceName.parse(name),
  vlanMode: null,
  tag: null,
  trunks: [],
  cvlans: [],
  outerTag: null,
  isProtected: false,
  interfaces: [{ type: 'system', name: DeviceName.parse(name), mtu: null }],
  bond: null,
  ...vlans,
});

export const externalScenarios: Readonly<Record<string, () => FabricSnapshot>> = {
  /** A university's: OpenBSD is the gateway of networks whose frames go to a group each, 239.0 and the VNI. */
  'openbsd-gateway-multicast': () =>
    new SnapshotBuilder()
      .fabric({ replication: 'MULTICAST' })
      .device({ slug: 'kvm1', platform: 'DEBIAN_FRR', vtep: '10.5.0.11', ports: ['eth0'] })
      .device({ slug: 'kvm2', platform: 'DEBIAN_FRR', vtep: '10.5.0.12', ports: ['eth0'] })
      .link('10.5.0.0/24', { device: 'kvm1', port: 'eth0', address: '10.5.0.111' }, { device: 'kvm2', port: 'eth0', address: '10.5.0.112' })
      .device({ slug: 'pf1', platform: 'OPENBSD', vtep: null, ports: [] })
      .network({ slug: 'n307', name: 'Labs "307"', vni: 307, eviId: 307, on: ['kvm1', 'kvm2'] })
      .network({ slug: 'n903', vni: 903, eviId: 903, on: ['kvm1'] })
      .deviceFacts('pf1', {
        openbsd: {
          tunnelAddress: Ip.parse('10.5.0.254'),
          parent: DeviceName.parse('em0'),
          gateways: [
            { networkId: 'network-n903' as NetworkId, addresses: [] },
            {
              networkId: 'network-n307' as NetworkId,
              addresses: [address('10.4.4.254'), address('10.4.3.254'), { address: Ip.parse('2001:db8:307::1'), prefixLength: 64 }],
            },
          ],
        },
      })
      .build(),
  /** A host with Open vSwitch and two cables to a Comware stack: the trunk has the VLANs that the host's bridge needs. */
  'comware-lacp-to-open-vswitch': () =>
    new SnapshotBuilder()
      .device({ slug: 'picsou', platform: 'DEBIAN_FRR', vtep: null, ports: ['eno1', 'eno2', 'bond0'] })
      .device({ slug: 'hp5xxx', platform: 'HP_COMWARE', vtep: null, ports: ['GigabitEthernet1/0/1', 'GigabitEthernet2/0/1'] })
      .deviceFacts('hp5xxx', { comware: { defaultVlan: VlanId.parse(1) } })
      .deviceFacts('picsou', {
        openvswitch: {
          managedBy: 'OVSDB',
          bridges: [
            {
              name: DeviceName.parse('vubr0'),
              datapath: 'system',
              failMode: null,
              hasRstp: false,
              ports: [
                ovsPort('bond0', {
                  interfaces: ['eno1', 'eno2'].map((name) => ({ type: 'system' as const, name: DeviceName.parse(name), mtu: null })),
                  bond: { mode: 'balance-tcp', lacp: 'active', lacpTime: null },
                }),
                ovsPort('eno5', { trunks: [2, 3, 4, 10, 20, 30, 40, 50, 60, 70, 80, 90, 110] }),
                ovsPort('eno6', { tag: 12 }),
              ],
              mirrors: [],
              sflow: null,
            },
          ],
        },
      })
      .lag({
        mode: 'LACP',
        segment: null,
        ends: [
          {
            deviceId: 'device-picsou' as DeviceId,
            name: PortName.parse('bond0'),
            members: [PortName.parse('eno1'), PortName.parse('eno2')],
          },
          {
            deviceId: 'device-hp5xxx' as DeviceId,
            name: PortName.parse('Bridge-Aggregation1'),
            members: [PortName.parse('GigabitEthernet1/0/1'), PortName.parse('GigabitEthernet2/0/1')],
          },
        ],
      })
      .build(),
  /** What Trame does not push: the same numbers as data. */
  'external-as-data': () =>
    demoFabric()
      .device({ slug: 'sonic1', platform: 'EXTERNAL', vtep: '172.16.1.60', ports: ['Ethernet0', 'Ethernet4'] })
      .peering(
        '192.168.110.0/31',
        { device: 'test', port: 'Ethernet2', address: '192.168.110.0', role: 'ROUTE_REFLECTOR' },
        { device: 'sonic1', port: 'Ethernet0', address: '192.168.110.1', role: 'ROUTE_REFLECTOR_CLIENT' },
      )
      .network({
        slug: Slug.parse('blue'),
        name: Label.parse('Blue\u00a0customer'),
        vni: 10_001,
        eviId: 1,
        on: ['pve1', { device: 'sonic1', port: 'Ethernet4', vlan: 100, tagging: 'TAGGED' }],
      })
      .build(),
};
