/** What Trame renders passes the gate of the host, all of it; the other side is tried on real hosts (test/long/host-faults.long.spec.ts). */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FILES } from './files.js';
import { FRAME } from './frame.js';
import { GATE } from './gate.js';

const GOLDEN = 'test/golden';
const GATES: readonly (readonly [RegExp, string])[] = [
  [/\/etc\/network\/interfaces\.d\/trame(-ovs)?$/, 'gate_interfaces'],
  [/\/etc\/frr\/daemons$/, 'gate_daemons'],
  [/\/etc\/libvirt\/hooks\/qemu\.d\/trame$/, 'gate_hook'],
  [/\/etc\/trame\/libvirt\/networks\/.*\.xml$/, 'gate_network'],
];

describe('the gate of a host', () => {
  let work: string;
  beforeAll(() => {
    work = mkdtempSync(join(tmpdir(), 'trame-gate-'));
  });
  afterAll(() => rmSync(work, { recursive: true }));

  const gate = (calls: readonly string[]): string =>
    spawnSync('sh', ['-s'], { input: `${FRAME}${FILES}${GATE}\nwork=${work}\n${calls.join('\n')}\n`, encoding: 'utf8' }).stdout;
  const rendered = readdirSync(GOLDEN, { recursive: true, encoding: 'utf8' })
    .map((name) => join(GOLDEN, name))
    .filter((path) => !path.includes('-classic/'));

  it.each(GATES)('lets pass what is rendered: %s', (paths, name) => {
    const files = rendered.filter((path) => paths.test(path));
    expect(files.length).toBeGreaterThan(0);
    expect(gate([...files.map((path) => `${name} '${path}' | sed 's|^|${path}: |'`), 'echo the end'])).toBe('the end\n');
  });

  it.each([
    ['--\nset\nOpen_vSwitch\n.\nmanager_options=@m', 'manager_options=@m'],
    ['--\nadd-port\nbr0\neno1', 'add-port'],
    ['--log-file=/etc/shadow\n--\nset\nPort\neno1\ntag=1', '--log-file=/etc/shadow'],
    ['--\nset\nController\nc\nmax_backoff=1', 'Controller'],
  ])('refuses a transaction of Open vSwitch with %j', (transaction, word) => {
    expect(gate([`cat > ${work}/transaction << 'END'\n${transaction}\nEND`, `gate_transaction ${work}/transaction`])).toContain(word);
  });

  it('lets a transaction of rows that are ours pass', () => {
    const transaction =
      '--\n--id=@port1\ncreate\nPort\nname=eno1\ntag=5\n--\nadd\nOpen_vSwitch\n.\nbridges\n@bridge1\n--\nset\nOpen_vSwitch\n.\nother_config:vlan-limit=0';
    expect(gate([`cat > ${work}/transaction << 'END'\n${transaction}\nEND`, `gate_transaction ${work}/transaction`])).toBe('');
  });
});
