import { compileFabric } from '#engines/intent';
import { demoSnapshot } from '#engines/intent/testing';
import type { DeviceId } from '#engines/kernel';
import { type Artefact, FRR_PATH, INTERFACES_PATH, RUNNING_CONFIG_PATH } from '#engines/rendering';
import type { DeviceCollection } from '../ports/index.js';
import { type DriftBase, driftIdentity, type DriftVerdict } from './drift.js';
import { compareDevice } from './drift-compare.js';
import { pushedArtefacts } from './pushed-artefacts.js';

const { devices } = compileFabric(demoSnapshot());
const artefactsOf = (slug: string): readonly Artefact[] =>
  pushedArtefacts(devices.find((device) => device.slug === slug) ?? (devices[0] as never));
const contentOf = (slug: string, path: string): string => artefactsOf(slug).find((artefact) => artefact.path === path)?.content ?? '';
const [FRR, INTERFACES, EOS] = [contentOf('pve1', FRR_PATH), contentOf('pve1', INTERFACES_PATH), contentOf('test', RUNNING_CONFIG_PATH)];
const OTHERS = 'hostname TEST\n!\nusername admin secret sha512 $6$abc\n!\ninterface Management1\n   ip address 192.0.2.7/24\n!\n';

const base = (slug: string, over: Partial<DriftBase> = {}): DriftBase => ({
  deviceId: 'd' as DeviceId,
  slug,
  verifiedDigest: 'v',
  verifiedArtefacts: artefactsOf(slug),
  unconfirmed: [],
  secondsSincePush: 3600,
  kept: [],
  ...over,
});
interface Host {
  readonly file?: string | null;
  readonly running?: string | null;
  readonly interfaces?: string | null;
  readonly live?: DeviceCollection['live'];
}
const host = ({ file = FRR, running = FRR, interfaces = INTERFACES, live = [] }: Host, over: Partial<DriftBase> = {}): DriftVerdict =>
  compareDevice(base('pve1', over), {
    version: 'FRR 8.4.4',
    pending: null,
    actual: new Map([
      [FRR_PATH, file],
      [INTERFACES_PATH, interfaces],
    ]),
    running: new Map([[FRR_PATH, running]]),
    live,
    traces: new Map([FRR_PATH, INTERFACES_PATH].map((path) => [path, { modifiedSecondsAgo: 300, owner: 'alice' }])),
    upSeconds: 86_400,
  });
const leaf = (running: string, startup: string | null = OTHERS + EOS, over: Partial<DriftBase> = {}, upSeconds = 86_400): DriftVerdict =>
  compareDevice(base('test', over), {
    version: 'EOS 4.32.1F',
    pending: null,
    actual: new Map([[RUNNING_CONFIG_PATH, running]]),
    running: new Map(),
    startup,
    live: [],
    traces: new Map(),
    upSeconds,
  });
const inBgp = (text: string, line: string): string => text.replace(/^(router bgp 65051\n)/m, `$1   ${line}\n`);
const short = ({ findings }: DriftVerdict) =>
  findings.map(({ kind, section, intended, observed, risk }) => [kind, section.join(' / '), intended, observed, risk]);
const causes = ({ findings }: DriftVerdict) => findings.map(({ likelyCause }) => likelyCause);

describe('a device that is as it was confirmed', () => {
  it('has no item: not for order, spelling, remarks and defaults, and not for the lines of others', () => {
    expect(host({}).findings).toEqual([]);
    const printed = `Building configuration...\n\nfrr version 8.4.4\n${FRR.replace(/^!.*\n/gm, '').replace('log syslog informational\n', '')}end\n`;
    expect(
      host({ running: printed, file: `! a remark\n${FRR}`, interfaces: `# a remark\n${INTERFACES.replaceAll('    ', '\t')}` }).findings,
    ).toEqual([]);
    const verdict = leaf(
      OTHERS + EOS.replace('route-target both 65051:10001', 'route-target import 65051:10001\n      route-target export 65051:10001'),
    );
    expect(verdict.findings).toEqual([]);
    expect(verdict.foreignElsewhere).toHaveLength(3);
    expect(verdict.foreignElsewhere.join()).not.toContain('$6$abc');
  });
});

