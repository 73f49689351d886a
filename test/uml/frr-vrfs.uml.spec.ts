/**
 * VRFs of hosts in a kernel that has them: rendered files, put in force by ifupdown2 and FRR as a push would. Who gets out, where, and who meets whom.
 */
import { compileFabric, deviceIntent, type FabricSnapshot } from '#engines/intent';
import { exitNodes, leakingVrfs } from '#engines/intent/testing';
import { FRR_PATH, INTERFACES_PATH, renderDevice } from '#engines/rendering';
import { missingForUml, UmlMachine, type UmlNode } from '../../apps/lab/src/uml/index.js';
import { describeWith } from '../support/describe-with.js';

const PROGRAMS = {
  frr: '/usr/bin/vtysh',
  'frr-pythontools': '/usr/lib/frr/frr-reload.py',
  ifupdown2: '/usr/sbin/ifup',
  iptables: '/usr/sbin/iptables',
  'iputils-ping': '/usr/bin/ping',
};
const NODES = ['node1', 'node2', 'node3'];
const WITHIN = { timeout: 60_000, interval: 500 };
/** Where the host does not forward of its own, FRR prints so, and frr-reload would have it the other way round: nobody asks that of it. */
const RESIDUE = `judged=/run/judged.conf; { cat ${FRR_PATH}; vtysh -c 'show running-config' | grep -xE 'no ip(v6)? forwarding'; } >$judged
/usr/lib/frr/frr-reload.py --test --stdout $judged`;
const residue = async (node: UmlNode): Promise<string> => (await node.run(['sh', '-c', RESIDUE])).trim();
/** Five seconds of routing; starting programs is what is slow in this kernel. */
const MINUTES = 300_000;
/** The world beyond the gateway, and something of a host's own that no tenant may see. */
const WORLD = '198.51.100.1';
const MANAGEMENT = '203.0.113.7';

