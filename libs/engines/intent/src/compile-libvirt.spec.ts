import { checkFabric, compileFabric, deviceIntent, type FabricSnapshot, type LibvirtFacts } from '#engines/intent';
import { demoFabric, scenarios } from '#engines/intent/testing';
import { DeviceName, type NetworkId } from '#engines/kernel';

const followed = (vlan: number, more: Partial<LibvirtFacts> = {}): FabricSnapshot =>
  demoFabric()
    .network({ slug: 'web', vni: 10_001, eviId: 1, on: [{ device: 'pve1', vlan }, 'pve2'] })
    .network({ slug: 'db', vni: 10_002, eviId: 2, on: [{ device: 'pve1', vlan: 120 }] })
    .network({ slug: 'other', vni: 10_003, eviId: 3, on: ['pve2'] })
    .deviceFacts('pve1', {
      libvirt: {
        isOnDemand: false,
        networks: [
          {
            name: 'guests',
            bridge: DeviceName.parse('brint'),
            isOpenVswitch: true,
            portgroups: [],
            followsAttachments: true,
            profiles: [
              {
                name: 'routers',
                isDefault: true,
                networkIds: ['network-web' as NetworkId, 'network-db' as NetworkId],
                native: { networkId: 'network-web' as NetworkId, mode: 'untagged' },
              },
            ],
          },
        ],
        ...more,
      },
    })
    .build();

const libvirtOf = (snapshot: FabricSnapshot, slug = 'pve1') => deviceIntent(compileFabric(snapshot), slug).libvirt;
const portgroups = (snapshot: FabricSnapshot) =>
  libvirtOf(snapshot)?.networks[0]?.portgroups.map(({ name, tags, isTrunk, nativeTag }) => [name, tags, isTrunk, nativeTag?.vlan ?? null]);
const codes = (snapshot: FabricSnapshot) => checkFabric(snapshot).map(({ code, path }) => `${code} ${path}`);

describe('libvirt of a host', () => {
  it('has a portgroup for each network that comes out there, under a name that stays when the VLAN changes', () => {
    expect(portgroups(followed(110))).toEqual([
      ['db', [120], false, null],
      ['routers', [110, 120], true, 110],
      ['web', [110], false, null],
    ]);
    expect(portgroups(followed(300))).toEqual([
      ['db', [120], false, null],
      ['routers', [120, 300], true, 300],
      ['web', [300], false, null],
    ]);
  });

  it('knows its networks again at every rendering, and takes the UUID that libvirt has already', () => {
    const uuid = (snapshot: FabricSnapshot, slug?: string) => libvirtOf(snapshot, slug)?.networks[0]?.uuid;
    expect(uuid(followed(110))).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(uuid(followed(300))).toBe(uuid(followed(110)));
    const known = '3f2504e0-4f89-41d3-9a0c-0305e82c3301';
    expect(
      uuid(
        followed(110, {
          networks: [{ name: 'guests', uuid: known.toUpperCase(), bridge: DeviceName.parse('br0'), isOpenVswitch: false, portgroups: [] }],
        }),
      ),
    ).toBe(known);
  });

  it('is not there where nobody has said so', () => {
    expect(libvirtOf(followed(110), 'pve2')).toBeNull();
  });

  it('offers a network under its slug, on the bridge that its guests get on this host', () => {
    const bridges = (more: Partial<LibvirtFacts>) =>
      libvirtOf(followed(110, { networks: [], offersBridges: true, ...more }))?.networks.map(({ name, bridge }) => `${name} ${bridge}`);
    expect(bridges({})).toEqual(['db vnet10002', 'web vnet10001']);
    expect(bridges({ isOnDemand: true, bridgePrefix: 'br' })).toEqual(['db br10002', 'web br10001']);
  });

  it('has its hook told all it needs: names, numbers, and the other VTEPs by their way of flooding', () => {
    const { onDemand } = libvirtOf(scenarios['libvirt-on-demand']?.() ?? followed(110), 'kvm1') ?? {};
    expect(onDemand?.networks.map(({ vni, bridge, tunnel, flooding }) => [vni, bridge, tunnel, flooding])).toEqual([
      [307, 'br307', 'vxlan307', { kind: 'MULTICAST', group: '239.0.1.51', port: 'eth0' }],
      [903, 'br903', 'vxlan903', { kind: 'MULTICAST', group: '239.0.3.135', port: 'eth0' }],
      [4001, 'br4001', 'vxlan4001', { kind: 'STATIC', peers: ['10.5.0.12'] }],
    ]);
    expect(onDemand?.removeAfterSeconds).toBe(60);
  });

  it('is refused where a profile or a name leads nowhere', () => {
    const profile = (slugs: readonly string[]) => ({
      name: 'web',
      isDefault: false,
      networkIds: slugs.map((slug) => `network-${slug}` as NetworkId),
      native: null,
    });
    const guests = { name: 'db', bridge: DeviceName.parse('brint'), isOpenVswitch: true, portgroups: [], followsAttachments: true };
    expect(codes(followed(110, { offersBridges: true, networks: [{ ...guests, profiles: [profile(['web', 'other'])] }] }))).toEqual([
      'DUPLICATE_NAME devices.pve1.libvirt.networks.db',
      'DUPLICATE_NAME devices.pve1.libvirt.networks.db.portgroups.web',
      'UNKNOWN_REFERENCE devices.pve1.libvirt.networks.db.profiles.web',
    ]);
    expect(codes(followed(110, { networks: [{ ...guests, profiles: [profile([])] }] }))).toContain(
      'ATTACHMENT_INVALID devices.pve1.libvirt.networks.db.profiles.web',
    );
  });

  it('does not let bridges come and go that route', () => {
    const snapshot = demoFabric()
      .vrf({ name: 'red', l3vni: 15_000, eviId: 100 })
      .network({
        slug: 'web',
        vni: 10_001,
        eviId: 1,
        vrf: 'red',
        on: ['pve1'],
        subnets: [{ cidr: '10.20.0.0/24', gateway: '10.20.0.1', mode: 'ANYCAST_VTEP' }],
      })
      .deviceFacts('pve1', { libvirt: { isOnDemand: true, bridgePrefix: 'br', networks: [] } })
      .build();
    expect(codes(snapshot)).toEqual(['NOT_SUPPORTED devices.pve1.libvirt.isOnDemand']);
  });
});
