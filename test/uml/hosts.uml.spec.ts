/**
 * Debian hosts of the golden files that need a VRF, a bond, a dummy or 802.1Q, on a kernel that has them. One kernel carries all of them; the nodes of a
 * scenario are connected as its hosts would be, and the tests after the first ones of a scenario look at what is running.
 */
import type { FabricSnapshot } from '#engines/intent';
import { missingForUml, UmlMachine, type UmlNode } from '../../apps/lab/src/uml/index.js';
import { describeWith } from '../support/describe-with.js';
import { drift, hostState, installHost, interfacesOf, putInForce, scenario } from '../support/ifupdown2.js';

const PROGRAMS = { ifupdown2: '/usr/sbin/ifreload', 'iputils-ping': '/usr/bin/ping' };

describeWith({ missing: missingForUml(PROGRAMS) }, 'a host on a full kernel', () => {
  let machine: UmlMachine;
  beforeAll(async () => {
    machine = await UmlMachine.boot({ memoryMb: 2048 });
  });
  afterAll(() => machine.close());

  /** Puts a host in force, twice. The second time changes nothing. @returns whatever ifupdown2 said, or found otherwise than the file says. */
  async function deploy(node: UmlNode, snapshot: FabricSnapshot, slug: string): Promise<string[]> {
    const text = interfacesOf(snapshot, slug);
    const first = await putInForce(node, text);
    const [running, drifted] = [await hostState(node), await drift(node)];
    const second = await putInForce(node, text);
    expect(await hostState(node)).toEqual(running);
    return [...first, ...drifted, ...second];
  }
  /** What is left of a host when Trame takes everything away: interfaces, by name. */
  async function removed(node: UmlNode): Promise<string[]> {
    await putInForce(node, '');
    const links = await node.run(['ip', '-o', 'link']);
    return [...links.matchAll(/^\d+: ([^:@]+)/gm)]
      .map(([, name]) => name ?? '')
      .filter((name) => !/^far/.test(name))
      .sort();
  }
  const pings = async (node: UmlNode, address: string, options: readonly string[] = []): Promise<boolean> =>
    (await node.exec(['ping', '-n', '-c', '5', '-i', '0.3', '-W', '1', ...options, address])).stdout.includes('bytes from');
  const bonding = (node: UmlNode, bond: string, option: string): Promise<string> =>
    node.run(['cat', `/sys/class/net/${bond}/bonding/${option}`]).then((text) => text.trim().split(' ')[0] ?? '');

  it('has its VTEP address on a dummy of its own, made once, beside the bridge of the management that it leaves alone', async () => {
    const node = await machine.node('pve1');
    await installHost(node, ['ens19', 'ens20'], '192.168.1.154/24');
    expect(await deploy(node, scenario('host-loopback-on-dummy'), 'pve1')).toEqual([]);
    expect(await node.run(['ip', '-d', '-br', 'address', 'show', 'type', 'dummy'])).toMatch(/^lo1 .*172\.16\.1\.51\/32/);
    expect(await removed(node)).toEqual(['ens19', 'ens20', 'lo', 'vmbr0']);
    expect(await node.run(['ip', '-br', 'address', 'show', 'dev', 'vmbr0'])).toContain('192.168.1.154/24');
    await node.stop();
  });

  describe('with bonds', () => {
    it('runs each of the seven modes, with the options that the mode has', async () => {
      const node = await machine.node('seven');
      await installHost(
        node,
        [0, 1, 2, 3, 4, 5, 6].flatMap((mode) => [`eno${mode}a`, `eno${mode}b`]),
      );
      expect(await deploy(node, scenario('host-bond-modes'), 'seven')).toEqual([]);
      const all = async (option: string): Promise<string[]> => {
        const text = await node.run([
          'sh',
          '-c',
          `cd /sys/class/net; for bond in bond[0-6]; do read -r value _ <$bond/bonding/${option}; echo "$value"; done`,
        ]);
        return text.split('\n').slice(0, 7);
      };
      expect(await all('mode')).toEqual([
        'balance-rr',
        'active-backup',
        'balance-xor',
        'broadcast',
        '802.3ad',
        'balance-tlb',
        'balance-alb',
      ]);
      expect(await all('miimon')).toEqual(Array.from({ length: 7 }, () => '100'));
      expect((await all('xmit_hash_policy')).filter((_policy, mode) => [2, 4, 5].includes(mode))).toEqual([
        'layer2+3',
        'encap3+4',
        'layer3+4',
      ]);
      expect(await all('primary')).toEqual(['', 'eno1b', '', '', '', 'eno5a', 'eno6a']);
      expect([await bonding(node, 'bond1', 'updelay'), await bonding(node, 'bond1', 'active_slave')]).toEqual(['200', 'eno1b']);
      expect([await bonding(node, 'bond4', 'lacp_rate'), await bonding(node, 'bond4', 'min_links')]).toEqual(['fast', '1']);
      expect(await node.run(['cat', '/sys/class/net/bond4/mtu', '/sys/class/net/eno4a/mtu'])).toBe('9000\n9000\n');
      expect(await removed(node)).toEqual([...[0, 1, 2, 3, 4, 5, 6].flatMap((mode) => [`eno${mode}a`, `eno${mode}b`]), 'lo']);
      await node.stop();
    });

    it('speaks LACP over two cables, and goes on over one', async () => {
      const [left, right] = [await machine.node('lacp1'), await machine.node('lacp2')];
      for (const card of ['enp1s0f0', 'enp1s0f1']) await machine.link(left, card, right, card);
      expect(await deploy(left, scenario('host-bond-lacp'), 'proxmox1')).toEqual([]);
      await putInForce(right, interfacesOf(scenario('host-bond-lacp'), 'proxmox1').replace('192.168.131.1/24', '192.168.131.2/24'));
      await vi.waitFor(async () => expect(await bonding(left, 'bond0', 'ad_num_ports')).toBe('2'), { timeout: 60_000, interval: 500 });
      expect(await bonding(left, 'bond0', 'ad_partner_mac')).not.toBe('00:00:00:00:00:00');
      expect(await pings(left, '192.168.131.2')).toBe(true);
      await right.run(['ip', 'link', 'set', 'enp1s0f0', 'down']);
      expect(await pings(left, '192.168.131.2')).toBe(true);
      await Promise.all([left.stop(), right.stop()]);
    });

    it('reaches both others of a mesh of three, each over its own cable', async () => {
      const nodes = [await machine.node('proxmox1'), await machine.node('proxmox2'), await machine.node('proxmox3')] as const;
      const [one, two, three] = nodes;
      await machine.link(one, 'eno3', two, 'eno4');
      await machine.link(two, 'eno3', three, 'eno4');
      await machine.link(three, 'eno3', one, 'eno4');
      for (const node of nodes) await node.run(['sh', '-c', 'ip link add eno1 type veth peer name far0']);
      expect(await deploy(one, scenario('host-mesh-broadcast'), 'proxmox1')).toEqual([]);
      for (const node of [two, three]) expect(await putInForce(node, interfacesOf(scenario('host-mesh-broadcast'), node.name))).toEqual([]);
      expect(await bonding(one, 'bond1', 'mode')).toBe('broadcast');
      expect([await pings(one, '172.16.0.2'), await pings(one, '172.16.0.3'), await pings(two, '172.16.0.3')]).toEqual([true, true, true]);
      expect(await removed(one)).toEqual(['eno1', 'eno3', 'eno4', 'lo']);
      await Promise.all(nodes.map((node) => node.stop()));
    });
  });

  describe('with VLANs', () => {
    it('filters by VLAN on one bridge, has its own address in one VLAN and bridges another to guests', async () => {
      const [one, two] = [await machine.node('node1'), await machine.node('node2')];
      await machine.link(one, 'eno1', two, 'eno1');
      const snapshot = scenario('host-vlan-aware-bridge');
      expect(await deploy(one, snapshot, 'node1')).toEqual([]);
      expect(await putInForce(two, interfacesOf(snapshot, 'node2'))).toEqual([]);
      const [port] = JSON.parse(await one.run(['bridge', '-j', 'vlan', 'show', 'dev', 'eno1'])) as [{ vlans: readonly { vlan: number }[] }];
      expect(port.vlans.map(({ vlan }) => vlan)).toEqual(Array.from({ length: 4094 }, (_, index) => index + 1)); // 1 is the bridge's own.
      expect(await pings(one, '192.168.0.2')).toBe(true);
      for (const [number, node] of [one, two].entries()) {
        await node.run([
          'sh',
          '-c',
          'ip link add tap100i0 type veth peer name guest && ip link set tap100i0 master myvnet1 up && ip netns add guest && ip link set guest netns guest && ip -n guest address add "10.0.3.10$1/24" dev guest && ip -n guest link set guest up',
          'guest',
          String(number),
        ]);
      }
      expect(await one.run(['ip', 'netns', 'exec', 'guest', 'ping', '-c', '3', '-W', '2', '10.0.3.101'])).toContain('bytes from');
      expect(await drift(one)).toEqual([]); // With a guest's tap on the bridge.
      expect(await removed(one)).toEqual(['eno1', 'lo', 'tap100i0']);
      await Promise.all([one.stop(), two.stop()]);
    });

    it('puts a VLAN into a service VLAN, and a spanning tree over it', async () => {
      const node = await machine.node('qinq');
      await installHost(node, ['eno1', 'eno2']);
      expect(await deploy(node, scenario('host-vlan-in-vlan'), 'node1')).toEqual([]);
      expect(await node.run(['ip', '-d', 'link', 'show', 'eno1.20'])).toContain('vlan protocol 802.1ad id 20');
      expect(await node.run(['ip', '-d', 'link', 'show', 'customer100'])).toMatch(
        /customer100@eno1\.20: .* mtu 1500[\s\S]*vlan protocol 802\.1Q id 100/,
      );
      expect(await node.run(['cat', '/sys/class/net/vmbr1/bridge/stp_state', '/sys/class/net/vmbr1/bridge/forward_delay'])).toBe(
        '1\n1500\n',
      );
      expect(await removed(node)).toEqual(['eno1', 'eno2', 'lo']);
      await node.stop();
    });
  });

  describe('with VRFs', () => {
    it('routes its networks in their VRF, ends a miss there, and is left by nothing', async () => {
      const node = await machine.node('node3');
      await installHost(node, [], '192.168.0.3/24');
      expect(await deploy(node, scenario('host-evpn-on-one-wire'), 'node3')).toEqual([]);
      const routes = await node.run(['ip', 'route', 'show', 'vrf', 'vrf_myevpnzone']);
      expect(routes).toMatch(/^unreachable default metric 4278198272/m);
      expect(routes).toMatch(/^10\.0\.1\.0\/24 dev vnet11000 .*src 10\.0\.1\.1/m);
      expect(routes).toMatch(/^10\.0\.2\.0\/24 dev vnet12000 .*src 10\.0\.2\.1/m);
      // The management of the host, looked for from a network of the VRF.
      expect((await node.exec(['ip', 'route', 'get', '192.168.0.1', 'vrf', 'vrf_myevpnzone'])).stderr).toMatch(
        /No route to host|unreachable/,
      );
      expect(await node.run(['cat', '/sys/class/net/vnet11000/address', '/sys/class/net/vnet12000/address'])).toBe(
        '32:f4:05:fe:6c:0a\n32:f4:05:fe:6c:0a\n',
      );
      expect(await removed(node)).toEqual(['lo', 'vmbr0']);
      await node.stop();
    });

    it('has a cable from the VRF to itself where an exit node may reach the VRF', async () => {
      const node = await machine.node('exit1');
      await installHost(node, ['ens19', 'vmbr0']);
      expect(await deploy(node, scenario('frr-exit-nodes-local'), 'node1')).toEqual([]);
      expect(await pings(node, '100.64.0.201')).toBe(true);
      expect(await removed(node)).toEqual(['ens19', 'lo', 'vmbr0']);
      await node.stop();
    });
  });
});
