// What people are given to put in force, and how what they hand in is compared, in every language that Trame renders.
import fc from 'fast-check';
import { compileFabric, type DeviceIntent } from '#engines/intent';
import { demoFabric, demoSnapshot, scenarios } from '#engines/intent/testing';
import type { DeviceId } from '#engines/kernel';
import { type Artefact, renderDevice } from '#engines/rendering';
import { asCollected, handedIn } from '../../external-text.js';
import { compareDevice } from '../drift-compare.js';
import { draftPlan, wholePlan } from '../make-plan.js';
import type { PlanCircumstances } from '../risk.js';
import { snippetsOf } from './snippet.js';

const deviceOf = (scenario: string, slug: string): DeviceIntent =>
  compileFabric((scenarios[scenario] ?? demoSnapshot)()).devices.find((device) => device.slug === slug) as DeviceIntent;
const comware = deviceOf('comware-lacp-to-open-vswitch', 'hp5xxx');
const openbsd = deviceOf('openbsd-gateway-multicast', 'pf1');
const data = deviceOf('external-as-data', 'sonic1');
const leafIn = (snapshot: ReturnType<typeof demoSnapshot>): DeviceIntent =>
  compileFabric(snapshot).devices.find(({ slug }) => slug === 'test') as DeviceIntent;

/** Kind, section, wanted and found of whatever a handed in text says otherwise. */
function differences(device: DeviceIntent, edit: (artefact: Artefact) => string | null, former: readonly Artefact[] = []) {
  const artefacts = renderDevice(device);
  const texts = artefacts.flatMap((artefact) => {
    const text = edit(artefact);
    return text === null ? [] : [{ path: artefact.path, text }];
  });
  const seen = asCollected(device.slug, handedIn(device, texts, artefacts), artefacts, { names: [], resolve: () => undefined });
  const base = {
    slug: device.slug,
    verifiedDigest: 'v',
    verifiedArtefacts: artefacts,
    unconfirmed: [],
    former,
    secondsSincePush: null,
    kept: [],
  };
  return compareDevice({ ...base, deviceId: 'd' as DeviceId }, seen).findings.map(
    ({ kind, section, intended, observed, isConfiguration }) => {
      expect(isConfiguration).toBe(false); // Nobody adopts a language that we do not speak.
      return [kind, section.join(' / '), intended, observed];
    },
  );
}

