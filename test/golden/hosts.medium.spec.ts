/**
 * Debian hosts of the golden files, put in force by ifupdown2 on the machine's own kernel: what ifupdown2 thinks of them, what a second push
 * changes, what is left when they are taken away, and whether packets come through. Hosts that need VRFs, bonds or
 * 802.1Q are judged in test/uml/hosts.uml.spec.ts.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FabricSnapshot, HostNatFacts } from '#engines/intent';
import { Lab, type LabNode, type LabVm, missingForRealHosts } from '../../apps/lab/src/hosts/index.js';
import { describeWith } from '../support/describe-with.js';
import { drift, hostState, installHost, interfacesOf, putInForce, scenario } from '../support/ifupdown2.js';

const missing = [...missingForRealHosts(), ...(existsSync('/usr/sbin/iptables') ? [] : ['Debian package iptables'])];

describeWith({ missing }, 'a host with ifupdown2', () => {
  let directory: string;
  let lab: Lab;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'trame-hosts-'));
    lab = await Lab.create(join(directory, 'lab'));
  });
  afterEach(async () => {
    await lab.close();
    await rm(directory, { recursive: true, force: true });
  });

  it.each([
    ['host-bridge', 'proxmox1'],
    ['host-routed-bridge-nat', 'vps'],
    ['host-vxlan-static-peers', 'node2'],
    ['host-vxlan-multicast', 'hv1'],
    ['host-vxlan-over-ipv6', 'pve1'],
  ])('of %s is as the file says, is not changed by a second push, and is the host of before without it', async (name, slug) => {
    const snapshot = scenario(name);
    const device = snapshot.devices.find((one) => one.slug === slug);
    const cards = (device?.ports ?? []).map((port) => String(port.name)).filter((port) => port !== 'vmbr0');
    const node = await lab.node(slug);
    await installHost(node, cards, device?.management ? `${device.management.address}/24` : null);
    const kept = async () => (await node.run(['sh', '-c', 'ip -o link; bridge fdb show | grep 00:00:00:00:00:00; iptables-save -t nat; true'])).match(/\b(?:v\w*net\w*|vxlan\w*|vbr\d|vmbr\d|TRAME\S*)/g) ?? [];
    const before = await kept();
    expect(await putInForce(node, interfacesOf(snapshot, slug))).toEqual([]);
    expect(await drift(node)).toEqual([]);
    const inForce = await hostState(node);
    expect(await putInForce(node, interfacesOf(snapshot, slug))).toEqual([]);
    expect(await hostState(node)).toEqual(inForce);
    expect(await drift(node)).toEqual([]);
    await putInForce(node, '');
    expect(await kept()).toEqual(before);
  });

  describe('that translates addresses', () => {
    let host: LabNode;
    let world: LabNode;
    let guest: LabVm;

    beforeEach(async () => {
      host = await lab.node('vps');
      world = await lab.node('world');
      await lab.link(host, 'eno1', world, 'eth0');
      await world.run(['sh', '-c', 'ip address add 213.45.67.1/25 dev eth0']);
      // As an installed host, which forwards nothing before somebody says so.
      await host.run(['sh', '-c', 'echo 0 >/proc/sys/net/ipv4/ip_forward']);
      guest = await lab.addVm(host, 'vm1', { address: '192.168.131.200/24', mtu: 1500, tap: 'tap100i0' });
      await guest.node.run(['ip', 'route', 'add', 'default', 'via', '192.168.131.1']);
    });

    const rules = async (): Promise<string[]> => {
      const all = await host.run(['sh', '-c', 'iptables-save -t nat; ip6tables-save -t nat']);
      return all.split('\n').filter((line) => line.includes('TRAME-'));
    };
    const translating = (change: (rules: readonly HostNatFacts[]) => readonly HostNatFacts[]): FabricSnapshot => {
      const snapshot = scenario('host-routed-bridge-nat');
      const devices = snapshot.devices.map((device) => (device.host ? { ...device, host: { ...device.host, nat: change(device.host.nat) } } : device));
      return { ...snapshot, devices };
    };

    it('lets guests out and connections in, and only through its own address', async () => {
      expect(await putInForce(host, interfacesOf(scenario('host-routed-bridge-nat'), 'vps'))).toEqual([]);
      await guest.attach('vbr1');
      expect(await guest.ping('213.45.67.1', { withinMs: 5_000 })).toMatchObject({ ok: true }); // The world knows no way to 192.168.131.0/24.
      const server = guest.node.run(['python3', '-c', "import socket; s = socket.create_server(('', 443)); open('/run/up', 'w'); c, who = s.accept(); c.sendall(b'guest'); print(who[0])"]);
      await vi.waitFor(() => guest.node.run(['test', '-e', '/run/up']), { timeout: 10_000 });
      expect(await world.run(['bash', '-c', 'exec 3<>/dev/tcp/213.45.67.8/443; cat <&3'])).toBe('guest');
      expect(await server).toBe('213.45.67.1\n');
    });

    it('has every rule once, however often it is put in force', async () => {
      const text = interfacesOf(scenario('host-routed-bridge-nat'), 'vps');
      await putInForce(host, text);
      const once = await rules();
      expect(once.filter((line) => line.includes('MASQUERADE'))).toEqual([
        '-A TRAME-vbr1-out -s 192.168.131.0/24 -o vbr0 -j MASQUERADE',
        '-A TRAME-vbr2-out -s 2001:db8:132::/64 -o vbr0 -j MASQUERADE',
      ]);
      expect(once.filter((line) => line.includes('SNAT'))).toEqual(['-A TRAME-vbr2-out -s 192.168.132.0/24 -o vbr0 -j SNAT --to-source 213.45.67.8']);
      expect(once.filter((line) => line.includes('DNAT')).map((line) => /--dport (\d+)/.exec(line)?.[1])).toEqual(['25', '143', '443']);
      await putInForce(host, text);
      await putInForce(host, text);
      expect(await rules()).toEqual(once);
    });

    it('forgets a rule that was changed, and the chains of a bridge that has none any more', async () => {
      await putInForce(host, interfacesOf(scenario('host-routed-bridge-nat'), 'vps'));
      await putInForce(host, interfacesOf(translating((all) => all.filter(({ kind }) => kind === 'MASQUERADE')), 'vps'));
      expect(await rules()).not.toContainEqual(expect.stringMatching(/DNAT|SNAT|-in/));
      expect(await rules()).toContainEqual('-A TRAME-vbr1-out -s 192.168.131.0/24 -o vbr0 -j MASQUERADE');
      await putInForce(host, interfacesOf(translating(() => []), 'vps'));
      expect(await rules()).toEqual([]);
    });
  });

  describe('with guests on another', () => {
    /** Guests `1` and `2` on two hosts, each behind the bridge of a network. */
    async function guests(places: readonly [LabNode, LabNode], bridge: string, net: string, mtu: number): Promise<[LabVm, LabVm]> {
      const plug = async (host: LabNode, number: number): Promise<LabVm> => {
        const name = `${net}${number}`;
        const vm = await lab.addVm(host, name, { address: `10.0.${net === 'a' ? 3 : 4}.10${number}/24`, mtu, tap: `tap${name}i0` });
        await vm.attach(bridge);
        return vm;
      };
      return [await plug(places[0], 1), await plug(places[1], 2)];
    }

    it('carries full frames between VTEPs that are listed', async () => {
      const snapshot = scenario('host-vxlan-static-peers');
      const wire = await lab.node('wire');
      await wire.run(['sh', '-c', 'ip link add switch type bridge && ip link set switch up']);
      const nodes: LabNode[] = [];
      for (const number of [1, 2, 3]) {
        const node = await lab.node(`node${number}`);
        await lab.link(node, 'vmbr0', wire, `port${number}`);
        await wire.run(['ip', 'link', 'set', `port${number}`, 'master', 'switch']);
        await node.run(['ip', 'address', 'add', `192.168.0.${number}/24`, 'dev', 'vmbr0']);
        expect(await putInForce(node, interfacesOf(snapshot, `node${number}`))).toEqual([]);
        nodes.push(node);
      }
      const [first, , third] = nodes;
      if (!first || !third) throw new Error('three nodes were made');
      const [one, two] = await guests([first, third], 'vnet100000', 'a', 1450);
      expect(await one.ping('10.0.3.102', { size: 1422, dontFragment: true, withinMs: 10_000 })).toMatchObject({ ok: true });
      expect(await two.ping('10.0.3.101', { withinMs: 2_000 })).toMatchObject({ ok: true });
      expect(await first.run(['bridge', 'fdb', 'show', 'dev', 'vxlan100000'])).toContain('dst 192.168.0.3'); // Learned from the answer.
    });

    it('carries them over a group for each network, and not from one network to the other', async () => {
      const snapshot = scenario('host-vxlan-multicast');
      const [left, right] = [await lab.node('hv1'), await lab.node('hv2')];
      await lab.link(left, 'eth0', right, 'eth0');
      for (const node of [left, right]) expect(await putInForce(node, interfacesOf(snapshot, node.name))).toEqual([]);
      expect(await left.run(['ip', 'maddress', 'show', 'dev', 'eth0'])).toMatch(/239\.0\.1\.51[\s\S]*239\.0\.3\.135|239\.0\.3\.135[\s\S]*239\.0\.1\.51/);
      const [one] = await guests([left, right], 'vnet307', 'a', 1450);
      expect(await one.ping('10.0.3.102', { size: 1422, dontFragment: true, withinMs: 10_000 })).toMatchObject({ ok: true });
      const [other] = await guests([left, right], 'vnet903', 'b', 1450);
      expect(await other.ping('10.0.4.102', { withinMs: 10_000 })).toMatchObject({ ok: true });
      await other.node.run(['ip', 'address', 'add', '10.0.3.200/24', 'dev', 'eth0']);
      expect(await other.ping('10.0.3.102', { withinMs: 1_000 })).toMatchObject({ ok: false });
    });

    it('carries them over IPv6, forgets a VTEP that has left, and makes the tunnel anew when its address changes', async () => {
      const snapshot = scenario('host-vxlan-over-ipv6');
      const [left, right] = [await lab.node('pve1'), await lab.node('pve2')];
      await lab.link(left, 'ens19', right, 'ens19');
      await putInForce(left, interfacesOf(snapshot, 'pve1').replaceAll('2001:db8:16::51', '2001:db8:16::99'));
      await left.run(['bridge', 'fdb', 'append', '00:00:00:00:00:00', 'dev', 'vxlan2000', 'dst', '2001:db8:16::77', 'self', 'permanent']);
      for (const node of [left, right]) expect(await putInForce(node, interfacesOf(snapshot, node.name))).toEqual([]);
      await left.run(['bridge', 'fdb', 'append', '00:00:00:00:00:00', 'dev', 'vxlan2000', 'dst', '2001:db8:16::77', 'self', 'permanent']);
      expect(await putInForce(left, interfacesOf(snapshot, 'pve1'))).toEqual([]);
      expect(await left.run(['sh', '-c', 'bridge fdb show dev vxlan2000 | grep 00:00:00:00:00:00'])).toBe(
        '00:00:00:00:00:00 dst 2001:db8:16::52 self permanent\n',
      );
      await left.run(['ip', 'route', 'add', '2001:db8:16::52', 'via', '2001:db8:100::2']);
      await right.run(['ip', 'route', 'add', '2001:db8:16::51', 'via', '2001:db8:100::1']);
      const [one] = await guests([left, right], 'vnet2000', 'a', 1430);
      expect(await one.ping('10.0.3.102', { size: 1402, dontFragment: true, withinMs: 10_000 })).toMatchObject({ ok: true });
    });
  });
});
