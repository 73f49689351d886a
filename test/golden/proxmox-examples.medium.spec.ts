/**
 * The set-ups of Proxmox' manual through the Proxmox profile: golden files, and what ifupdown2, FRR and dnsmasq say of them.
 * `UPDATE_GOLDEN=1` rewrites them.
 *
 *   test/golden-proxmox/<example>/<node>/<path…>
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { PVE_FRR_PATH, PVE_INTERFACES_PATH, renderPveNode } from '#engines/pve-sdn';
import { type PveExample, pveExamples } from '#engines/pve-sdn/testing';
import { Lab, type LabNode, missingForRealHosts } from '../../apps/lab/src/hosts/index.js';
import { describeWith, missing } from '../support/describe-with.js';

const ROOT = join(import.meta.dirname, '../golden-proxmox');
const EXAMPLES = [...pveExamples()];
/** ifupdown2 says these of files that it then puts in force: what it inherits, and a tool that it no longer needs. */
const HARMLESS = [/bridge inherits mtu from its ports/, /brctl: missing/, /missing vxlan-local-tunnelip/];
/** Proxmox ships an ifupdown2 with patches of its own: VLANs of a VLAN-aware bridge as devices, veth pairs, several such bridges. */
const PATCHED = ['qinq'];

function rendered({ config, nodes }: PveExample): Map<string, string> {
  return new Map(
    nodes.flatMap((facts) =>
      [...renderPveNode(config, facts, '9.1', null).files].map(([path, text]): [string, string] => [join(facts.name, path), text]),
    ),
  );
}

function golden(name: string): Map<string, string> {
  const directory = join(ROOT, name);
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(files.map((entry) => [relative(directory, join(entry.parentPath, entry.name)), readFileSync(join(entry.parentPath, entry.name), 'utf8')]));
}

function rewrite(name: string, files: ReadonlyMap<string, string>): void {
  rmSync(join(ROOT, name), { recursive: true, force: true });
  for (const [path, text] of files) {
    mkdirSync(dirname(join(ROOT, name, path)), { recursive: true });
    writeFileSync(join(ROOT, name, path), text);
  }
}

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'trame-proxmox-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe("the examples of Proxmox' manual", () => {
  it.each(EXAMPLES)('have the golden files of %s', (name, example) => {
    const files = rendered(example);
    if (process.env['UPDATE_GOLDEN'] === '1') rewrite(name, files);
    expect(new Map([...files].sort())).toEqual(new Map([...golden(name)].sort()));
  });
});

describeWith(
  { missing: [...missingForRealHosts(), ...missing({ programs: { 'dnsmasq-base': '/usr/sbin/dnsmasq', iptables: '/usr/sbin/iptables' } })] },
  'a node of such a cluster',
  () => {
    let lab: Lab;
    let host: LabNode;

    beforeEach(async () => {
      lab = await Lab.create(join(directory, 'lab'));
      host = await lab.node('node1');
    });
    afterEach(() => lab.close());

    async function install(example: PveExample): Promise<ReadonlyMap<string, string>> {
      const [facts] = example.nodes;
      if (facts === undefined) throw new Error('an example has a node');
      const { files } = renderPveNode(example.config, facts, '9.1', null);
      await host.writeFile('/etc/network/interfaces', `auto lo\niface lo inet loopback\n\n${example.interfaces.get(facts.name) ?? ''}`);
      for (const [path, text] of files) await host.writeFile(path, text);
      return files;
    }

    it.each(EXAMPLES.filter(([name]) => !PATCHED.includes(name)))('has ifupdown2 read %s', async (_name, example) => {
      await install(example);
      const { stdout, stderr } = await host.exec(['ifup', '-a', '-s', '-i', PVE_INTERFACES_PATH]);
      const said = (stdout + stderr).split('\n').filter((line) => line !== '' && !HARMLESS.some((pattern) => pattern.test(line)));
      // ifupdown2 calls `none` no port, in its check of syntax only.
      expect(said.filter((line) => !/bridge.ports.*none/.test(line))).toEqual([]);
    });

    it.each(EXAMPLES.filter(([name]) => name === 'vxlan' || name === 'simple'))('puts %s in force, and then nothing has drifted', async (_name, example) => {
      await host.run(['ip', 'link', 'add', 'eno1', 'type', 'veth', 'peer', 'name', 'wire']);
      await install(example);
      await host.run(['ifreload', '-a']);
      const { stdout } = await host.exec(['ifquery', '-a', '--check']);
      expect(stdout).not.toContain('[fail]');
      await host.run(['ifreload', '-a']);
      expect((await host.exec(['ifquery', '-a', '--check'])).stdout).not.toContain('[fail]');
    });

    it('has FRR read and load EVPN', async () => {
      const example = new Map(EXAMPLES).get('evpn');
      if (example === undefined) throw new Error('the example of EVPN is there');
      await install(example);
      expect(await host.exec(['vtysh', '-C', '-f', PVE_FRR_PATH])).toMatchObject({ code: 0, stderr: '' });
      await host.startFrr();
      expect(await host.run(['vtysh', '-c', 'show running-config'])).toContain('neighbor VTEP peer-group');
    });

    it('has dnsmasq take the files of a zone with DHCP', async () => {
      const example = new Map(EXAMPLES).get('simple');
      if (example === undefined) throw new Error('the example of a simple zone is there');
      const files = [...(await install(example)).keys()].filter((path) => path.startsWith('/etc/dnsmasq.d/'));
      const folder = join(directory, 'dnsmasq');
      mkdirSync(folder);
      for (const path of files) writeFileSync(join(folder, path.split('/').at(-1) ?? ''), (await install(example)).get(path) ?? '');
      const { code, stderr } = await host.exec(['dnsmasq', '--test', `--conf-dir=${folder}`]);
      expect({ code, stderr: stderr.trim() }).toEqual({ code: 0, stderr: 'dnsmasq: syntax check OK.' });
      expect(files).toHaveLength(2);
    });
  },
);
