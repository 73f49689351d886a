import fc from 'fast-check';
import { compileFabric, type DeviceIntent, deviceIntent, type FabricSnapshot, type HostFacts, type HostNatFacts } from '#engines/intent';
import { forwardPort, hostFacts, type HostSpec, masquerade, scenarios, snat, SnapshotBuilder } from '#engines/intent/testing';
import type { DeviceName, Ip, PortName } from '#engines/kernel';
import { renderDevice } from '../render-device.js';
import { INTERFACES_PATH } from './index.js';

const intentOf = (host: HostSpec): DeviceIntent =>
  deviceIntent(
    compileFabric(
      new SnapshotBuilder()
        .device({ slug: 'host1', platform: 'DEBIAN_FRR', vtep: null, ports: ['eno1', 'eno2'] })
        .deviceFacts('host1', { host: hostFacts(host) })
        .build(),
    ),
    'host1',
  );
const fileOf = (intent: DeviceIntent): string => renderDevice(intent).find(({ path }) => path === INTERFACES_PATH)?.content ?? '';
const stanza = (intent: DeviceIntent, name: string): string[] => {
  const blocks = fileOf(intent)
    .trimEnd()
    .split('\n\n')
    .map((text) => text.split('\n'));
  const found = blocks.filter((lines) => lines[0] === `auto ${name}`);
  expect(found, `one stanza of ${name}`).toHaveLength(1);
  return (found[0] ?? []).slice(2).map((line) => line.trim());
};
const scenario = (name: string): FabricSnapshot => {
  const found = scenarios[name];
  if (!found) throw new Error(`there is no scenario ${name}`);
  return found();
};
const inScenario = (name: string, slug: string): DeviceIntent => deviceIntent(compileFabric(scenario(name)), slug);

