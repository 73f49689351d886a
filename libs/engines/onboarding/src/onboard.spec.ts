import fs from 'node:fs';
import path from 'node:path';
import { FRR_PATH, INTERFACES_PATH, renderDevice } from '#engines/rendering';
import { compareConfigs, frrDialect } from '#engines/reconcile';
import { compileFabric, deviceIntent, type FabricSnapshot } from '#engines/intent';
import { canonicalJson } from '#engines/kernel';
import type { ImportedFile } from './documents/imported-file.js';
import { onboard } from './onboard.js';
import { handBuiltFabric, handBuiltFabricInFull, HOST_FRR } from './testing/index.js';

const artefact = (snapshot: FabricSnapshot, slug: string, at: string): string =>
  renderDevice(deviceIntent(compileFabric(snapshot), slug)).find((one) => one.path === at)?.content ?? '';
const codes = (files: readonly ImportedFile[]): readonly string[] =>
  onboard(files).lint.map(({ code, devices }) => `${code} ${devices.join(' ')}`);

describe('a fabric that was built by hand', () => {
  const { snapshot, lint, report } = onboard(handBuiltFabric());

  it('becomes one network, one session and one link, known from both ends', () => {
    expect(snapshot.networks).toMatchObject([
      { vni: 1000, mtu: 1450, importTargets: ['1:1', '65051:1000'], exportTargets: ['1:1', '65051:1000'] },
    ]);
    expect(snapshot.vlanMappings).toMatchObject([{ deviceId: 'device-test', vlan: 1000 }]);
    expect(snapshot.sessions).toMatchObject([
      {
        ends: [
          { deviceId: 'device-pve1', address: '192.168.100.2', role: 'PEER' },
          { deviceId: 'device-test', address: '192.168.100.1', role: 'PEER' },
        ],
        families: ['IPV4_UNICAST', 'L2VPN_EVPN'],
        keepaliveSeconds: 20,
        holdSeconds: 60,
      },
    ]);
    // The leaf did not show Ethernet1: its address is what the host calls it by.
    expect(snapshot.links).toMatchObject([
      { prefix: '192.168.100.0/24', ends: [{ port: 'ens19' }, { port: 'Ethernet1', address: '192.168.100.1' }] },
    ]);
    expect(snapshot.devices.map(({ slug, platform, vtep, software }) => [slug, platform, vtep, software])).toEqual([
      ['pve1', 'DEBIAN_FRR', { address: '172.16.1.51', routerId: '172.16.1.51', asn: 65_051 }, { frr: '10.3.1' }],
      ['test', 'ARISTA_EOS', { address: '172.16.1.1', routerId: '172.16.1.1', asn: 65_051 }, {}],
    ]);
    expect(snapshot.devices[0]).toMatchObject({ host: { loopback: 'lo1' }, management: { port: 'vmbr0', address: '192.168.1.154' } });
  });

  it('comes with the list of what is wrong with it, worst first, each with a way out', () => {
    const found = lint.map(({ severity, code, devices }) => `${severity} ${code} ${devices.join(' ')}`);
    expect(found).toEqual(
      expect.arrayContaining([
        'ERROR REDISTRIBUTES_CONNECTED pve1',
        'ERROR REDISTRIBUTES_CONNECTED TEST',
        'WARNING AUTOMATIC_TARGETS pve1',
        'WARNING CAPABILITY_OF_ONE_SIDE TEST pve1',
        'WARNING MULTIHOP_WITHOUT_NEED TEST',
        'WARNING NAME_SCHEME pve1',
        'WARNING NOT_REENTRANT pve1',
        'WARNING NOT_SOURCED pve1',
        'WARNING OTHER_DISTINGUISHER TEST',
        'WARNING RESTART_STYLE_RELOAD pve1',
      ]),
    );
    expect([...found].sort((a, b) => rank(a) - rank(b))).toEqual(found);
    expect(lint.every(({ sentence, fix }) => sentence.length > 20 && fix.length > 5)).toBe(true);
    const of = (code: string, device: string) => lint.find((one) => one.code === code && one.devices.includes(device));
    expect(of('REDISTRIBUTES_CONNECTED', 'pve1')?.sentence).toContain('192.168.1.0/24 (vmbr0)');
    expect(of('NAME_SCHEME', 'pve1')?.sentence).toContain('vxlan_VNET100000 has 16 characters');
    expect(of('OTHER_DISTINGUISHER', 'TEST')?.sentence).toContain('65051:1000');
  });

  it('is written as it is: the model, its deviations and what is kept come to no difference', () => {
    expect(report.differences).toBe(0);
    const [interfaces, frr] = report.devices[0]?.files ?? [];
    expect(frr).toMatchObject({ facts: 15, model: 12, deviations: 3, values: 0, kept: 0 });
    expect(interfaces).toMatchObject({ facts: 31, model: 19, deviations: 1, values: 11, kept: 0 });
    // Rendered by the same function as every device, and judged by the comparison that deployment uses.
    expect(compareConfigs(frrDialect, artefact(snapshot, 'pve1', FRR_PATH), HOST_FRR)).toEqual([]);
    expect(artefact(snapshot, 'pve1', INTERFACES_PATH)).not.toMatch(/vmbr0|ens18/);
    expect(report.devices[1]).toMatchObject({ unseen: ['vlan 1000', 'interface Ethernet1', 'interface Loopback1', 'ip routing'] });
  });

  it('takes the management along from a whole running-config, beside the model', () => {
    const whole = onboard(handBuiltFabricInFull());
    expect(whole.report.differences).toBe(0);
    expect(whole.report.devices[1]?.unseen).toEqual([]);
    const kept = whole.snapshot.devices[1]?.adopted?.kept.map(({ section, text }) => [...section, text].join(' / '));
    expect(kept).toEqual(['hostname TEST', 'interface Management1', 'interface Management1 / ip address 192.168.1.153/24']);
    expect(whole.snapshot.attachments).toEqual(
      expect.arrayContaining([expect.objectContaining({ port: 'Ethernet2', tagging: 'UNTAGGED' })]),
    );
  });
});

