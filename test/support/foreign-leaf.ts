import type { FabricInventory } from '#contexts/fabric';

/** What a switch says of itself besides what is ours. */
export const OTHERS =
  '! device: LEAF9 (vEOS-lab, EOS-4.32.1F)\n!\nhostname LEAF9\n!\nusername admin secret sha512 $6$abc\n!\ninterface Management1\n   ip address 192.0.2.7/24\n!\n';

/** The demo fabric and a leaf that is another team's: nobody connects to it. */
export const withForeignLeaf =
  (passwordSecret?: string) =>
  (demo: FabricInventory): FabricInventory => ({
    ...demo,
    devices: [
      ...demo.devices.map((device) => (device.slug === 'test' ? { ...device, ports: [...device.ports, { name: 'Ethernet5' }] } : device)),
      {
        slug: 'leaf9',
        hostname: 'LEAF9',
        site: 'par1',
        platform: 'ARISTA_EOS',
        external: true,
        managementAddress: '192.0.2.9',
        managementPort: 443,
        username: '',
        vtep: { address: '172.16.1.9', routerId: '172.16.1.9', asn: 65_051 },
        ports: [
          { name: 'Ethernet1', description: 'to TEST' },
          { name: 'Ethernet2', isEdge: true },
        ],
      },
    ],
    links: [
      ...demo.links,
      {
        prefix: '192.168.109.0/24',
        ends: [
          { device: 'test', port: 'Ethernet5', address: '192.168.109.1' },
          { device: 'leaf9', port: 'Ethernet1', address: '192.168.109.2' },
        ],
      },
    ],
    sessions: [
      ...demo.sessions,
      {
        ends: [
          { device: 'test', address: '192.168.109.1', role: 'ROUTE_REFLECTOR' },
          { device: 'leaf9', address: '192.168.109.2', role: 'ROUTE_REFLECTOR_CLIENT' },
        ],
        families: ['IPV4_UNICAST', 'L2VPN_EVPN'],
        keepaliveSeconds: 20,
        holdSeconds: 60,
        ...(passwordSecret !== undefined && { passwordSecret }),
      },
    ],
    vlanDomains: [...demo.vlanDomains, { slug: 'leaf-9', kind: 'VTEP', devices: ['leaf9'] }],
  });
