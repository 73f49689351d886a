import { checkFabric, compileFabric, deviceIntent, type FabricSnapshot, type ProxmoxFacts } from '#engines/intent';
import { Asn, Ip, type NetworkId, Vni } from '#engines/kernel';
import { proxmoxScenarios } from '../testing/scenarios-proxmox.js';

type Change = (facts: ProxmoxFacts) => Partial<ProxmoxFacts>;

function fabric(change: Change): FabricSnapshot {
  const snapshot = proxmoxScenarios['proxmox-evpn']?.() as FabricSnapshot;
  return {
    ...snapshot,
    devices: snapshot.devices.map((device) =>
      device.proxmox ? { ...device, proxmox: { ...device.proxmox, ...change(device.proxmox) } } : device,
    ),
  };
}
const found = (snapshot: FabricSnapshot): string[] =>
  checkFabric(snapshot)
    .filter(({ path, severity }) => path === 'devices.par1.proxmox' && severity === 'ERROR')
    .map(({ code, message }) => `${code} ${message}`);

describe('a cluster of Proxmox', () => {
  it('is fine as its scenarios have it', () => {
    for (const [name, scenario] of Object.entries(proxmoxScenarios)) expect([name, checkFabric(scenario())]).toEqual([name, []]);
  });

  it('gives the other devices the VTEPs of all of its nodes', () => {
    const leaf = deviceIntent(compileFabric(fabric(() => ({}))), 'leaf1');
    expect(leaf.l2vnis.find(({ vni }) => vni === 10_001)?.remoteVteps).toEqual(['172.16.1.61', '172.16.1.62']);
  });

  it.each<[string, Change, string]>([
    ['a zone that is not ours by its name', () => ({ zone: 'prod' }), 'NAME_INVALID call the zone of par1 trame'],
    ['no nodes', () => ({ nodes: [] }), 'NOT_SUPPORTED name the nodes of par1'],
    [
      'a node with the VTEP of the leaf',
      ({ nodes }) => ({ nodes: [...nodes, { name: 'node3', vtep: Ip.parse('172.16.1.1') }] }),
      'DUPLICATE_ADDRESS',
    ],
    [
      'a name with a comma',
      ({ nodes }) => ({ nodes: nodes.map((node) => ({ ...node, name: `${node.name},x` })) }),
      'NAME_INVALID write "node2,x"',
    ],
    [
      'another AS number than that of the route targets',
      ({ evpn }) => ({ ...(evpn && { evpn: { ...evpn, asn: Asn.parse(65_000) } }) }),
      'RT_UNREACHABLE give the controller of par1 the AS number 65051',
    ],
    ['a controller of ours without peers', ({ evpn }) => ({ ...(evpn && { evpn: { ...evpn, peers: [] } }) }), 'NOT_SUPPORTED say whom'],
    [
      'the number of a network for its zone',
      ({ evpn }) => ({ ...(evpn && { evpn: { ...evpn, vrfVni: Vni.parse(10_001) } }) }),
      'DUPLICATE_VNI choose another number than that of network lan',
    ],
  ])('with %s is refused', (_what, change, message) => {
    expect(found(fabric(change))).toEqual(expect.arrayContaining([expect.stringContaining(message)]));
  });

  it('takes no network with route targets that Proxmox does not make', () => {
    const snapshot = fabric(() => ({}));
    const networks = snapshot.networks.map((network) =>
      network.id === ('network-lan' as NetworkId)
        ? { ...network, importTargets: [...network.importTargets, ...(snapshot.networks[2]?.importTargets ?? [])] }
        : network,
    );
    expect(found({ ...snapshot, networks })).toEqual([expect.stringContaining('let network lan import and export 65051:10001 alone')]);
  });

  it('routes only with EVPN, and lists its VTEPs only without', () => {
    const snapshot = proxmoxScenarios['proxmox-vxlan']?.() as FabricSnapshot;
    expect(found({ ...snapshot, fabric: { ...snapshot.fabric, replication: 'INGRESS_EVPN' } })).toEqual([
      expect.stringContaining('REPLICATION_INVALID make network lan INGRESS_STATIC'),
    ]);
  });
});