const rank = (line: string): number => ['ERROR', 'WARNING', 'INFO'].findIndex((severity) => line.startsWith(severity));

describe('a deviation', () => {
  const { snapshot } = onboard(handBuiltFabricInFull());
  const without = (slug: string, code: string): FabricSnapshot => ({
    ...snapshot,
    devices: snapshot.devices.map((device) =>
      device.slug === slug && device.adopted
        ? { ...device, adopted: { ...device.adopted, deviations: device.adopted.deviations.filter((one) => one.code !== code) } }
        : device,
    ),
  });

  it('that is taken away brings Trame’s own line, and nothing else', () => {
    const before = artefact(snapshot, 'pve1', FRR_PATH);
    const after = artefact(without('pve1', 'REDISTRIBUTES_CONNECTED'), 'pve1', FRR_PATH);
    expect(compareConfigs(frrDialect, after, before).map(({ kind, wanted, found }) => [kind, wanted, found])).toEqual([
      ['missing', 'network 172.16.1.51/32', null],
      ['extra', null, 'redistribute connected'],
    ]);
  });

  it('takes targets and RD together: half of it would change what the other half means', () => {
    const fixed = artefact(without('pve1', 'AUTOMATIC_TARGETS'), 'pve1', FRR_PATH);
    expect(fixed).toMatch(/autort rfc8365-compatible\n {2}vni 1000\n {3}rd 172\.16\.1\.51:1000\n {3}route-target import 1:1\n/);
  });

  it('is gone for all of them when the device is as Trame writes it', () => {
    const plain = { ...snapshot, devices: snapshot.devices.map(({ adopted: _adopted, ...device }) => device) };
    const own = renderDevice(deviceIntent(compileFabric(plain), 'test')).map(({ content }) => content);
    const again = onboard([
      ...handBuiltFabricInFull().slice(0, 2),
      { device: 'TEST', name: 'own.cfg', text: `! device: TEST (vEOS, EOS-4.34.1F)\n${own.join('')}end\n` },
    ]);
    expect(again.report.differences).toBe(0);
    expect(again.snapshot.devices.find(({ slug }) => slug === 'test')?.adopted?.deviations).toEqual([]);
  });
});

describe('one digit changed in an imported file', () => {
  const files = handBuiltFabricInFull();
  const { snapshot, lint } = onboard(files);
  const said = canonicalJson([snapshot, lint]);
  /** Every digit is tried by `TRAME_EVERY_DIGIT=1`; all of them take a quarter of a minute. */
  const STRIDE = process.env['TRAME_EVERY_DIGIT'] === undefined ? 9 : 1;

  it('changes the model or the findings, and comes back as it was changed', () => {
    const silent: string[] = [];
    let count = 0;
    for (const [at, file] of files.entries()) {
      for (const [nth, { index }] of [...file.text.matchAll(/\d/g)].entries()) {
        const line = file.text.slice(file.text.lastIndexOf('\n', index) + 1, file.text.indexOf('\n', index));
        if (nth % STRIDE !== 0 || /^(?:!|frr version)/.test(line)) continue; // a heading says nothing about how
        const digit = (Number(file.text[index]) + 3) % 10;
        const text = file.text.slice(0, index) + digit + file.text.slice(index + 1);
        const mutant = onboard(files.map((one, i) => (i === at ? { ...one, text } : one)));
        count += 1;
        if (mutant.report.differences > 0 || canonicalJson([mutant.snapshot, mutant.lint]) === said)
          silent.push(`${line} → ${digit}: ${mutant.report.differences}`);
      }
    }
    expect(count).toBeGreaterThan(35);
    expect(silent).toEqual([]);
  });
});