describe('a switch that somebody edited', () => {
  const typed = OTHERS + inBgp(EOS, 'maximum-paths 4');
  it.each([
    ['a line typed into our section', typed, 'FOREIGN_IN_OWNED_SECTION', 'router bgp 65051', null, 'maximum-paths 4', 'HIGH'],
    [
      'our line with another value',
      OTHERS + EOS.replace('timers 20 60', 'timers 3 9'),
      'OURS_CHANGED',
      'router bgp 65051',
      'neighbor 192.168.100.2 timers 20 60',
      'neighbor 192.168.100.2 timers 3 9',
      'HIGH',
    ],
    [
      'our line taken away',
      OTHERS + EOS.replace('   vxlan vlan 100 vni 10001\n', ''),
      'OURS_MISSING',
      'interface Vxlan1',
      'vxlan vlan 100 vni 10001',
      null,
      'MEDIUM',
    ],
    [
      'words for people',
      OTHERS + EOS.replace('   description pve1', '   description PVE'),
      'OURS_CHANGED',
      'interface Ethernet1',
      'description pve1',
      'description PVE',
      'LOW',
    ],
  ])('has one item for %s, beside what is not saved', (_, running, kind, section, intended, observed, risk) => {
    const found = leaf(running);
    expect(short(found)).toEqual([
      [kind, section, intended, observed, risk],
      ['UNSAVED', '', null, expect.stringContaining('1 differences to the startup-config'), 'MEDIUM'],
    ]);
    expect(causes(found)[0]).toMatch(/`write memory` is missing|not saved/);
    const saved = leaf(running, running);
    expect(short(saved)).toEqual([[kind, section, intended, observed, risk]]);
    expect(causes(saved)[0]).toMatch(/saved/);
  });

  it('has one item for a section that came, and one for a section that went, with what is below', () => {
    const running = OTHERS + inBgp(EOS, 'vlan 999\n      rd 1:1\n      route-target both 1:1');
    expect(short(leaf(running, running))).toEqual([
      [
        'FOREIGN_IN_OWNED_SECTION',
        'router bgp 65051',
        null,
        'vlan 999\n   rd 1:1\n   route-target import 1:1\n   route-target export 1:1',
        'MEDIUM',
      ],
    ]);
    const gone = OTHERS + EOS.replace('vlan 100\n   name vni10001\n!\n', '');
    expect(short(leaf(gone, gone))).toEqual([['OURS_MISSING', '', 'vlan 100\n   name vni10001', null, 'MEDIUM']]);
  });

  it('that booted an older startup-config says so, and one of ours that nobody confirmed, too', () => {
    const old = OTHERS + EOS.replace('   vxlan vlan 100 vni 10001\n', '');
    expect(causes(leaf(old, old, {}, 60))).toEqual(['the device rebooted 60 s ago and booted an older startup-config']);
    const [artefact] = artefactsOf('test');
    const unconfirmed = [{ ...(artefact as Artefact), content: inBgp(EOS, 'maximum-paths 4') }];
    expect(causes(leaf(typed, typed, { unconfirmed }))).toEqual(['our last push was not confirmed, and the device carries a part of it']);
  });

  it('keeps what was adopted with it beside our lines, and counts it', () => {
    const verdict = leaf(typed, typed, { kept: [{ path: RUNNING_CONFIG_PATH, section: ['router bgp 65051'], text: 'maximum-paths 4' }] });
    expect(verdict.findings).toEqual([]);
    expect(verdict.foreignElsewhere).toContain('router bgp 65051 / maximum-paths 4');
  });

  it('was never saved: one item, however much it is', () => {
    expect(short(leaf(OTHERS + EOS, null))).toEqual([['UNSAVED', '', null, 'nothing was ever saved', 'MEDIUM']]);
  });
});

describe('a secret', () => {
  const placed = inBgp(EOS, 'neighbor 192.168.100.2 password @secret:bgp-pve1@');
  const verifiedArtefacts = artefactsOf('test').map((artefact) => ({ ...artefact, content: placed }));
  // Transports put the placeholder in the place of our secret, in whatever code the device prints it, and «secret» in that of another one.
  const read = (printed: string) => {
    const running = OTHERS + inBgp(EOS, `neighbor 192.168.100.2 password 7 ${printed}`);
    return leaf(running, running, { verifiedArtefacts });
  };

  it('that is ours is no item, in whatever code it is printed; another one is, and nobody sees it', () => {
    expect(read('@secret:bgp-pve1@').findings).toEqual([]);
    for (const other of ['«secret»', '@secret:bgp-pve2@', 'FEDCBA9876543210']) {
      expect(read(other).findings).toMatchObject([{ kind: 'SECRET_CHANGED', risk: 'HIGH', section: ['router bgp 65051'] }]);
      expect(JSON.stringify(read(other))).not.toContain(other);
    }
  });

  it('that is gone is a line of ours that is missing', () => {
    expect(leaf(OTHERS + EOS, OTHERS + EOS, { verifiedArtefacts }).findings).toMatchObject([{ kind: 'OURS_MISSING' }]);
  });
});

