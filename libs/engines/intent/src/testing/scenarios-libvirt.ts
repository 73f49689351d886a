/** Hosts with libvirt, and OpenNebula front ends. */
import { type DeviceId, DeviceName, Ip, type NetworkId, VlanId } from '#engines/kernel';
import type { FabricSnapshot, LibvirtNetworkFacts, LibvirtPortgroupFacts, OvsBridgeFacts, OvsPortFacts } from '../snapshot.js';
import { demoFabric } from './demo-fabric.js';
import { SnapshotBuilder } from './snapshot-builder.js';

const networkId = (slug: string): NetworkId => `network-${slug}` as NetworkId;

const portgroup = (name: string, tags: readonly number[], more: Partial<LibvirtPortgroupFacts> = {}): LibvirtPortgroupFacts => ({
  name,
  isDefault: false,
  isTrunk: tags.length > 1,
  tags: tags.map(VlanId.parse),
  nativeTag: null,
  ...more,
});

const onOpenVswitch = (name: string, bridge: string, more: Partial<LibvirtNetworkFacts> = {}): LibvirtNetworkFacts => ({
  name,
  bridge: DeviceName.parse(bridge),
  isOpenVswitch: true,
  portgroups: [],
  ...more,
});

const ovsBridge = (name: string, ports: readonly OvsPortFacts[] = []): OvsBridgeFacts => ({
  name: DeviceName.parse(name),
  datapath: 'system',
  failMode: null,
  hasRstp: false,
  ports,
  mirrors: [],
  sflow: null,
});

const ovsPort = (name: string, more: Partial<OvsPortFacts>): OvsPortFacts => ({
  name: DeviceName.parse(name),
  vlanMode: null,
  tag: null,
  trunks: [],
  cvlans: [],
  outerTag: null,
  isProtected: false,
  interfaces: [],
  bond: null,
  ...more,
});

/** The hypervisor's own place in VLAN 99 is the bridge's own port: a row of the database, and so there after every boot. */
const ownPort = ovsPort('brint', {
  tag: 99,
  interfaces: [
    {
      type: 'internal',
      name: DeviceName.parse('brint'),
      mtu: null,
      addresses: [{ address: Ip.parse('10.99.1.250'), prefixLength: 24 }],
      gateway: null,
    },
  ],
});
const cable = ovsPort('eno1', { interfaces: [{ type: 'system', name: DeviceName.parse('eno1'), mtu: null }] });

const pools = Array.from({ length: 10 }, (_, position) => 100 + position);

/** Two Open vSwitch bridges: guests with a public address on one, and on the other VLANs for management, for routers and for pools of services. */
const portgroupsByHand = [
  portgroup('vlansadmin', [99, 250]),
  portgroup('vlansext', [10, 20]),
  portgroup('vlan10', [10]),
  portgroup('vlan20', [20]),
  portgroup('vlansint', pools),
  ...pools.map((vlan) => portgroup(String(vlan), [vlan])),
];

/** Demo host pve1 has libvirt above an Open vSwitch bridge; the networks have VLANs there. */
function followed(): SnapshotBuilder {
  return demoFabric()
    .network({ slug: 'web', vni: 10_001, eviId: 1, on: [{ device: 'pve1', vlan: 110 }, 'pve2'] })
    .network({ slug: 'db', vni: 10_002, eviId: 2, on: [{ device: 'pve1', vlan: 120 }] })
    .network({ slug: 'supervision', vni: 10_003, eviId: 3, on: [{ device: 'pve1', vlan: 250 }] });
}

const onDemandHosts = (): SnapshotBuilder =>
  new SnapshotBuilder()
    .fabric({ replication: 'MULTICAST' })
    .device({ slug: 'kvm1', platform: 'DEBIAN_FRR', vtep: '10.5.0.11', ports: ['eth0'], software: { libvirt: '9.0.0' } })
    .device({ slug: 'kvm2', platform: 'DEBIAN_FRR', vtep: '10.5.0.12', ports: ['eth0'], software: { libvirt: '9.0.0' } })
    .link('10.5.0.0/24', { device: 'kvm1', port: 'eth0', address: '10.5.0.111' }, { device: 'kvm2', port: 'eth0', address: '10.5.0.112' })
    .network({ slug: 'n307', vni: 307, eviId: 307, on: ['kvm1', 'kvm2'] })
    .network({ slug: 'n903', name: 'Labs "903"', vni: 903, eviId: 903, on: ['kvm1', 'kvm2'] })
    .networkFacts('n307', { replication: 'MULTICAST' });