describe('a text from a terminal', () => {
  it('is told apart at its prompts, and what is no configuration is named', () => {
    const [interfaces, frr, leaf] = handBuiltFabric() as [ImportedFile, ImportedFile, ImportedFile];
    const pasted = `root@pve1:~# cat /etc/network/interfaces\n${interfaces.text}pve1# sh run\n${frr.text}pve1# sh bgp evpn summary\nBGP router identifier 172.16.1.51\n`;
    const { report, lint, snapshot } = onboard([{ device: 'pve1', name: '', text: pasted }, leaf]);
    expect(report.differences).toBe(0);
    expect(snapshot).toEqual(onboard(handBuiltFabric()).snapshot);
    expect(lint.find(({ code }) => code === 'NO_CONFIGURATION')?.sentence).toContain('sh bgp evpn summary');
  });

  it('may have lost its indentation', () => {
    const flat = handBuiltFabric().map((file) => ({ ...file, text: file.text.replace(/^[ \t]+/gm, '') }));
    const { report, snapshot, lint } = onboard(flat);
    expect(report.differences).toBe(0);
    expect(snapshot).toEqual(onboard(handBuiltFabric()).snapshot);
    expect(lint.filter(({ code }) => code === 'INDENTATION_LOST').map(({ devices }) => devices.join())).toEqual(['TEST', 'pve1']);
  });

  it.each([
    ['no configuration at all', 'Dear colleague,\nplease have a look.\n'],
    ['the output of another command alone', 'TEST#show version\nArista vEOS\n'],
    ['nothing', ' \n'],
  ])('is refused when it is %s, with what would be accepted', (_, text) => {
    expect(() => onboard([{ device: 'TEST', name: 'mail.txt', text }])).toThrow(
      expect.objectContaining({
        code: 'INVALID_VALUE',
        facts: expect.objectContaining({ accepted: expect.stringContaining('running-config') }),
      }),
    );
  });
});

describe('devices that do not fit together', () => {
  const [interfaces, frr, leaf] = handBuiltFabricInFull() as [ImportedFile, ImportedFile, ImportedFile];
  const changed = (file: ImportedFile, from: string, to: string): ImportedFile => ({ ...file, text: file.text.replaceAll(from, to) });

  it.each([
    ['timers', changed(leaf, 'timers bgp 20 60', 'timers bgp 10 30'), 'TIMERS_DISAGREE TEST pve1'],
    ['AS numbers', changed(leaf, 'remote-as 65051', 'remote-as 65052'), 'SESSION_DISAGREES TEST pve1'],
    ['the address of the peer', changed(leaf, 'neighbor 192.168.100.2', 'neighbor 192.168.100.9'), 'SESSION_DISAGREES pve1'],
    ['a VLAN that is not defined', changed(leaf, '!\nvlan 1000\n', ''), 'VLAN_NOT_DEFINED TEST'],
    ['a tunnel that does not come up', leaf, 'NOT_STARTED pve1'],
  ])('are taken over as they are, and %s is said', (what, other, code) => {
    const host = what.startsWith('a tunnel') ? changed(interfaces, 'auto vxlan_VNET1000\n', '') : interfaces;
    expect(codes([host, frr, other])).toContain(code);
    expect(onboard([host, frr, other]).report.differences).toBe(0);
  });

  it('keep an EOS device alone as it is, with sessions to nobody we know', () => {
    const { report, snapshot, lint } = onboard([leaf]);
    expect(report.differences).toBe(0);
    expect(snapshot.sessions).toEqual([]);
    expect(lint.map(({ code }) => code)).toContain('PEER_NOT_IMPORTED');
  });
});

/** Set to a folder with the texts of operators, whose configurations stand in a page without their indentation. */
const seeds = process.env['TRAME_SEEDS'];

describe.skipIf(seeds === undefined)('a page with configurations of both sides', () => {
  it('is taken over without a difference', () => {
    const page = fs.readdirSync(seeds ?? '').find((name) => name.startsWith('000')) ?? '';
    const text = fs.readFileSync(path.join(seeds ?? '', page), 'utf8');
    const between = (from: RegExp, to: RegExp): string => {
      const rest = text.slice(from.exec(text)?.index ?? 0);
      return rest.slice(0, to.exec(rest)?.index);
    };
    const host = [
      between(/^root@pve1:~# cat/m, /^L'interface/m),
      between(/^pve1# sh run/m, /^Sur l'Arista/m),
      between(/^auto VNET1000/m, /^On restart/m),
    ];
    const files = [
      { device: 'pve1', name: '', text: `${host[0]}${host[2]}${host[1]}` },
      { device: 'TEST', name: '', text: between(/^TEST#sh run \| s bgp/m, /^Mes sessions/m) },
    ];
    const { report, lint, snapshot } = onboard(files);
    expect(report.differences).toBe(0);
    expect(snapshot.networks).toMatchObject([{ vni: 1000, importTargets: ['1:1', '65051:1000'] }]);
    expect(lint.map(({ code }) => code)).toEqual(
      expect.arrayContaining(['REDISTRIBUTES_CONNECTED', 'MULTIHOP_WITHOUT_NEED', 'NAME_SCHEME']),
    );
  });
});