describe('a text that is handed in', () => {
  it('of HP Comware is the same however lists are broken, and beside the lines of others', () => {
    const printed = ({ content }: Artefact): string =>
      `#\n version 7.1.045\n#\n sysname ${comware.hostname}\n#\n${content
        .replaceAll(
          'port trunk permit vlan 2 to 4 10 12 20 30 40 50 60 70 80\n port trunk permit vlan 90 110',
          'port trunk permit vlan 2 to 4 10 12 20 30\n port trunk permit vlan 40 50 60 70 80 90 110',
        )
        .replaceAll(
          /^(interface GigabitEthernet.*)$/gm,
          '$1\n port link-mode bridge',
        )}#\ninterface Vlan-interface1\n ip address 192.0.2.4 24\n#\nreturn\n`;
    expect(printed(renderDevice(comware)[0] as Artefact)).toContain('port trunk permit vlan 40 50 60 70 80 90 110');
    expect(differences(comware, printed)).toEqual([]);
    expect(differences(comware, (artefact) => printed(artefact).replace(' 90 110\n link-aggregation', ' 90\n link-aggregation'))).toEqual([
      ['OURS_MISSING', 'interface Bridge-Aggregation1', 'port trunk permit vlan 110', null],
    ]);
    expect(differences(comware, (artefact) => printed(artefact).replace('permit vlan 2 to 4 10', 'permit vlan 2 to 4094 10'))[0]).toEqual([
      'FOREIGN_IN_OWNED_SECTION',
      'interface Bridge-Aggregation1',
      null,
      'port trunk permit vlan 5',
    ]);
  });

  it('has nothing left of what Trame once asked for, though others may say what they like', () => {
    const former = renderDevice(comware).map((artefact) => ({ ...artefact, content: `vlan 555\n#\n${artefact.content}` }));
    const others = ({ content }: Artefact): string => `vlan 555\n#\nvlan 666\n#\n${content}`;
    expect(differences(comware, others)).toEqual([]);
    expect(differences(comware, others, former)).toEqual([['FOREIGN_IN_OWNED_SECTION', '', null, 'vlan 555']]);
  });

  it('of OpenBSD is compared file by file, blanks and remarks aside; a file that is missing is missing', () => {
    expect(differences(openbsd, ({ content }) => `# by hand\n${content.replaceAll(' ', '  ')}`)).toEqual([]);
    const [tunnel] = renderDevice(openbsd);
    const edited = differences(openbsd, ({ path, content }) =>
      path === tunnel?.path ? content.replace('vnetid 307', 'vnetid 308') : content,
    );
    expect(edited).toEqual([
      ['OURS_MISSING', '', 'vnetid 307', null],
      ['FOREIGN_IN_OWNED_SECTION', '', null, 'vnetid 308'],
    ]);
    expect(differences(openbsd, ({ path, content }) => (path === tunnel?.path ? null : content))).toEqual([
      ['OURS_MISSING', '', tunnel?.path, null],
    ]);
  });

  it('of data is compared value by value, whatever the order of the keys', () => {
    const turned = ({ content }: Artefact): string =>
      JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(content) as object).reverse()), null, 2);
    expect(differences(data, turned)).toEqual([]);
    expect(differences(data, ({ content }) => content.replaceAll('"vni": 10001', '"vni": 10002'))).toContainEqual([
      'OURS_CHANGED',
      '',
      '/l2vnis/0/vni: 10001',
      '/l2vnis/0/vni: 10002',
    ]);
    expect(differences(data, () => 'vni 10001')[0]).toEqual(['OURS_MISSING', '', expect.stringMatching(/^\//), null]);
  });

  it.each([
    [comware, 'sysname OTHER'],
    [data, '{\n  "slug": "sonic2"\n}'],
    [leafIn(demoSnapshot()), 'hostname pve1'],
  ])('of another device is refused by its name (%#)', (device, text) => {
    const [artefact] = renderDevice(device);
    expect(() => handedIn(device, [{ path: artefact?.path ?? null, text }], renderDevice(device))).toThrow(/this is the configuration of/);
  });

  it('of a switch says whose it is', () => {
    const leaf = leafIn(demoSnapshot());
    const known = renderDevice(leaf);
    const path = known[0]?.path ?? null;
    const nameless = (known[0]?.content ?? '').replace(/^hostname .*\n/m, '');
    expect(() => handedIn(leaf, [{ path, text: nameless }], known)).toThrow(/says no hostname.*"hostname TEST"/i);
    expect(handedIn(leaf, [{ path, text: `hostname ${leaf.hostname}\n${nameless}` }], known).size).toBe(1);
  });

  it.each([
    [
      comware,
      [
        'snmp-agent community write simple SECRET',
        'snmp-agent community read SECRET acl 2000',
        'local-user admin class manage\n password simple SECRET',
        'local-user admin class manage\n password hash SECRET',
        'interface GigabitEthernet1/0/9\n dot1x password cipher SECRET',
        'super password level 3 cipher SECRET',
        'radius scheme one\n key authentication simple SECRET',
        'snmp-agent usm-user v3 u g simple authentication-mode sha SECRET privacy-mode aes128 SECRET',
        'snmp-agent usm-user v3 u g authentication-mode sha SECRET privacy-mode aes128 SECRET',
        'ntp-service authentication-keyid 1 authentication-mode md5 simple SECRET',
        'snmp-agent target-host trap address udp-domain 192.0.2.1 params securityname SECRET v2c',
        'bgp 65000\n peer 192.0.2.1 password cipher SECRET',
      ],
    ],
    [
      leafIn(demoSnapshot()),
      [
        'ntp authentication-key 1 md5 SECRET',
        'ntp authentication-key 1 md5 7 SECRET',
        'ntp authentication-key 65535 sha1 7 SECRET',
        'snmp-server community SECRET ro',
        'snmp-server user u g v3 auth md5 SECRET priv aes SECRET',
        'tacacs-server key 7 SECRET',
        'radius-server host 192.0.2.1 key 7 SECRET',
        'username admin privilege 15 role network-admin secret sha512 SECRET',
        'interface Ethernet1\n   ip ospf authentication-key 7 SECRET',
        'interface Ethernet1\n   ip ospf message-digest-key 1 md5 7 SECRET',
        'router bgp 65051\n   neighbor 192.0.2.9 password 7 SECRET',
      ],
    ],
  ] as const)('gives away no secret of others, whatever it is (%#)', (device, lines) => {
    const secret = fc.stringMatching(/^[A-Za-z0-9$./_+=-]{8,24}$/).map((text) => `Zq${text}`);
    fc.assert(
      fc.property(fc.constantFrom(...lines), secret, (line, word) => {
        const handed = line.replaceAll('SECRET', word);
        const artefacts = renderDevice(device);
        const hostname = `hostname ${device.hostname}\n`;
        // As lines of others, and as what Trame once asked for: neither says the word.
        const text = `${device === comware ? '' : hostname}${artefacts[0]?.content}${handed}\n`;
        const seen = asCollected(device.slug, handedIn(device, [{ path: artefacts[0]?.path ?? null, text }], artefacts), artefacts, {
          names: [],
          resolve: () => undefined,
        });
        const former = artefacts.map((artefact) => ({ ...artefact, content: `${artefact.content}${handed}\n` }));
        const base = {
          slug: device.slug,
          deviceId: 'd' as DeviceId,
          verifiedDigest: 'v',
          unconfirmed: [],
          secondsSincePush: null,
          kept: [],
        };
        const said = [[], former].map((known) => compareDevice({ ...base, verifiedArtefacts: artefacts, former: known }, seen));
        expect(JSON.stringify(said)).not.toContain(word);
        expect(JSON.stringify(said)).toMatch(/«secret»|<[0-9a-f]{8}>/);
      }),
    );
  });

  it('is a text, of a path of the device, once', () => {
    const known = renderDevice(openbsd);
    const path = known[0]?.path ?? '';
    for (const texts of [
      [],
      [{ path: null, text: 'up' }],
      [{ path: '/etc/pf.conf', text: 'pass' }],
      [{ path, text: 'u\0p' }],
      [
        { path, text: 'up' },
        { path, text: 'up' },
      ],
    ])
      expect(() => handedIn(openbsd, texts, known)).toThrow(expect.objectContaining({ code: 'INVALID_VALUE' }) as Error);
  });
});