export const libvirtScenarios: Readonly<Record<string, () => FabricSnapshot>> = {
  'libvirt-portgroups-by-hand': () =>
    new SnapshotBuilder()
      .device({ slug: 'dedibox', platform: 'DEBIAN_FRR', vtep: null, ports: ['eno1'] })
      .deviceFacts('dedibox', {
        openvswitch: { managedBy: 'OVSDB', bridges: [ovsBridge('br0', [cable]), ovsBridge('brint', [ownPort])] },
        libvirt: {
          isOnDemand: false,
          networks: [onOpenVswitch('ovs-front', 'br0'), onOpenVswitch('intern-vlans', 'brint', { portgroups: portgroupsByHand })],
        },
      })
      .build(),
  /** Names are slugs and stay, whatever VLAN a network gets; a trunk follows its networks. */
  'libvirt-portgroups-of-attachments': () =>
    followed()
      .deviceFacts('pve1', {
        libvirt: {
          isOnDemand: false,
          offersBridges: true,
          networks: [
            onOpenVswitch('guests', 'brint', {
              uuid: '3F2504E0-4F89-41D3-9A0C-0305E82C3301',
              followsAttachments: true,
              portgroups: [portgroup('quarantine', [], { isDefault: true })],
              profiles: [
                {
                  name: 'routers',
                  isDefault: false,
                  networkIds: ['web', 'db', 'supervision'].map(networkId),
                  native: { networkId: networkId('supervision'), mode: 'untagged' },
                },
              ],
            }),
          ],
        },
      })
      .build(),
  /** A bridge and a tunnel per network while a guest uses it: by multicast with the names that domains have, by a list with ours. */
  'libvirt-on-demand': () =>
    onDemandHosts()
      .network({ slug: 'n4001', vni: 4001, eviId: 4001, on: ['kvm1', 'kvm2'] })
      .networkFacts('n4001', { replication: 'INGRESS_STATIC' })
      .deviceFacts('kvm1', { libvirt: { isOnDemand: true, bridgePrefix: 'br', offersBridges: true, networks: [] } })
      .deviceFacts('kvm2', { libvirt: { isOnDemand: true, removeAfterSeconds: 300, networks: [] } })
      .build(),
  'libvirt-on-demand-evpn': () =>
    demoFabric()
      .network({ slug: 'blue', vni: 10_001, eviId: 1, on: ['pve1', 'pve2', { device: 'test', port: 'Ethernet2', vlan: 100 }] })
      .deviceFacts('pve1', { libvirt: { isOnDemand: true, bridgePrefix: 'vn', offersBridges: true, networks: [] } })
      .build(),
  'opennebula-networks': () => withVlans('one', { old: 20, ovs: 30 }, openNebula()),
};

function openNebula(): FabricSnapshot {
  return demoFabric()
    .device({ slug: 'one', platform: 'OPENNEBULA', vtep: null, ports: [] })
    .network({
      slug: 'blue',
      name: 'Société "Bleue" \\',
      vni: 10_001,
      eviId: 1,
      on: ['pve1', { device: 'test', port: 'Ethernet2', vlan: 163 }],
      subnets: [{ cidr: '10.20.0.0/24', gateway: '10.20.0.100', mode: 'EXTERNAL_FIREWALL' }, { cidr: '2001:db8:1::/64' }],
    })
    .network({ slug: 'red', vni: 903, eviId: 2, on: ['pve1', 'pve2'], subnets: [{ cidr: '10.20.1.0/24' }] })
    .networkFacts('red', { replication: 'MULTICAST' })
    .network({ slug: 'old', vni: 10_003, eviId: 3, on: ['pve1'] })
    .network({ slug: 'ovs', vni: 10_004, eviId: 4, on: ['pve1'] })
    .network({ slug: 'plain', vni: 10_005, eviId: 5, on: ['pve1'] })
    .deviceFacts('one', {
      opennebula: {
        physicalDevice: 'ens19',
        dns: [Ip.parse('10.20.0.53'), Ip.parse('2001:db8::53')],
        networks: [
          { networkId: networkId('blue'), driver: 'vxlan' },
          { networkId: networkId('red'), driver: 'vxlan' },
          { networkId: networkId('old'), driver: '802.1Q' },
          { networkId: networkId('ovs'), driver: 'ovswitch', bridge: DeviceName.parse('brint') },
          { networkId: networkId('plain'), driver: 'bridge', bridge: DeviceName.parse('br0') },
        ],
      },
    })
    .build();
}

