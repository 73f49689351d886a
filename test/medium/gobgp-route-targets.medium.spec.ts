/**
 * RD, route targets, labels and router MAC as rendered, read back from a speaker that shares no line of code with FRR: gobgpd. It is the leaf of
 * a host whose files are ours. The VRF is a network namespace (`zebra -n`), because the kernel underneath may have no VRFs.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileFabric, type DeviceIntent, deviceIntent, type L2VniIntent, type VrfIntent } from '#engines/intent';
import { SnapshotBuilder } from '#engines/intent/testing';
import { FRR_PATH, renderDevice } from '#engines/rendering';
import { Lab, type LabNode, missingForRealHosts } from '../../apps/lab/src/hosts/index.js';
import { describeWith, missing } from '../support/describe-with.js';

const WITHIN = { timeout: 30_000, interval: 250 };
const LEAF = '172.16.1.1';

/** A host of AS 65051 beside a leaf of AS 65000: two plain networks, one that is routed, and the VRF that routes it. */
const snapshot = new SnapshotBuilder()
  .device({ slug: 'leaf1', platform: 'ARISTA_EOS', vtep: LEAF, asn: 65_000, ports: ['Ethernet1', 'Ethernet2'] })
  .device({ slug: 'pve1', platform: 'DEBIAN_FRR', vtep: '172.16.1.51', ports: ['ens19'] })
  .peering(
    '192.168.100.0/24',
    { device: 'leaf1', port: 'Ethernet1', address: '192.168.100.1' },
    { device: 'pve1', port: 'ens19', address: '192.168.100.2' },
  )
  .vrf({ name: 'red', l3vni: 15_000, eviId: 100, importTargets: ['65051:15000', '64999:7'], exportTargets: ['65051:15000', '64999:8'] })
  .network({ slug: 'blue', vni: 10_001, eviId: 1, on: ['pve1', { device: 'leaf1', port: 'Ethernet2', vlan: 101, tagging: 'TAGGED' }] })
  .network({ slug: 'green', vni: 16_777_214, eviId: 2, on: ['pve1', { device: 'leaf1', port: 'Ethernet2', vlan: 102, tagging: 'TAGGED' }] })
  .network({
    slug: 'web',
    vni: 10_003,
    eviId: 3,
    vrf: 'red',
    on: ['pve1'],
    subnets: [{ cidr: '10.20.1.0/24', gateway: '10.20.1.1', mode: 'ANYCAST_VTEP' }],
  })
  .build();

const GOBGP = `
[global.config]
  as = 65000
  router-id = "${LEAF}"
[[neighbors]]
  [neighbors.config]
    neighbor-address = "192.168.100.2"
    peer-as = 65051
  [neighbors.transport.config]
    passive-mode = true
  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = "ipv4-unicast"
  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = "l2vpn-evpn"
`;

/** The host's own interfaces: tunnels are made in the main namespace, where their outer packets belong, and then moved to the VRF's. */
function interfaces({ vtep, underlayPorts, l2vnis, vrfs }: DeviceIntent): string {
  const bridge = (vni: number, tunnel: string, name: string, rest: { space: string | null; mac?: string; address?: string }): string[] => {
    const [ip, bridgeCommand] = rest.space ? [`ip -n ${rest.space}`, `bridge -n ${rest.space}`] : ['ip', 'bridge'];
    return [
      `ip link add ${tunnel} type vxlan id ${vni} local ${vtep?.address} dstport ${vtep?.udpPort} nolearning`,
      ...(rest.space ? [`ip link set ${tunnel} netns ${rest.space}`] : []),
      `${ip} link add ${name} ${rest.mac ? `address ${rest.mac}` : ''} type bridge stp_state 0 forward_delay 0`,
      `${ip} link set ${tunnel} master ${name}`,
      `${bridgeCommand} link set dev ${tunnel} learning off neigh_suppress on`,
      `${ip} link set ${tunnel} up`,
      `${ip} link set ${name} up`,
      ...(rest.address ? [`${ip} address add ${rest.address} dev ${name}`] : []),
    ];
  };
  return [
    `ip address add ${vtep?.address}/32 dev lo`,
    ...underlayPorts.map(({ port, address, prefixLength }) => `ip address add ${address}/${prefixLength} dev ${port}`),
    'mkdir -p /run/netns',
    ...vrfs.flatMap(({ name, l3vni, vxlanName, bridgeName, routerMac }) => [
      `ip netns add ${name}`,
      `ip -n ${name} link set lo up`,
      ...bridge(l3vni, vxlanName, bridgeName, { space: name, mac: routerMac }),
    ]),
    ...l2vnis.flatMap(({ vni, vxlanName, bridgeName, vrf, gateways: [gateway] }) =>
      bridge(vni, vxlanName, bridgeName, { space: vrf, ...(gateway && { address: `${gateway.address}/${gateway.prefixLength}` }) }),
    ),
  ].join('\n');
}