describe('a host that somebody edited', () => {
  const line = ' neighbor 192.0.2.9 remote-as 65099\n';
  const typed = FRR.replace(/^(router bgp 65051\n)/m, `$1${line}`);
  it.each([
    ['in vtysh alone', { running: typed }, /typed by hand in vtysh: `write memory` is missing/],
    ['in vtysh, and saved it', { running: typed, file: `frr version 8.4.4\n${typed}` }, /saved with `write memory`/],
    ['the file, with a reload', { running: typed, file: typed }, /overwrote \/etc\/frr\/frr.conf \(owner alice, changed 5 min ago\)$/],
    ['the file alone', { file: typed }, /not in force before the next reload/],
  ])('%s: one item, and the cause', (_, seen, cause) => {
    const verdict = host(seen);
    expect(short(verdict)).toEqual([['FOREIGN_IN_OWNED_SECTION', 'router bgp 65051', null, 'neighbor 192.0.2.9 remote-as 65099', 'HIGH']]);
    expect(causes(verdict)[0]).toMatch(cause);
  });

  it('lost a line in vtysh', () => {
    const found = host({ running: FRR.replace('  advertise-all-vni\n', '') });
    expect(short(found)).toEqual([['OURS_MISSING', 'router bgp 65051 / address-family l2vpn evpn', 'advertise-all-vni', null, 'MEDIUM']]);
    expect(causes(found)[0]).toContain('/etc/frr/frr.conf still has it');
  });

  it('changed, added and took away in interfaces(5)', () => {
    const file = INTERFACES.replace('mtu 1450', 'mtu 1400').replace(
      '    bridge-stp off\n',
      '    bridge-stp off\n    hwaddress 02:00:00:00:00:01\n',
    );
    expect(short(host({ interfaces: file }))).toEqual([
      ['OURS_CHANGED', 'iface vxlan10001', 'mtu 1450', 'mtu 1400', 'HIGH'],
      ['FOREIGN_IN_OWNED_SECTION', 'iface vnet10001', null, 'hwaddress 02:00:00:00:00:01', 'MEDIUM'],
    ]);
  });

  it('with a file that is gone, an interface that looks otherwise, a daemon that is silent: one item each', () => {
    const live = [{ path: INTERFACES_PATH, subject: 'iface vnet10001', message: 'does not exist' }];
    expect(short(host({ interfaces: null }))).toEqual([['OURS_MISSING', '', INTERFACES_PATH, null, 'HIGH']]);
    expect(short(host({ live }))).toEqual([['OURS_CHANGED', 'iface vnet10001', 'as the file says', 'does not exist', 'HIGH']]);
    expect(short(host({ running: null }))).toEqual([['OURS_MISSING', '', 'FRR runs', null, 'HIGH']]);
  });
});

describe('a file that is no text of lines', () => {
  const hook = {
    ...(artefactsOf('pve1')[0] as Artefact),
    path: '/etc/libvirt/hooks/qemu.d/trame',
    format: 'script' as const,
    content: 'exit 0\n',
  };
  const seen = (content: string | null, live: DeviceCollection['live'] = []) =>
    compareDevice(base('pve1', { verifiedArtefacts: [hook] }), {
      version: '',
      pending: null,
      actual: new Map([[hook.path, content]]),
      running: new Map(),
      live,
      traces: new Map(),
      upSeconds: null,
    });
  it('is as it was, or changed as a whole, or gone', () => {
    expect(seen('exit 0\n').findings).toEqual([]);
    expect(short(seen('exit 1\n'))).toEqual([['OURS_CHANGED', '', hook.path, 'other content', 'HIGH']]);
    expect(short(seen(null))).toEqual([['OURS_MISSING', '', hook.path, null, 'HIGH']]);
  });

  it('is not in force where the device says so, whatever is stored', () => {
    const live = [{ path: hook.path, subject: 'node node2', message: 'zone trame is error' }];
    const finding = ['OURS_CHANGED', 'node node2', 'as it is stored', 'zone trame is error', 'HIGH'];
    expect(short(seen('exit 0\n', live))).toEqual([finding]);
    expect(short(seen('exit 1\n', live))).toEqual([['OURS_CHANGED', '', hook.path, 'other content', 'HIGH'], finding]);
    expect(short(seen('exit 0\n', [{ path: '/elsewhere', subject: 'x', message: 'y' }]))).toEqual([]);
  });
});

describe('an item', () => {
  const values = ['3 9', '4 12'].map((timers) =>
    leaf(OTHERS + EOS.replace('timers 20 60', `timers ${timers}`)).findings.map(driftIdentity),
  );
  it('is the same one when its value changes again, and another one at another neighbor', () => {
    expect(values[0]).toEqual(values[1]);
    expect(new Set(leaf(OTHERS + EOS.replaceAll('timers 20 60', 'timers 3 9')).findings.map(driftIdentity)).size).toBe(3);
  });
});