describe('interfaces of a host', () => {
  it('come up before what is made of them', () => {
    const names = [...fileOf(inScenario('host-bond-lacp', 'proxmox1')).matchAll(/^auto (\S+)$/gm)].map(([, name]) => name);
    expect(names).toEqual(['enp1s0f0', 'enp1s0f1', 'bond0', 'vmbr0']);
  });

  it('are said once, whoever uses them: a bond that is a link of the underlay is one stanza', () => {
    const snapshot = new SnapshotBuilder()
      .device({ slug: 'pve1', platform: 'DEBIAN_FRR', vtep: '172.16.1.51', ports: ['eno1', 'eno2', { name: 'bond0', mtu: 9000 }] })
      .device({ slug: 'leaf1', platform: 'ARISTA_EOS', vtep: '172.16.1.1', ports: [{ name: 'Ethernet1', mtu: 9000 }] })
      .deviceFacts('pve1', { host: hostFacts({ bonds: [{ name: 'bond0', mode: 'active-backup', members: ['eno1', 'eno2'], mtu: 9000 }] }) })
      .peering(
        '10.1.0.0/31',
        { device: 'leaf1', port: 'Ethernet1', address: '10.1.0.0' },
        { device: 'pve1', port: 'bond0', address: '10.1.0.1' },
      )
      .build();
    expect(stanza(deviceIntent(compileFabric(snapshot), 'pve1'), 'bond0')).toEqual([
      'address 10.1.0.1/31',
      'mtu 9000',
      'bond-slaves eno1 eno2',
      'bond-mode active-backup',
      'bond-miimon 100',
    ]);
  });

  it('have options of their mode only, and those of the kernel where nothing is said', () => {
    expect(stanza(intentOf({ bonds: [{ name: 'bond0', mode: 'balance-rr', members: ['eno1'], miimon: 0 }] }), 'bond0')).toEqual([
      'bond-slaves eno1',
      'bond-mode balance-rr',
      'bond-miimon 0',
    ]);
  });

  it('never touch the management: neither its bridge nor its card has a stanza', () => {
    const text = fileOf(inScenario('host-loopback-on-dummy', 'pve1'));
    expect(text).not.toMatch(/vmbr0|ens18|192\.168\.1\./);
  });

  it('make a dummy for the VTEP address in words that may be said again', () => {
    expect(stanza(inScenario('host-loopback-on-dummy', 'pve1'), 'lo1')).toEqual(['link-type dummy', 'address 172.16.1.51/32']);
  });

  it('do not repeat a VTEP address that an interface has anyway', () => {
    expect(fileOf(inScenario('host-vxlan-static-peers', 'node1'))).not.toMatch(/iface lo|^ +address/m);
    expect(stanza(inScenario('host-vxlan-multicast', 'hv2'), 'eth0')).toEqual(['address 10.5.0.2/24']);
  });

  it('forward where guests have the host as gateway, and nowhere else', () => {
    const intent = intentOf({
      bridges: [
        { name: 'routed', addresses: ['10.0.0.1/24', '2001:db8::1/64'] },
        { name: 'uplink', ports: ['eno1'], addresses: ['192.0.2.2/24'], gateway: '192.0.2.1' },
        { name: 'plain', ports: ['eno2'] },
      ],
    });
    expect(stanza(intent, 'routed')).toEqual(expect.arrayContaining(['ip-forward on', 'ip6-forward on']));
    expect(stanza(intent, 'uplink').join('\n')).not.toContain('forward');
    expect(stanza(intent, 'plain')).toEqual(expect.arrayContaining(['ip-forward off', 'ip6-forward off', 'ipv6-addrgen off']));
  });

  it('forward between links of the underlay where a host has several, and not with one', () => {
    const hub = inScenario('frr-leaking-vrfs', 'node3');
    expect(hub.underlayPorts.map(({ port }) => port)).toEqual(['ens19', 'ens20']);
    for (const port of ['ens19', 'ens20']) expect(stanza(hub, port)).toContain('ip-forward on');
    expect(stanza(inScenario('frr-leaking-vrfs', 'node1'), 'ens19').join('\n')).not.toContain('forward');
    const unnumbered = inScenario('frr-unnumbered-ebgp', 'spine');
    for (const { port, address } of unnumbered.underlayPorts) {
      expect(address).toBeNull();
      expect(stanza(unnumbered, port)).toEqual(['ip-forward on']); // packets between VTEPs are IPv4, whatever the next hop is
    }
  });

  it('forward IPv6 between links of an IPv6 underlay', () => {
    const end = (device: string, port: string, address: string) => ({ device, port, address });
    const snapshot = new SnapshotBuilder()
      .fabric({ underlayFamily: 6 })
      .device({ slug: 'hub', platform: 'DEBIAN_FRR', vtep: '2001:db8:16::1', software: { frr: '10.6.0' }, ports: ['eno1', 'eno2'] })
      .device({ slug: 'left', platform: 'DEBIAN_FRR', vtep: '2001:db8:16::2', software: { frr: '10.6.0' }, ports: ['eno1'] })
      .device({ slug: 'right', platform: 'DEBIAN_FRR', vtep: '2001:db8:16::3', software: { frr: '10.6.0' }, ports: ['eno1'] })
      .peering('2001:db8:1::/127', end('hub', 'eno1', '2001:db8:1::'), end('left', 'eno1', '2001:db8:1::1'))
      .peering('2001:db8:2::/127', end('hub', 'eno2', '2001:db8:2::'), end('right', 'eno1', '2001:db8:2::1'))
      .build();
    const hub = deviceIntent(compileFabric(snapshot), 'hub');
    expect(stanza(hub, 'eno1')).toEqual(['address 2001:db8:1::/127', 'ip6-forward on']);
    expect(stanza(hub, 'eno2')).toEqual(['address 2001:db8:2::/127', 'ip6-forward on']);
  });

  it('let the end of the cable that is in a VRF pass on what comes back, and not the other one', () => {
    const node = inScenario('frr-exit-nodes-local', 'node1');
    const transit = node.vrfs[0]?.exit?.transit;
    expect(stanza(node, transit?.vrfPort ?? '')).toEqual(expect.arrayContaining(['ip-forward on', 'ip6-forward on']));
    expect(stanza(node, transit?.mainPort ?? '').join('\n')).not.toContain('forward');
  });

  it('leave out what the qemu hook makes on demand', () => {
    const names = [...fileOf(inScenario('libvirt-on-demand', firstHost('libvirt-on-demand'))).matchAll(/^auto (\S+)$/gm)].map(
      ([, name]) => name,
    );
    expect(names.filter((name) => /^(?:vnet|vxlan|br)/.test(name ?? ''))).toEqual([]);
  });
});