interface Path {
  readonly nlri: {
    readonly type: number;
    readonly value: {
      readonly rd?: { readonly admin: string | number; readonly assigned: number };
      readonly prefix?: string;
      readonly mac?: string;
      readonly labels?: readonly number[];
      readonly label?: number;
    };
  };
  readonly attrs: readonly { readonly type: number; readonly value?: unknown; readonly label?: number }[];
}
interface Community {
  readonly type: number;
  readonly subtype: number;
  readonly value?: string;
  readonly mac?: string;
  readonly tunnel_type?: number;
}

/** RFC 4360, RFC 5512, RFC 9135: what the extended communities of a path say. */
const communities = ({ attrs }: Path): Community[] => attrs.filter(({ type }) => type === 16).flatMap(({ value }) => value as Community[]);
const targetsOf = (path: Path): string[] =>
  communities(path)
    .filter(({ subtype, value }) => subtype === 2 && value !== undefined)
    .map(({ value }) => value ?? '')
    .sort();
const rdOf = ({ nlri: { value } }: Path): string => `${value.rd?.admin}:${value.rd?.assigned}`;
const pmsiLabel = ({ attrs }: Path): number | undefined => attrs.find(({ type }) => type === 22)?.label;

describeWith(
  { missing: [...missingForRealHosts(), ...missing({ programs: { gobgpd: '/usr/bin/gobgpd' } })] },
  'another BGP speaker',
  () => {
    let directory: string;
    let lab: Lab;
    let leaf: LabNode;
    let host: LabNode;
    const intent = deviceIntent(compileFabric(snapshot), 'pve1');
    const network = (slug: string): L2VniIntent => found(intent.l2vnis.find(({ networkSlug }) => networkSlug === slug));
    const red: VrfIntent = found(intent.vrfs[0]);

    beforeAll(async () => {
      directory = await mkdtemp(join(tmpdir(), 'trame-gobgp-'));
      lab = await Lab.create(join(directory, 'lab'));
      [leaf, host] = await Promise.all([lab.node('leaf1'), lab.node('pve1')]);
      await lab.link(leaf, 'Ethernet1', host, 'ens19');
      await leaf.run(['sh', '-ec', `ip address add 192.168.100.1/24 dev Ethernet1\nip address add ${LEAF}/32 dev lo`]);
      await leaf.writeFile('/run/gobgp.toml', GOBGP);
      await leaf.run(['sh', '-c', 'gobgpd -f /run/gobgp.toml --api-hosts 127.0.0.1:50051 --pprof-disable >/run/gobgpd.log 2>&1 &']);
      await host.run(['sh', '-ec', interfaces(intent)]);
      await writeFile(host.hostPath(FRR_PATH), renderDevice(intent).find(({ path }) => path === FRR_PATH)?.content ?? '');
      await host.run([
        'sh',
        '-c',
        'chown -R frr:frr /etc/frr /var/log/frr; /usr/lib/frr/zebra -n -d -A 127.0.0.1 && /usr/lib/frr/bgpd -d -A 127.0.0.1 && /usr/lib/frr/staticd -d -A 127.0.0.1 && vtysh -b',
      ]);
      await leaf.run(['gobgp', 'global', 'rib', 'add', `${LEAF}/32`, '-a', 'ipv4', 'nexthop', '192.168.100.1']).catch(retry);
    }, 60_000);
    afterAll(async () => {
      await lab?.close();
      await rm(directory, { recursive: true, force: true });
    });

    /** gobgpd opens its API a moment after it has started. */
    async function retry(): Promise<void> {
      await vi.waitFor(() => leaf.run(['gobgp', 'global', 'rib', 'add', `${LEAF}/32`, '-a', 'ipv4', 'nexthop', '192.168.100.1']), WITHIN);
    }
    async function heard(): Promise<Path[]> {
      const { code, stdout } = await leaf.exec(['gobgp', 'neighbor', '192.168.100.2', 'adj-in', '-a', 'evpn', '-j']);
      return code === 0 && stdout.trim() !== '' ? (Object.values(JSON.parse(stdout) as Record<string, Path[]>).flat() as Path[]) : [];
    }
    const heardOf = async (type: number, rd: string): Promise<Path> =>
      found((await heard()).find((path) => path.nlri.type === type && rdOf(path) === rd));
    const say = (...route: string[]): Promise<string> => leaf.run(['gobgp', 'global', 'rib', '-a', 'evpn', 'add', ...route]);
    const show = async (command: string): Promise<unknown> => JSON.parse(await host.run(['vtysh', '-c', `show ${command} json`]));

    it.each(['blue', 'green', 'web'])('hears of network %s with the RD, the targets and the VNI of the model', async (slug) => {
      const { rd, exportTargets, vni } = network(slug);
      await vi.waitFor(async () => {
        const path = await heardOf(3, rd);
        expect(targetsOf(path)).toEqual([...exportTargets].sort());
        expect(pmsiLabel(path)).toBe(vni);
        expect(communities(path)).toContainEqual(expect.objectContaining({ tunnel_type: 8 })); // VXLAN
      }, WITHIN);
    });

    it('hears of the subnet of the VRF with its RD, its targets, its L3 VNI and the router MAC of the host', async () => {
      await vi.waitFor(async () => {
        const path = await heardOf(5, red.rd);
        expect(path.nlri.value).toMatchObject({ prefix: '10.20.1.0/24' });
        expect(path.nlri.value.label ?? path.nlri.value.labels?.[0]).toBe(red.l3vni);
        expect(targetsOf(path)).toEqual([...red.exportTargets].sort());
        expect(communities(path).map(({ mac }) => mac)).toContain(red.routerMac);
      }, WITHIN);
    });

    it('hears nothing under any other RD', async () => {
      const own = [...intent.l2vnis, red].map(({ rd }) => rd).sort();
      await vi.waitFor(async () => expect([...new Set((await heard()).map(rdOf))].sort()).toEqual(own), WITHIN);
    });

    it('is believed under the targets of the model, and under no others', async () => {
      const { vni } = network('blue');
      const mac = (address: string, target: string) =>
        say(
          'macadv',
          address,
          '0.0.0.0',
          'esi',
          '0',
          'etag',
          '0',
          'label',
          String(vni),
          'rd',
          `${LEAF}:1`,
          'rt',
          target,
          'encap',
          'vxlan',
          'nexthop',
          LEAF,
        );
      await mac('02:aa:00:00:00:02', '65051:10009');
      await mac('02:aa:00:00:00:03', '65000:10001'); // what FRR would take by itself, whatever the AS is
      await mac('02:aa:00:00:00:01', '65051:10001');
      await say(
        'multicast',
        LEAF,
        'etag',
        '0',
        'rd',
        `${LEAF}:1`,
        'rt',
        '65051:10001',
        'encap',
        'vxlan',
        'pmsi',
        'ingress-repl',
        String(vni),
        LEAF,
      );
      await vi.waitFor(async () => {
        const { macs = {} } = (await show(`evpn mac vni ${vni}`)) as { macs?: Record<string, unknown> };
        expect(Object.keys(macs).filter((address) => address.startsWith('02:aa'))).toEqual(['02:aa:00:00:00:01']);
        expect(await show(`evpn vni ${vni}`)).toMatchObject({ numRemoteVteps: [LEAF] });
      }, WITHIN);
      const known = JSON.stringify(await show('bgp l2vpn evpn route'));
      for (const address of ['02:aa:00:00:00:02', '02:aa:00:00:00:03']) expect(known).toContain(address); // received, and not imported
    });

    it('is believed about prefixes of the VRF under each of its import targets, and not under an export target', async () => {
      const prefix = (cidr: string, target: string) =>
        say(
          'prefix',
          cidr,
          'esi',
          '0',
          'etag',
          '0',
          'label',
          String(red.l3vni),
          'gw',
          '0.0.0.0',
          'rd',
          `${LEAF}:100`,
          'rt',
          target,
          'encap',
          'vxlan',
          'router-mac',
          '02:00:ac:10:01:01',
          'nexthop',
          LEAF,
        );
      await prefix('10.98.0.0/24', '64999:8');
      await prefix('10.97.0.0/24', '65051:10003');
      await prefix('10.96.0.0/24', '65051:15000');
      await prefix('10.95.0.0/24', '64999:7');
      await vi.waitFor(async () => {
        const routes = Object.keys((await show('ip route vrf red bgp')) as Record<string, unknown>);
        expect(routes.sort()).toEqual(['10.95.0.0/24', '10.96.0.0/24']);
      }, WITHIN);
      const received = JSON.stringify(await show('bgp l2vpn evpn route type prefix'));
      for (const address of ['10.97.0.0', '10.98.0.0']) expect(received).toContain(address);
    });
  },
);

function found<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new Error('not there');
  return value;
}