describe('what a person is given', () => {
  const before = leafIn(demoFabric().build());
  const after = leafIn(demoSnapshot());
  const record = (verified: DeviceIntent | null, uncertain: DeviceIntent | null = null) => ({
    verifiedArtefacts: verified ? renderDevice(verified) : [],
    uncertainArtefacts: uncertain ? renderDevice(uncertain) : [],
  });

  it('are the commands from what was confirmed to what is asked, and back', () => {
    const [there] = snippetsOf(renderDevice(after), record(before));
    expect(there?.commands).toMatch(/^vlan 100\nname vni10001\nexit$/m);
    expect(there?.commands).not.toContain('router-id');
    expect(snippetsOf(renderDevice(before), record(after))[0]?.commands).toMatch(/^no vlan 100$/m);
    expect(snippetsOf(renderDevice(after), record(after))).toEqual([]);
  });

  it('lead there from either of two states, where nobody knows which one it is', () => {
    const [back] = snippetsOf(renderDevice(before), record(before, after));
    expect(back?.commands).toMatch(/^no vlan 100$/m);
    expect(back?.commands).toContain('router-id 172.16.1.1');
    const [again] = snippetsOf(renderDevice(after), record(before, after));
    expect(again?.commands).toMatch(/^vlan 100$/m);
  });

  it('are whole files where all of a file is ours, and the word that one goes', () => {
    const snippets = snippetsOf(renderDevice(openbsd).slice(2), record(openbsd));
    expect(snippets.map(({ path, action, text }) => [path, action, text])).toEqual([
      ['/etc/hostname.vxlan307', 'REMOVE', ''],
      ['/etc/hostname.bridge307', 'REMOVE', ''],
    ]);
    const host = deviceOf('l2-two-hosts-one-leaf', 'pve1');
    expect(snippetsOf(renderDevice(host), undefined).map(({ path, action, commands }) => [path, action, commands !== null])).toEqual([
      ['/etc/network/interfaces.d/trame', 'WRITE', false],
      ['/etc/frr/frr.conf', 'WRITE', true],
    ]);
  });
});

describe('a plan with devices that people configure', () => {
  const circumstances = (over: Partial<PlanCircumstances> = {}): PlanCircumstances => ({
    management: new Map(),
    protectedNetworks: new Set(),
    locks: new Map(),
    barred: new Map(),
    ...over,
  });

  it('has them after the last wave, and counts no wave by them', () => {
    const intent = compileFabric((scenarios['external-as-data'] ?? demoSnapshot)());
    const plan = wholePlan(draftPlan(intent, new Map(), circumstances()), 0);
    expect(plan.items.map(({ slug, isExternal, wave }) => [slug, isExternal, wave])).toEqual([
      ['test', false, 0],
      ['pve1', false, 1],
      ['pve2', false, 1],
      ['sonic1', true, 2],
    ]);
    const test = intent.devices.find(({ slug }) => slug === 'test') as DeviceIntent;
    const theirs = wholePlan(draftPlan(intent, new Map(), circumstances({ external: new Set([test.deviceId]) })), 0);
    expect(theirs.items.filter(({ isExternal }) => isExternal).map(({ slug, snippets }) => [slug, snippets.length])).toEqual([
      ['sonic1', 2],
      ['test', 1],
    ]);
  });

  it('does not ask again for what is asked already', () => {
    const intent = compileFabric((scenarios['external-as-data'] ?? demoSnapshot)());
    const { items } = wholePlan(draftPlan(intent, new Map(), circumstances()), 0);
    const sonic = items.find(({ slug }) => slug === 'sonic1');
    const awaited = new Map([[sonic?.deviceId as DeviceId, sonic?.desiredDigest ?? '']]);
    const draft = draftPlan(intent, new Map(), circumstances({ awaited }));
    expect(draft.awaited).toEqual([sonic?.deviceId]);
    expect(draft.changed.map(({ slug }) => slug)).not.toContain('sonic1');
    const stale = draftPlan(intent, new Map(), circumstances({ awaited: new Map([[sonic?.deviceId as DeviceId, 'older']]) }));
    expect(stale.awaited).toEqual([]);
    expect(stale.changed.map(({ slug }) => slug)).toContain('sonic1');
  });
});