const firstHost = (name: string): string => scenario(name).devices.find(({ libvirt }) => libvirt)?.slug ?? '';

describe('tunnels of a host', () => {
  it.each([
    ['307', '239.0.1.51'],
    ['903', '239.0.3.135'],
  ])('with VNI %s meet at %s, on the wire that the VTEP is on, past routers too', (vni, group) => {
    expect(stanza(inScenario('host-vxlan-multicast', 'hv1'), `vxlan${vni}`)).toEqual(
      expect.arrayContaining([`vxlan-mcastgrp ${group}`, 'vxlan-physdev eth0', 'vxlan-ttl 255', 'vxlan-learning on', 'bridge-learning on']),
    );
  });

  it('list every other VTEP of their network, and no VTEP of another one', () => {
    const builder = new SnapshotBuilder().fabric({ replication: 'INGRESS_STATIC' });
    for (const number of [1, 2, 3, 4])
      builder.device({ slug: `n${number}`, platform: 'DEBIAN_FRR', vtep: `172.16.1.${number}`, ports: ['eno1'] });
    const snapshot = builder
      .network({ slug: 'blue', vni: 10_001, eviId: 1, on: ['n1', 'n2', 'n4'] })
      .network({ slug: 'green', vni: 10_002, eviId: 2, on: ['n1', 'n3'] })
      .build();
    const peers = (vni: number) =>
      stanza(deviceIntent(compileFabric(snapshot), 'n1'), `vxlan${vni}`).filter((line) => line.startsWith('vxlan-remoteip'));
    expect(peers(10_001)).toEqual(['vxlan-remoteip 172.16.1.2', 'vxlan-remoteip 172.16.1.4']);
    expect(peers(10_002)).toEqual(['vxlan-remoteip 172.16.1.3']);
  });

  it('answer no ARP for others where nobody tells them who the others are', () => {
    expect(stanza(inScenario('host-vxlan-static-peers', 'node1'), 'vxlan100000')).toContain('bridge-arp-nd-suppress off');
    expect(stanza(inScenario('host-evpn-on-one-wire', 'node1'), 'vxlan11000')).toContain('bridge-arp-nd-suppress on');
  });
});

describe('translation', () => {
  const nat = (rules: readonly HostNatFacts[]): string =>
    stanza(intentOf({ bridges: [{ name: 'vbr1', addresses: ['10.9.0.1/24'] }], nat: rules }), 'vbr1').join('\n');

  it('replaces its chain as a whole, and hooks it in once', () => {
    const text = nat([masquerade('vbr1', '10.9.0.0/24', 'eno1'), snat('vbr1', '10.9.0.128/25', 'eno2', '192.0.2.9')]);
    expect(text).toContain(
      "( echo '*nat'; echo ':TRAME-vbr1-out - [0:0]'; echo '-A TRAME-vbr1-out -s 10.9.0.0/24 -o eno1 -j MASQUERADE'; echo '-A TRAME-vbr1-out -s 10.9.0.128/25 -o eno2 -j SNAT --to-source 192.0.2.9'; echo 'COMMIT' ) | iptables-restore --noflush",
    );
    expect(text.match(/-A POSTROUTING/g)).toHaveLength(1);
    expect(text).toContain('post-up iptables -w -t nat -D PREROUTING -j TRAME-vbr1-in'); // no port is passed on: whatever was is taken away
  });

  it('lets answers in where requests go out, and opens no other interface', () => {
    const text = fileOf(inScenario('host-routed-bridge-nat', 'vps')) + fileOf(inScenario('frr-exit-nodes', 'node1'));
    const opened = [...text.matchAll(/\/proc\/sys\/net\/(\S+)/g)].map(([, knob]) => knob);
    expect([...new Set(opened)]).toEqual(['ipv4/conf/vbr0/forwarding', 'ipv4/conf/vmbr0/forwarding']);
  });

  it('is written for a bridge with a way out of its own, too', () => {
    const intent = intentOf({
      bridges: [{ name: 'vmbr0', ports: ['eno1'], addresses: ['192.0.2.2/24'], gateway: '192.0.2.1' }],
      nat: [forwardPort('vmbr0', 'eno2', 8443, '192.0.2.7:443')],
    });
    expect(stanza(intent, 'vmbr0').join('\n')).toContain('-i eno2 -p tcp -m tcp --dport 8443 -j DNAT --to-destination 192.0.2.7:443');
  });

  it('has names of chains that iptables takes, for the longest name of an interface', () => {
    const text = fileOf(
      intentOf({
        bridges: [{ name: 'fifteen-letters', addresses: ['10.9.0.1/24'] }],
        nat: [masquerade('fifteen-letters', '10.9.0.0/24', 'eno1')],
      }),
    );
    for (const [, chain] of text.matchAll(/-j (TRAME-\S+)/g)) expect(chain?.length).toBeLessThanOrEqual(28);
  });
});

