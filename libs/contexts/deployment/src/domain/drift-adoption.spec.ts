import { type AdoptedFacts, compileFabric, type DeviceIntent } from '#engines/intent';
import { demoSnapshot } from '#engines/intent/testing';
import type { DeviceId } from '#engines/kernel';
import { type Artefact, FRR_PATH, INTERFACES_PATH, RUNNING_CONFIG_PATH } from '#engines/rendering';
import type { DriftBase, DriftFinding } from './drift.js';
import { adoptFindings, isHonoured } from './drift-adoption.js';
import { compareDevice } from './drift-compare.js';
import { foreignArtefacts } from './drift-foreign.js';
import { pushedArtefacts } from './pushed-artefacts.js';

const { devices } = compileFabric(demoSnapshot());
const deviceOf = (slug: string): DeviceIntent => {
  const device = devices.find((one) => one.slug === slug);
  if (!device) throw new Error(`there is no ${slug}`);
  return device;
};
const artefactsOf = (slug: string, adopted?: AdoptedFacts): readonly Artefact[] =>
  pushedArtefacts({ ...deviceOf(slug), ...(adopted && { adopted }) });

/** What drift says of this text in the place of what was confirmed. */
function findingsOf(slug: string, path: string, text: string, verifiedArtefacts = artefactsOf(slug)): readonly DriftFinding[] {
  const base: DriftBase = {
    deviceId: 'd' as DeviceId,
    slug,
    verifiedDigest: '',
    verifiedArtefacts,
    unconfirmed: [],
    secondsSincePush: null,
    kept: [],
  };
  const actual = new Map(verifiedArtefacts.map((artefact) => [artefact.path, artefact.path === path ? text : artefact.content]));
  return compareDevice(base, { version: '', pending: null, actual, running: new Map(), live: [], traces: new Map(), upSeconds: null })
    .findings;
}
const contentOf = (slug: string, path: string, adopted?: AdoptedFacts): string =>
  artefactsOf(slug, adopted).find((artefact) => artefact.path === path)?.content ?? '';

const cases: readonly (readonly [string, string, string, (text: string) => string])[] = [
  ['a line more in BGP', 'test', RUNNING_CONFIG_PATH, (text) => text.replace(/^(router bgp 65051\n)/m, '$1   maximum-paths 4\n')],
  ['another value', 'test', RUNNING_CONFIG_PATH, (text) => text.replace('timers 20 60', 'timers 3 9')],
  ['a line that is gone', 'test', RUNNING_CONFIG_PATH, (text) => text.replace('   description pve1\n', '')],
  [
    'half of a line that says two things',
    'test',
    RUNNING_CONFIG_PATH,
    (text) => text.replace('route-target both 65051:10001', 'route-target import 65051:10001'),
  ],
  [
    'a section more in ours',
    'test',
    RUNNING_CONFIG_PATH,
    (text) => text.replace(/^(router bgp 65051\n)/m, '$1   vlan 999\n      rd 1:1\n   !\n'),
  ],
  [
    'a line more of a neighbor',
    'pve1',
    FRR_PATH,
    (text) => text.replace(/( neighbor \S+ timers 20 60\n)/, '$1 neighbor 192.168.100.1 passive\n'),
  ],
  ['a line in a family', 'pve1', FRR_PATH, (text) => text.replace('  advertise-all-vni\n', '  advertise-all-vni\n  advertise-svi-ip\n')],
  ['another value in a mode of a mode', 'pve1', FRR_PATH, (text) => text.replace('   rd 172.16.1.51:1\n', '   rd 172.16.1.51:9\n')],
  ['a list at the top', 'pve1', FRR_PATH, (text) => text.replace('!\nrouter', 'ip prefix-list P seq 5 permit any\n!\nrouter')],
  [
    'a section at the top',
    'pve1',
    FRR_PATH,
    (text) => text.replace('!\nrouter', '!\nroute-map M permit 10\n set metric 5\nexit\n!\nrouter'),
  ],
  [
    'an option of an interface',
    'pve1',
    INTERFACES_PATH,
    (text) => text.replace('    bridge-stp off\n', '    bridge-stp off\n    hwaddress 02:00:00:00:00:01\n'),
  ],
  ['another value of an option', 'pve1', INTERFACES_PATH, (text) => text.replace('    mtu 1450', '    mtu 1400')],
];

