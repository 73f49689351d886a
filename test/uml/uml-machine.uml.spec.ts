/** The user-mode kernel itself: what every other test of this folder leans on. */
import { existsSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { missingForUml, UmlMachine } from '../../apps/lab/src/uml/index.js';
import { describeWith } from '../support/describe-with.js';

describeWith({ missing: missingForUml() }, 'a user-mode kernel', () => {
  let machine: UmlMachine;
  beforeAll(async () => {
    machine = await UmlMachine.boot();
  });
  afterAll(() => machine.close());

  it('gives back status, output and errors of a command, and passes its input on, whatever characters there are', async () => {
    const nasty = `it's "$HOME" \\n ${'x'.repeat(10_000)}\nend`;
    expect(await machine.exec(['sh', '-c', 'cat; printf "%s" "$1" >&2; exit 7', 'sh', nasty], { stdin: nasty })).toEqual({
      code: 7,
      stdout: nasty,
      stderr: nasty,
    });
  });

  it.each(['dummy', 'vrf table 7', 'bond mode 802.3ad', 'bridge vlan_filtering 1', 'vxlan id 7 dstport 4789'])(
    'has interfaces of type %s',
    async (type) => {
      const name = type.split(' ')[0] ?? '';
      const script = `ip link add "test-$1" type $2 && ip -d link show "test-$1" && ip link delete "test-$1"`;
      expect(await machine.run(['sh', '-c', script, 'sh', name, type])).toContain(name);
    },
  );

  it('writes nothing to the machine underneath', async () => {
    await machine.run(['touch', '/etc/trame-was-here']);
    expect(existsSync('/etc/trame-was-here')).toBe(false);
  });

  it('runs commands beside each other', async () => {
    const waiter = machine.run(['sh', '-c', 'while [ ! -e /run/go ]; do sleep 0.05; done; echo went']);
    await machine.run(['touch', '/run/go']);
    expect(await waiter).toBe('went\n');
  });

  it('holds hosts of their own with cables between them', async () => {
    const [left, right] = [await machine.node('left'), await machine.node('right')];
    await machine.link(left, 'eth0', right, 'eth1');
    await left.run(['ip', 'address', 'add', '10.0.0.1/24', 'dev', 'eth0']);
    await right.run(['ip', 'address', 'add', '10.0.0.2/24', 'dev', 'eth1']);
    expect(await left.run(['ping', '-c1', '-W2', '10.0.0.2'])).toContain(' 0% packet loss');
    await left.writeFile('/etc/network/interfaces.d/trame', 'one\n');
    expect(await left.readFile('/etc/network/interfaces.d/trame')).toBe('one\n');
    expect((await right.exec(['test', '-e', '/etc/network/interfaces.d/trame'])).code).toBe(1);
    expect((await right.run(['hostname'])).trim()).toBe('right');
    await left.stop();
    await vi.waitFor(async () => expect((await right.exec(['ip', 'link', 'show', 'eth1'])).code).toBe(1), { timeout: 10_000 });
  });

  it('says so when a command takes too long', async () => {
    await expect(machine.run(['sleep', '60'], { timeoutMs: 100 })).rejects.toThrow('sleep 60: no end within 100 ms');
  });
});

describeWith({ missing: missingForUml() }, 'a user-mode kernel that ends', () => {
  const left = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('trame-uml-'));

  it('leaves no process, no file, and nobody waiting', async () => {
    const before = left();
    const machine = await UmlMachine.boot();
    const answer = machine.run(['sleep', '60']).catch(String);
    await machine.close();
    expect(await answer).toContain('the machine is gone');
    await machine.close();
    expect(left()).toEqual(before);
  });
});