/** VLANs of a device that no network comes out on. */
function withVlans(device: string, vlans: Readonly<Record<string, number>>, snapshot: FabricSnapshot): FabricSnapshot {
  const mappings = Object.entries(vlans).map(([slug, vlan]) => ({
    deviceId: `device-${device}` as DeviceId,
    networkId: networkId(slug),
    vlan: VlanId.parse(vlan),
  }));
  return { ...snapshot, vlanMappings: [...snapshot.vlanMappings, ...mappings] };
}

export const refusedLibvirtScenarios: Readonly<Record<string, () => FabricSnapshot>> = {
  /** Everything that net-define takes and that is wrong. */
  'error-libvirt-portgroups': () =>
    new SnapshotBuilder()
      .device({ slug: 'dedibox', platform: 'DEBIAN_FRR', vtep: null, ports: ['eno1'] })
      .deviceFacts('dedibox', {
        openvswitch: { managedBy: 'OVSDB', bridges: [ovsBridge('br0', [cable])] },
        libvirt: {
          isOnDemand: false,
          networks: [
            onOpenVswitch('intern-vlans', 'brint', {
              portgroups: [
                portgroup('vlan10', [10]),
                portgroup('vlan10', [20]),
                portgroup('vlansext', [10, 20], { isTrunk: false }),
                portgroup('twice', [30, 30]),
                portgroup('a b', [40], { isDefault: true }),
                portgroup('empty', [], { isTrunk: true, isDefault: true }),
                portgroup('native', [50, 60], { nativeTag: { vlan: VlanId.parse(70), mode: 'tagged' } }),
                { ...portgroup('far', [1]), tags: [4095 as VlanId] },
              ],
            }),
            { name: 'plain', bridge: DeviceName.parse('br0'), isOpenVswitch: false, portgroups: [portgroup('vlan10', [10])] },
            { name: 'plain', uuid: 'none', bridge: DeviceName.parse('br0'), isOpenVswitch: false, portgroups: [] },
          ],
        },
      })
      .build(),
  'error-libvirt-on-demand': () =>
    onDemandHosts()
      .network({ slug: 'n70000', vni: 70_000, eviId: 7, on: ['kvm1', { device: 'kvm1', port: 'eth1', tagging: 'UNTAGGED' }] })
      .deviceFacts('kvm1', {
        software: { libvirt: '6.4.0' },
        libvirt: { isOnDemand: true, bridgePrefix: 'Br-', removeAfterSeconds: -1, networks: [] },
      })
      .deviceFacts('kvm2', { libvirt: { isOnDemand: true, networks: [] } })
      .build(),
  'error-opennebula': () =>
    new SnapshotBuilder()
      .fabric({ replication: 'MULTICAST', multicastScheme: 'EXPLICIT' })
      .device({ slug: 'kvm1', platform: 'DEBIAN_FRR', vtep: '10.5.0.11', ports: ['eth0'] })
      .device({ slug: 'one', platform: 'OPENNEBULA', vtep: null, ports: [] })
      .network({ slug: 'static', vni: 4001, eviId: 1, on: ['kvm1'] })
      .networkFacts('static', { replication: 'INGRESS_STATIC' })
      .network({ slug: 'long', vni: 16_000_000, eviId: 2, on: ['kvm1'] })
      .networkFacts('long', { multicastGroup: Ip.parse('239.1.0.1') })
      .network({ slug: 'bare', vni: 4003, eviId: 3, on: ['kvm1'] })
      .networkFacts('bare', { multicastGroup: Ip.parse('239.1.1.2') })
      .deviceFacts('one', {
        opennebula: {
          physicalDevice: 'enp129s0f0',
          networks: [
            { networkId: networkId('static'), driver: 'vxlan' },
            { networkId: networkId('long'), driver: 'vxlan' },
            { networkId: networkId('bare'), driver: 'ovswitch' },
            { networkId: networkId('bare'), driver: '802.1Q' },
            { networkId: networkId('gone'), driver: 'bridge' },
          ],
        },
      })
      .build(),
};
