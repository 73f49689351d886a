import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { CommanderError } from 'commander';
import { handBuiltFabric, handBuiltFabricInFull } from '#engines/onboarding/testing';
import { readDocument } from '../fabric/load-document.js';
import { runImportConfig as run } from '../../../../../test/support/run-import-config.js';

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'trame-import-'));
  fs.mkdirSync(path.join(folder, 'pve1/etc/network'), { recursive: true });
  for (const { device, name, text } of handBuiltFabric()) {
    if (device === 'pve1') fs.writeFileSync(path.join(folder, 'pve1/etc', name === 'interfaces' ? 'network/interfaces' : name), text);
    else fs.writeFileSync(path.join(folder, 'leaf.txt'), text);
  }
});
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
  fs.rmSync(folder, { recursive: true, force: true });
});

describe('trame import config', () => {
  const devices = (): string[] => ['--device', `pve1=${folder}/pve1`, '--device', `TEST=${folder}/leaf.txt`];

  it('prints the devices, what was understood, what is wrong, and that nothing would change', async () => {
    const { out, code } = await run(...devices(), '--exit-code');
    expect(out).toContain('pve1: DEBIAN_FRR (FRR 10.3.1), AS 65051, router id 172.16.1.51, VTEP 172.16.1.51 on lo1');
    expect(out).toContain('link 192.168.100.0/24: pve1 ens19 192.168.100.2 – TEST Ethernet1 192.168.100.1');
    expect(out).toContain('iBGP session in AS 65051: pve1 192.168.100.2 – TEST 192.168.100.1, IPv4 and EVPN, timers 20/60');
    expect(out).toContain('VNI 1000: pve1, TEST VLAN 1000; RT 1:1 65051:1000; MTU 1450');
    expect(out).toMatch(/ERROR {3}REDISTRIBUTES_CONNECTED.*\n.*\n {10}→ announce the loopback by name/);
    expect(out).toMatch(/\n0 differences$/);
    expect(code).toBeUndefined();
  });

  it('prints the same as JSON, the snapshot with it', async () => {
    const found = JSON.parse((await run(...devices(), '--json')).out) as Record<string, unknown>;
    expect(found).toMatchObject({
      version: 1,
      differences: 0,
      snapshot: { networks: [{ vni: 1000 }] },
      summary: { devices: [expect.stringContaining('pve1'), expect.stringContaining('TEST')] },
      devices: [{ device: 'pve1' }, { device: 'TEST' }],
    });
    expect(found['lint']).toEqual(expect.arrayContaining([expect.objectContaining({ code: 'NOT_REENTRANT', severity: 'WARNING' })]));
  });

  it('reads what it can of a folder, and says what it leaves', async () => {
    fs.writeFileSync(path.join(folder, 'pve1/etc/passwd'), 'root:x:0:0::/root:/bin/sh\n');
    const { out, err } = await run(...devices());
    expect(err).toContain(`${folder}/pve1/etc/passwd was not read`);
    expect(out).toMatch(/\n0 differences$/);
  });

  it('writes what `trame fabric load` takes, but for what no configuration says: that is refused by its sentence', async () => {
    const file = path.join(folder, 'fabric.json');
    const args = ['--write-fabric', file, '--fabric', 'par', '--tenant', 'acme', '--management', 'pve1=192.0.2.51:2222'];
    const { code, err } = await run(...devices(), ...args);
    expect({ code, err }).toEqual({ code: undefined, err: '' });
    const written = fs.readFileSync(file, 'utf8');
    expect(JSON.parse(written)).toMatchObject({
      fabric: { slug: 'par', vtepPool: '172.16.1.0/24' },
      devices: [
        {
          slug: 'pve1',
          managed: 'OBSERVE',
          managementAddress: '192.0.2.51',
          managementPort: 2222,
          adopted: { names: expect.any(Array) as unknown },
        },
        {
          slug: 'test',
          managementPort: 443,
          managementAddress: expect.stringMatching(/^FILL IN: the address by which Trame reaches test/) as unknown,
        },
      ],
      networks: [{ vni: 1000, tenant: 'acme', targets: [{ target: '1:1' }, { target: '65051:1000' }] }],
    });
    expect(() => readDocument(file)).toThrow(/devices\.0\.username: fill in the name with which Trame signs in on pve1\n/);
    fs.writeFileSync(file, written.replaceAll(/"FILL IN: [^"]*"/g, '"filled"'));
    expect(readDocument(file).devices.map(({ slug }) => slug)).toEqual(['pve1', 'test']);
  });

  it('names what the document cannot say, and ends with an error', async () => {
    const file = path.join(folder, 'fabric.json');
    const frr = path.join(folder, 'pve1/etc/frr.conf');
    fs.writeFileSync(frr, fs.readFileSync(frr, 'utf8').replace('frr version 10.3.1', 'frr version 10.3.1~rc1'));
    const { code, err } = await run(...devices(), '--write-fabric', file);
    expect(err).toBe('not carried over: devices.0.software.frr: a release as the device says it, e.g. 10.3.1');
    expect(code).toBe(5);
  });

  it('refuses an address for a device that there is not', async () => {
    await expect(
      run(...devices(), '--write-fabric', path.join(folder, 'fabric.json'), '--management', 'pve9=192.0.2.9'),
    ).rejects.toMatchObject({
      code: 'INVALID_VALUE',
      message: expect.stringContaining('pve1, test') as unknown,
    });
  });

  it('takes several files of one device', async () => {
    const [, , leaf] = handBuiltFabricInFull();
    fs.writeFileSync(path.join(folder, 'whole.cfg'), leaf?.text ?? '');
    const { out } = await run(
      '--device',
      `pve1=${folder}/pve1/etc/network/interfaces`,
      `${folder}/pve1/etc/frr.conf`,
      '--device',
      `TEST=${folder}/whole.cfg`,
    );
    expect(out).toContain('TEST: ARISTA_EOS 4.34.1F');
    expect(out).toMatch(/\n0 differences$/);
  });

  it('prints no secret, in neither form, and says where one was', async () => {
    const file = path.join(folder, 'pve1/etc/frr.conf');
    const line = ' neighbor 192.168.100.1 remote-as 65051\n';
    fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace(line, `${line} neighbor 192.168.100.1 password Hunter2-Zebra\n`));
    const { out } = await run(...devices());
    expect(out).toMatch(/\n {2}pve1 etc\/frr\.conf:15: 1 secret was left out \(neighbor 192\.168\.100\.1 password\)\n/);
    expect(out).toMatch(/\n0 differences$/);
    const json = (await run(...devices(), '--json')).out;
    expect(JSON.parse(json)).toMatchObject({ differences: 0, devices: [{ secrets: [{ line: 15 }] }, { secrets: [] }] });
    expect(out + json).not.toContain('Hunter2');
  });

  it('refuses a file that is no configuration, and says what would be accepted', async () => {
    fs.writeFileSync(path.join(folder, 'mail.txt'), 'Dear colleague,\n');
    await expect(run('--device', `TEST=${folder}/mail.txt`)).rejects.toMatchObject({
      code: 'INVALID_VALUE',
      message: expect.stringContaining('accepted is a running-config of EOS'),
    });
  });

  it('refuses a path without the name of a device as wrong usage', async () => {
    await expect(run('--device', `${folder}/leaf.txt`)).rejects.toBeInstanceOf(CommanderError);
  });
});