describeWith({ missing: missingForUml(PROGRAMS) }, 'three hosts with VRFs', () => {
  let machine: UmlMachine;
  let nodes: Map<string, UmlNode>;

  beforeEach(async () => {
    machine = await UmlMachine.boot({ memoryMb: 1536 });
    nodes = new Map();
  }, 60_000);
  afterEach(() => machine.close());

  const node = (name: string): UmlNode => {
    const found = nodes.get(name);
    if (!found) throw new Error(`no node ${name}`);
    return found;
  };

  async function cable(): Promise<void> {
    for (const name of NODES) nodes.set(name, await machine.node(name));
    await machine.link(node('node3'), 'ens19', node('node1'), 'ens19');
    await machine.link(node('node3'), 'ens20', node('node2'), 'ens19');
  }

  async function deploy(snapshot: FabricSnapshot): Promise<void> {
    const fabric = compileFabric(snapshot);
    await Promise.all(
      NODES.map(async (name) => {
        const files = new Map(renderDevice(deviceIntent(fabric, name)).map(({ path, content }) => [path, content]));
        await node(name).writeFile(INTERFACES_PATH, files.get(INTERFACES_PATH) ?? '');
        await node(name).run(['ifup', '-a']);
        await node(name).startFrr(files.get(FRR_PATH) ?? '');
      }),
    );
    await Promise.all(
      NODES.map(async (name) => {
        // FRR 8.4.4 that starts while the kernel tells it of a VNI loses the RD of that one now and then; a reload, as of a push, gives it.
        const lost = await residue(node(name));
        if (/^ *rd /m.test(lost)) await node(name).run(['/usr/lib/frr/frr-reload.py', '--reload', FRR_PATH]);
        expect(lost === '' ? '' : await residue(node(name)), `${name}: ${lost}`).toBe('');
      }),
    );
  }

  async function guest(on: string, bridge: string, address: string, gateway: string): Promise<UmlNode> {
    const name = `g${bridge}`;
    const found = await machine.node(name);
    nodes.set(name, found);
    await machine.link(node(on), `tap${bridge}`.slice(0, 15), found, 'eth0');
    await node(on).run(['ip', 'link', 'set', `tap${bridge}`.slice(0, 15), 'master', bridge, 'up']);
    await found.run([
      'sh',
      '-c',
      'ip link set eth0 mtu 1450 && ip address add "$1" dev eth0 && ip route add default via "$2"',
      'guest',
      address,
      gateway,
    ]);
    return found;
  }

  const reaches = async (from: UmlNode, address: string): Promise<boolean> => (await from.exec(['ping', '-c1', '-W1', address])).code === 0;
  const meet = (from: UmlNode, address: string): Promise<void> =>
    vi.waitFor(async () => expect(await reaches(from, address), address).toBe(true), WITHIN);
  const show = async (on: string, command: string): Promise<unknown> =>
    JSON.parse(await node(on).run(['vtysh', '-c', `show ${command} json`]));
  const wayOut = async (): Promise<string[]> => {
    const found = (await show('node3', 'ip route vrf vrf_myzone 0.0.0.0/0')) as Record<
      string,
      { selected?: boolean; protocol: string; nexthops: { ip?: string }[] }[]
    >;
    return (found['0.0.0.0/0'] ?? [])
      .filter(({ selected, protocol }) => selected && protocol === 'bgp')
      .flatMap(({ nexthops }) => nexthops.map(({ ip = '?' }) => ip));
  };

  /** A gateway with the world behind it, on the same wire as vmbr0 of both exit nodes; both have a management network beside it. */
  async function world(): Promise<void> {
    const gateway = await machine.node('world');
    nodes.set('world', gateway);
    await gateway.run([
      'sh',
      '-c',
      'ip link add wire type bridge && ip link set wire up && ip address add 192.0.2.1/24 dev wire && ip address add "$1/32" dev lo',
      'world',
      WORLD,
    ]);
    for (const [position, name] of ['node1', 'node2'].entries()) {
      await machine.link(gateway, `w${position}`, node(name), 'vmbr0');
      await gateway.run(['ip', 'link', 'set', `w${position}`, 'master', 'wire']);
      await node(name).run([
        'sh',
        '-c',
        'ip address add "$1" dev vmbr0 && ip link add mgmt type dummy && ip address add "$2/24" dev mgmt && ip link set mgmt up && ip route add default via 192.0.2.1',
        'exit',
        `192.0.2.1${position + 1}/24`,
        MANAGEMENT,
      ]);
    }
  }

  it(
    'let their guests out at the primary exit node, at the other one when that cannot, and never into a main table',
    async () => {
      await cable();
      await world();
      await deploy(exitNodes());
      const vm = await guest('node3', 'vnet12000', '10.0.2.10/24', '10.0.2.1');

      await vi.waitFor(async () => expect(await wayOut()).toEqual(['172.16.1.51']), WITHIN);
      await meet(vm, WORLD);
      const defaults = JSON.stringify(await show('node3', 'bgp l2vpn evpn route type prefix'));
      expect(defaults).toContain('172.16.1.51:100');
      expect(defaults).toContain('172.16.1.52:100');

      expect(await reaches(vm, MANAGEMENT)).toBe(false);
      expect(await node('node1').run(['ip', 'route', 'get', MANAGEMENT, 'vrf', 'vrf_myzone'])).toContain('via 192.0.2.1 dev vmbr0');
      expect(await node('node1').run(['ip', 'route', 'show', '10.0.2.0/24'])).toContain('10.0.2.0/24');
      const underlay = (await show('node3', 'bgp ipv4 unicast')) as { routes: Record<string, unknown> };
      expect(Object.keys(underlay.routes).sort()).toEqual(['172.16.1.51/32', '172.16.1.52/32', '172.16.1.53/32']);

      await node('node1').run(['ip', 'link', 'set', 'vmbr0', 'down']);
      await vi.waitFor(async () => expect(await wayOut()).toEqual(['172.16.1.52']), WITHIN);
      await meet(vm, WORLD);
      expect((await node('node1').exec(['ip', 'route', 'get', MANAGEMENT, 'vrf', 'vrf_myzone'])).stdout).not.toContain('mgmt');

      await node('node2').run(['ip', 'link', 'set', 'vmbr0', 'down']);
      await vi.waitFor(async () => expect(await wayOut()).toEqual([]), WITHIN);
      for (const name of NODES) {
        const { code, stderr } = await node(name).exec(['ip', 'route', 'get', MANAGEMENT, 'vrf', 'vrf_myzone']);
        expect({ name, code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('No route to host') }); // the VRF's own `unreachable default`
      }
    },
    MINUTES,
  );

  it(
    'reach their guests themselves where they may, over a cable of their own, and only there',
    async () => {
      await cable();
      await world();
      await deploy(exitNodes(true));
      const vm = await guest('node3', 'vnet12000', '10.0.2.10/24', '10.0.2.1');
      await vi.waitFor(async () => expect(await wayOut()).toEqual(['172.16.1.51']), WITHIN);
      await meet(vm, WORLD);
      await meet(node('node1'), '10.0.2.10');
      expect(await reaches(node('node3'), '10.0.2.10')).toBe(false);
      expect(await reaches(vm, MANAGEMENT)).toBe(false);
    },
    MINUTES,
  );

  it(
    'give two tenants the same services, and neither of them the other',
    async () => {
      await cable();
      await deploy(leakingVrfs());
      const red = await guest('node1', 'vnet11001', '10.61.0.10/24', '10.61.0.1');
      const green = await guest('node1', 'vnet11002', '10.62.0.10/24', '10.62.0.1');
      await guest('node2', 'vnet11003', '10.69.0.10/24', '10.69.0.1');
      await meet(red, '10.69.0.10');
      await meet(green, '10.69.0.10');
      expect(await reaches(red, '10.62.0.10')).toBe(false);
      expect(await reaches(green, '10.61.0.10')).toBe(false);
      // What was taken over is not announced as if it were one's own.
      const announced = JSON.stringify(await show('node3', 'bgp l2vpn evpn route type prefix'));
      expect(announced.match(/10\.69\.0\.0/g)?.length).toBeGreaterThan(0);
      expect(announced).not.toMatch(/172\.16\.1\.51:10[12]"[^[\]]*10\.69/);
      const redRoutes = (await show('node1', 'ip route vrf red')) as Record<string, unknown>;
      expect(Object.keys(redRoutes)).toEqual(expect.arrayContaining(['10.69.0.0/24', '10.99.0.2/32']));
      expect(Object.keys(redRoutes)).not.toContain('10.62.0.0/24');
    },
    MINUTES,
  );
});