describe('hostile values that reached the facts of a host past every check', () => {
  const hostile = fc.oneof(
    fc.constantFrom(
      'eth0\n    post-up reboot',
      'a; reboot',
      '$(reboot)',
      "x' ; reboot ; '",
      'a b',
      '`id`',
      'x\niface eth9',
      '../x',
      'é',
      '',
      'a|b',
      'lo\r\nauto x',
      '&',
    ),
    fc.string({ unit: 'binary', minLength: 16, maxLength: 40 }),
  );
  const all = inScenario('host-routed-bridge-nat', 'vps');
  const places: Readonly<Record<string, (host: HostFacts, value: string) => HostFacts>> = {
    'the name of a bridge': (host, value) => ({ ...host, bridges: host.bridges.map((one) => ({ ...one, name: value as DeviceName })) }),
    'the bridge of a rule': (host, value) => ({
      ...host,
      bridges: host.bridges.map((one) => ({ ...one, name: value as DeviceName })),
      nat: host.nat.map((rule) => ({ ...rule, bridge: value as DeviceName })),
    }),
    'the way out of a rule': (host, value) => ({
      ...host,
      nat: host.nat.map((rule) => (rule.kind === 'DNAT' ? { ...rule, in: value as DeviceName } : { ...rule, out: value as DeviceName })),
    }),
    'the target of a rule': (host, value) => ({
      ...host,
      nat: host.nat.map((rule) => (rule.kind === 'MASQUERADE' ? rule : { ...rule, to: value as Ip })),
    }),
    'the name of a bond': (host, value) => ({ ...host, bonds: aBond.map((one) => ({ ...one, name: value as DeviceName })) }),
  };
  const aBond = hostFacts({ bonds: [{ name: 'bond0', mode: 'balance-rr', members: ['eno8', 'eno9'] }] }).bonds;

  it.each(Object.keys(places))('as %s are never handed out', (place) => {
    fc.assert(
      fc.property(hostile, (value) => {
        const changed = { ...all, host: places[place]?.(all.host as HostFacts, value) ?? all.host };
        expect(() => renderDevice(changed)).toThrow(expect.objectContaining({ code: 'RENDER_ESCAPE' }));
      }),
      { numRuns: 200 },
    );
  });

  it('as the port of an attachment are never handed out', () => {
    const device = inScenario('l2-two-hosts-one-leaf', 'pve1');
    for (const value of ['ens20\n    post-up reboot', 'ens20; reboot', 'é']) {
      const changed: DeviceIntent = { ...device, edgePorts: [{ port: value as PortName, members: [] }] };
      expect(() => renderDevice(changed)).toThrow(expect.objectContaining({ code: 'RENDER_ESCAPE' }));
    }
  });

  it('in whatever is a value of one line, leave every other line as it is', () => {
    const member = inScenario('host-bond-modes', 'seven');
    const lines = (value: string): string[] => {
      const bonds = (member.host as HostFacts).bonds.map((one) => ({ ...one, primary: one.primary && (value as DeviceName) }));
      return fileOf({ ...member, host: { ...(member.host as HostFacts), bonds } })
        .split('\n')
        .filter((line) => !line.includes('bond-primary'));
    };
    const plain = lines('eno1a');
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii', minLength: 1 }), (value) => {
        expect(lines(value)).toEqual(plain);
      }),
    );
  });
});