describe('what was adopted', () => {
  it.each(cases)('of %s on %s is said by Trame from then on, and is no drift', (_, slug, path, edit) => {
    const text = edit(contentOf(slug, path));
    const findings = findingsOf(slug, path, text);
    expect(findings).not.toEqual([]);
    const adopted = adoptFindings(undefined, artefactsOf(slug), findings);
    const after = artefactsOf(slug, adopted);
    expect(findings.every((finding) => isHonoured(after, finding))).toBe(true);
    expect(findings.some((finding) => isHonoured(artefactsOf(slug), finding))).toBe(false);
    expect(findingsOf(slug, path, text, after)).toEqual([]);
  });

  it.each(cases)('of %s on %s can be adopted back, and leaves Trame as it was', (name, slug, path, edit) => {
    const adopted = adoptFindings(undefined, artefactsOf(slug), findingsOf(slug, path, edit(contentOf(slug, path))));
    const back = findingsOf(slug, path, contentOf(slug, path), artefactsOf(slug, adopted));
    const again = adoptFindings(adopted, artefactsOf(slug, adopted), back);
    expect(findingsOf(slug, path, contentOf(slug, path), artefactsOf(slug, again))).toEqual([]);
    // A line that says two things is taken apart, and stays so.
    if (!name.startsWith('half')) expect(again).toEqual({ names: [], deviations: [], kept: [] });
  });

  it('goes with what it is about: no neighbor, no line of it', () => {
    const path = FRR_PATH;
    const text = contentOf('pve1', path).replace(/( neighbor \S+ timers 20 60\n)/, '$1 neighbor 192.168.100.1 passive\n');
    const adopted = adoptFindings(undefined, artefactsOf('pve1'), findingsOf('pve1', path, text));
    const device = deviceOf('pve1');
    const bgp = device.bgp && { ...device.bgp, neighbors: [] };
    const alone = pushedArtefacts({ ...device, bgp, adopted }).find((artefact) => artefact.path === path)?.content;
    expect(alone).not.toContain('passive');
  });

  it('takes the place of what was adopted there before', () => {
    const at = (timers: string) => contentOf('test', RUNNING_CONFIG_PATH).replace('timers 20 60', `timers ${timers}`);
    const first = adoptFindings(undefined, artefactsOf('test'), findingsOf('test', RUNNING_CONFIG_PATH, at('3 9')));
    const second = adoptFindings(
      first,
      artefactsOf('test', first),
      findingsOf('test', RUNNING_CONFIG_PATH, at('4 12'), artefactsOf('test', first)),
    );
    expect(second.deviations).toHaveLength(1);
    expect(contentOf('test', RUNNING_CONFIG_PATH, second)).toContain('timers 4 12');
  });
});

describe('what cannot be adopted', () => {
  const finding: DriftFinding = {
    kind: 'OURS_CHANGED',
    path: FRR_PATH,
    section: ['router bgp 65051'],
    intended: 'neighbor 192.168.100.1 timers 20 60',
    observed: 'neighbor 192.168.100.1 timers 3 9',
    risk: 'HIGH',
    likelyCause: '',
    isConfiguration: true,
  };
  it.each([
    ['a secret', { kind: 'SECRET_CHANGED' as const }, 'secrets are not taken from devices'],
    ['a line with a secret', { observed: 'neighbor 192.168.100.1 password <01234567>' }, 'secrets are not taken from devices'],
    ['an order', { kind: 'ORDER_CHANGED' as const }, 'no value says an order'],
    ['what is not saved', { kind: 'UNSAVED' as const }, 'save the configuration on the device'],
    ['live state', { isConfiguration: false }, 'it is no text of a configuration'],
    ['a section that is no more', { section: ['router bgp 65052'] }, 'does not ask for this section any more'],
    ['a line that is no more', { intended: 'neighbor 192.0.2.1 timers 20 60' }, 'does not ask for this line any more'],
    ['a file that is no more', { path: '/etc/other' }, 'nothing is written to /etc/other any more'],
  ])('%s: refused with the reason', (_, over, reason) => {
    expect(() => adoptFindings(undefined, artefactsOf('pve1'), [{ ...finding, ...over }])).toThrow(
      expect.objectContaining({ code: 'INVALID_STATE', message: expect.stringContaining(reason) }),
    );
  });
});

describe('lines of others that are wanted away', () => {
  it('stand beside ours with the sections they are in; on a host nothing has to be said of them', () => {
    const text = contentOf('test', RUNNING_CONFIG_PATH).replace(
      /^(router bgp 65051\n)/m,
      '$1   vlan 999\n      rd 1:1\n   !\n   maximum-paths 4\n',
    );
    const [artefact] = foreignArtefacts(artefactsOf('test'), findingsOf('test', RUNNING_CONFIG_PATH, text));
    expect(artefact?.content).toBe('router bgp 65051\n   vlan 999\n      rd 1:1\n!\nrouter bgp 65051\n   maximum-paths 4\n');
    expect(foreignArtefacts(artefactsOf('pve1'), findingsOf('pve1', FRR_PATH, ''))).toEqual([]);
  });
});
