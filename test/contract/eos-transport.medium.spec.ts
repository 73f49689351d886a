/** What EosTransport does with a switch: a real one takes the first part too, the second needs time and faults in our hands. */
import { createHash } from 'node:crypto';
import { EosTransport } from '#adapters/eos';
import type { DeviceConnection, DeviceTarget, PushIdentity } from '#contexts/deployment/ports';
import { compileFabric } from '#engines/intent';
import { demoFabric, demoSnapshot } from '#engines/intent/testing';
import { type Artefact, RUNNING_CONFIG_PATH, renderDevice } from '#engines/rendering';
import { type EosSimulatorOptions, VirtualClock } from '../../apps/lab/src/eos-simulator/index.js';
import { SimulatedFabric } from '../../apps/lab/src/simulated-fabric.js';
import { isRealSwitch, SwitchUnderTest } from './eos-switch.js';

const push = (fence: number): PushIdentity => ({ planId: `plan-${fence}`, revision: fence, fence });

const artefact = (content: string): Artefact => ({
  device: 'test',
  path: RUNNING_CONFIG_PATH,
  format: 'eos',
  mode: 0o644,
  owner: 'root',
  content,
  sha256: createHash('sha256').update(content).digest('hex'),
});

/** Lines that mean nothing to whatever else a switch does. */
const ONE = artefact('vlan 3981\n   name contract-one\n!\ninterface Loopback981\n   description contract\n   ip address 198.51.100.1/32\n');
const TWO = artefact(
  'vlan 3981\n   name contract-two\n!\nvlan 3982\n   name contract\n!\ninterface Loopback981\n   ip address 198.51.100.1/32\n',
);
const NOTHING = { vnis: [], neighbors: [] };
/** Rises from run to run, as fences do on a switch that remembers. */
let fence = Math.floor(Date.now() / 1000) - 1_700_000_000;

const TIMING = { patienceMs: 2_000, settleMs: 300, requestMs: 2_000, commitMs: 2_000 };

class Pushing {
  constructor(
    readonly device: SwitchUnderTest,
    private readonly transport = new EosTransport(isRealSwitch ? {} : TIMING),
  ) {}

  open(target: Partial<DeviceTarget> = {}, signal = new AbortController().signal): Promise<DeviceConnection> {
    return this.transport.open({ ...this.device.target, ...target }, signal);
  }

  /** A whole push that nobody disturbs. */
  async all(wanted: readonly Artefact[], previous: readonly Artefact[] = []): Promise<void> {
    const connection = await this.open();
    const identity = push((fence += 1));
    await connection.stage(identity, wanted, previous);
    await connection.apply(identity, 60);
    const { ok, checks } = await connection.verify(identity, wanted, NOTHING, 5_000);
    if (!ok) throw new Error(checks.map(({ message }) => message).join('\n'));
    await connection.confirm(identity);
    await connection.close();
  }
}

describe(`EosTransport with ${isRealSwitch ? 'a real switch' : 'the simulator'}`, () => {
  let device: SwitchUnderTest;
  let pushing: Pushing;

  beforeAll(async () => {
    device = await SwitchUnderTest.start();
    pushing = new Pushing(device);
  });
  afterEach(async () => {
    const cleaner = await pushing.open();
    await cleaner.recover(push((fence += 1)));
    await pushing.all([], [ONE, TWO]);
  });
  afterAll(() => device.close());

  it('takes lines in, changes them, takes them away, and leaves the configuration as it was', async () => {
    const before = await device.runningConfig();
    await pushing.all([ONE]);
    expect(await device.runningConfig()).toMatch(/^vlan 3981\n {3}name contract-one$/m);
    await pushing.all([TWO], [ONE]);
    const config = await device.runningConfig();
    expect(config).toMatch(/^vlan 3981\n {3}name contract-two$/m);
    expect(config).not.toContain('description contract');
    await pushing.all([], [TWO]);
    expect(await device.runningConfig()).toBe(before);
  });

  it('says what it found, what it would change, and that nothing is to be done when nothing is', async () => {
    const connection = await pushing.open();
    const found = await connection.inspect([RUNNING_CONFIG_PATH, '/etc/frr/frr.conf']);
    expect(found.version).toMatch(/^EOS \d+\.\d+/);
    expect(found.hostname).not.toBe('');
    expect(found.actual.get(RUNNING_CONFIG_PATH)).toContain(`hostname ${found.hostname}`);
    expect(found.actual.get('/etc/frr/frr.conf')).toBeNull();
    expect(found.pending).toBeNull();
    const staged = await connection.stage(push((fence += 1)), [ONE], []);
    expect(staged.isNoop).toBe(false);
    expect(staged.diff).toMatch(/^\+vlan 3981$/m);
    expect(await device.runningConfig()).not.toContain('3981');
    await connection.revert(push(fence));
    await pushing.all([ONE]);
    expect(await connection.stage(push((fence += 1)), [ONE], [ONE])).toEqual({ diff: '', isNoop: true });
    await connection.apply(push(fence), 60);
    await connection.confirm(push(fence));
    expect((await connection.inspect([])).pending).toBeNull();
  });

  it('refuses another key than the pinned one, and no pinned key, before it sends the password', async () => {
    const wrong = createHash('sha256').update('somebody else').digest('base64');
    await expect(pushing.open({ tlsSpkiSha256: [wrong] })).rejects.toMatchObject({ code: 'WRONG_HOST_KEY' });
    await expect(pushing.open({ tlsSpkiSha256: [] })).rejects.toMatchObject({ code: 'WRONG_HOST_KEY' });
    await (await pushing.open({ tlsSpkiSha256: [wrong, ...device.target.tlsSpkiSha256] })).close();
  });

  it('refuses a box with another serial number or system MAC, however they are written, and reads nothing of its configuration', async () => {
    const [box] = await device.show('show version');
    const [serialNumber, systemMac] = [String(box?.serialNumber), String(box?.systemMacAddress)];
    const dotted = systemMac
      .replaceAll(':', '')
      .replace(/(....)(?=.)/g, '$1.')
      .toUpperCase();
    await (await pushing.open({ serialNumber: serialNumber.toLowerCase(), systemMac: dotted })).close();
    await expect(pushing.open({ serialNumber: 'JPE00000000' })).rejects.toMatchObject({
      code: 'WRONG_DEVICE',
      facts: { detail: `another box answers at its address: serial number ${serialNumber} instead of JPE00000000` },
    });
    await expect(pushing.open({ serialNumber, systemMac: '00:1c:73:00:00:00' })).rejects.toMatchObject({ code: 'WRONG_DEVICE' });
  });

  it('can be read for drift: what runs, what a reload would boot, what is under way', async () => {
    await pushing.all([ONE]);
    await device.show('configure', 'vlan 3990', 'name by-hand');
    const connection = await pushing.open();
    await connection.stage(push((fence += 1)), [TWO], [ONE]);
    const found = await connection.collect?.([RUNNING_CONFIG_PATH, '/etc/frr/frr.conf']);
    await connection.revert(push(fence));
    expect(found).toMatchObject({ pending: { fence, applied: false }, live: [] });
    expect(found?.actual.get('/etc/frr/frr.conf')).toBeNull();
    expect(found?.actual.get(RUNNING_CONFIG_PATH)).toContain('by-hand');
    expect(found?.startup).toContain('contract-one');
    expect(found?.startup).not.toContain('by-hand');
    expect(found?.upSeconds).toBeGreaterThanOrEqual(0);
    await device.show('configure', 'no vlan 3990');
  });

  it('tells its sessions and the VTEPs that it knows, of which there are none without BGP', async () => {
    const connection = await pushing.open();
    expect(await connection.observe?.()).toEqual({ establishedNeighbors: [], remoteVteps: [], vrfNeighbors: [] });
  });

  it('takes what strangers made when the switch is ours as a whole, and never what the box needs', async () => {
    await device.show('configure', 'vlan 3990', 'name by-hand', 'interface Loopback990', 'ip address 203.0.113.90/32');
    const keeps = /^(?:hostname|management|username|ntp|interface Management1)/gm;
    const before = (await device.runningConfig()).match(keeps);
    const connection = await pushing.open({ managed: 'FULL' });
    const { diff } = await connection.stage(push((fence += 1)), [ONE], []);
    expect(diff).toMatch(/^-vlan 3990$/m);
    expect(diff).toMatch(/^-interface Loopback990$/m);
    await connection.apply(push(fence), 60);
    expect(await connection.verify(push(fence), [ONE], NOTHING, 5_000)).toMatchObject({ ok: true });
    await connection.confirm(push(fence));
    const config = await device.runningConfig();
    expect(config.match(keeps)).toEqual(before);
    expect(config).not.toContain('by-hand');
    expect(config).not.toContain('203.0.113.90');
    expect(config).toContain('contract-one');
  });

  it('tells a wrong password from a switch that is not there', async () => {
    await expect(pushing.open({ secret: 'wrong' })).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' });
    await expect(pushing.open({ port: 1 })).rejects.toMatchObject({ code: 'UNREACHABLE' });
  });

  it.each([
    ['a VLAN out of range', 'vlan 4095\n', /vlan 4095.*4095/],
    ['an address that is none', 'interface Loopback981\n   ip address 198.51.100.300/32\n', /198\.51\.100\.300/],
    ['a command that does not exist', 'vlan 3981\n   nickname x\n', /nickname/],
    ['a line that would end the session', 'vlan 3981\n   end\n   commit\n', /not one configuration command/],
    ['a line about logins', 'username eve privilege 15 role network-admin secret x\n', /management of the switch/],
    ['a line about the management port', 'interface Management1\n   shutdown\n', /management of the switch/],
  ])('refuses %s, leaves no session behind and the configuration alone', async (_, content, words) => {
    const before = await device.runningConfig();
    const connection = await pushing.open();
    const refusal = await connection.stage(push((fence += 1)), [artefact(content)], []).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'CONFIG_REFUSED', facts: { detail: expect.stringMatching(words) as string } });
    expect((await connection.inspect([])).pending).toBeNull();
    expect(await device.runningConfig()).toBe(before);
    await expect(connection.apply(push(fence), 60)).rejects.toMatchObject({ code: 'APPLY_FAILED' });
  });

  it('refuses artefacts that are for hosts', async () => {
    const connection = await pushing.open();
    const stray: Artefact = { ...ONE, path: '/etc/frr/frr.conf', format: 'frr' };
    await expect(connection.stage(push((fence += 1)), [stray], [])).rejects.toMatchObject({ code: 'CONFIG_REFUSED' });
  });

  it('undoes an applied change at once, twice without harm, and cannot confirm it then', async () => {
    const before = await device.runningConfig();
    const connection = await pushing.open();
    const identity = push((fence += 1));
    await connection.stage(identity, [ONE], []);
    await connection.apply(identity, 60);
    expect((await connection.inspect([])).pending).toEqual({ fence, applied: true });
    await connection.revert(identity);
    await connection.revert(identity);
    expect(await device.runningConfig()).toBe(before);
    await expect(connection.confirm(identity)).rejects.toMatchObject({ code: 'APPLY_FAILED' });
  });

  it('confirms twice without harm, and cannot revert then', async () => {
    const connection = await pushing.open();
    const identity = push((fence += 1));
    await connection.stage(identity, [ONE], []);
    await connection.apply(identity, 60);
    await connection.confirm(identity);
    await connection.confirm(identity);
    await expect(connection.revert(identity)).rejects.toMatchObject({ code: 'REVERT_UNPROVEN' });
    expect(await device.runningConfig()).toContain('contract-one');
    expect(await device.print('show startup-config')).toContain('contract-one');
  });

  it('finds what an execution left that died, undoes it, and lets the dead one do nothing any more', async () => {
    const before = await device.runningConfig();
    const dead = await pushing.open();
    const older = push((fence += 1));
    await dead.stage(older, [ONE], []);
    await dead.apply(older, 600);
    const next = await pushing.open();
    const newer = push((fence += 1));
    expect((await next.inspect([])).pending).toEqual({ fence: older.fence, applied: true });
    await expect(next.stage(newer, [TWO], [])).rejects.toMatchObject({ code: 'PUSH_IN_PROGRESS' });
    await next.recover(newer);
    await next.recover(newer);
    expect(await device.runningConfig()).toBe(before);
    await next.stage(newer, [TWO], []);
    await expect(dead.apply(older, 60)).rejects.toMatchObject({ code: 'STALE_FENCE' });
    await expect(dead.confirm(older)).rejects.toMatchObject({ code: 'STALE_FENCE' });
    await expect(dead.recover(older)).rejects.toMatchObject({ code: 'STALE_FENCE' });
    await expect(dead.revert(older)).rejects.toMatchObject({ code: 'STALE_FENCE' });
    await next.apply(newer, 60);
    await next.confirm(newer);
    await expect(dead.stage(older, [ONE], [])).rejects.toMatchObject({ code: 'STALE_FENCE' });
    expect(await device.runningConfig()).toContain('contract-two');
  });

  it('reports what is staged only, and drops it with the next staging', async () => {
    const connection = await pushing.open();
    await connection.stage(push((fence += 1)), [ONE], []);
    expect((await connection.inspect([])).pending).toEqual({ fence, applied: false });
    await connection.stage(push((fence += 1)), [TWO], []);
    const [detail] = await device.show('show configuration sessions detail');
    expect(
      Object.keys((detail as { sessions: object }).sessions).filter((name) => name.startsWith(`trame-${fence - 1}-${fence - 1}-`)),
    ).toEqual([]);
  });

  it('never touches sessions of others, and waits for their commit timer', async () => {
    const foreign = `human-${fence}`;
    await device.show(`configure session ${foreign}`, 'vlan 3990');
    await pushing.all([ONE]);
    const connection = await pushing.open();
    await connection.recover(push((fence += 1)));
    expect((await device.show('show configuration sessions detail'))[0]?.sessions).toMatchObject({ [foreign]: { state: 'pending' } });
    await connection.stage(push((fence += 1)), [TWO], [ONE]);
    await device.show(`configure session ${foreign}-2`, 'vlan 3991', 'commit timer 00:05:00');
    await expect(connection.apply(push(fence), 60)).rejects.toMatchObject({ code: 'PUSH_IN_PROGRESS' });
    await expect(connection.stage(push(fence), [TWO], [ONE])).rejects.toMatchObject({ code: 'PUSH_IN_PROGRESS' });
    await device.dropSessions(foreign, `${foreign}-2`);
    await device.show('configure', 'no vlan 3990-3991');
  });

  it('keeps what somebody else commits between staging and applying', async () => {
    const connection = await pushing.open();
    const identity = push((fence += 1));
    await connection.stage(identity, [ONE], []);
    await device.show('configure', 'vlan 3990', 'name by-hand');
    await connection.apply(identity, 60);
    const config = await device.runningConfig();
    expect(config).toContain('by-hand');
    expect(config).toContain('contract-one');
    await connection.revert(identity);
    expect(await device.runningConfig()).toContain('by-hand');
    await device.show('configure', 'no vlan 3990');
  });

  it('names in verification what is not as it should be', async () => {
    const connection = await pushing.open();
    const identity = push((fence += 1));
    await connection.stage(identity, [ONE], []);
    await connection.apply(identity, 60);
    await device.show('configure', 'vlan 3981', 'name by-hand');
    const expected = { vnis: [16_000_000], neighbors: ['203.0.113.9'], remoteVteps: new Map([[16_000_000, ['203.0.113.8']]]) };
    const report = await connection.verify(identity, [ONE], expected, 300);
    expect(report.ok).toBe(false);
    expect(report.checks.map(({ name, ok }) => `${name} ${ok}`)).toEqual([
      'running-config false',
      'VNI 16000000 false',
      'BGP EVPN 203.0.113.9 false',
      'VTEP 203.0.113.8 of VNI 16000000 false',
      'VXLAN config sanity true',
      'interfaces true',
    ]);
    expect(report.checks[0]?.message).toContain('-   name contract-one\n+   name by-hand');
  });

  it('stops everything when the push is called off', async () => {
    const lease = new AbortController();
    const connection = await pushing.open({}, lease.signal);
    await connection.stage(push((fence += 1)), [ONE], []);
    lease.abort();
    await expect(connection.apply(push(fence), 60)).rejects.toMatchObject({ code: 'ABORTED' });
    await expect(connection.inspect([])).rejects.toMatchObject({ code: 'ABORTED' });
    expect(await device.runningConfig()).not.toContain('3981');
  });
});

describe.skipIf(isRealSwitch)('EosTransport with a switch whose time and lines are ours', () => {
  let device: SwitchUnderTest;
  const start = async (options: Partial<EosSimulatorOptions> = {}): Promise<Pushing> => {
    device = await SwitchUnderTest.start(options);
    return new Pushing(device);
  };
  afterEach(() => device.close());

  it.each(['4.31.2F', '4.32.1F', '4.36.0F'])('lets the switch undo what nobody confirms, and proves it (EOS %s)', async (version) => {
    const clock = new VirtualClock();
    const pushing = await start({ clock, version });
    const before = await device.runningConfig();
    const connection = await pushing.open();
    await connection.stage(push(1), [ONE], []);
    await connection.apply(push(1), 60);
    clock.advance(61_000);
    expect(await device.runningConfig()).toBe(before);
    await expect(connection.confirm(push(1))).rejects.toMatchObject({ code: 'APPLY_FAILED' });
    await connection.revert(push(1));
    const next = await pushing.open();
    expect((await next.inspect([])).pending).toBeNull();
  });

  it.each(['4.31.2F', '4.32.1F'])('keeps a confirmed change for ever (EOS %s)', async (version) => {
    const clock = new VirtualClock();
    const pushing = await start({ clock, version });
    await pushing.all([ONE]);
    clock.advance(24 * 3600_000);
    await device.simulator.reboot();
    expect(await device.runningConfig()).toContain('contract-one');
  });

  it('takes its commit back when somebody else committed in the last moment, and commits again with their change', async () => {
    const pushing = await start();
    const connection = await pushing.open();
    await connection.stage(push(1), [ONE], []);
    // When the commit has arrived and the switch has not done it: the moment that no guard can see.
    device.simulator.faults.meanwhile(
      (commands) => commands.some((command) => command.startsWith('commit timer')),
      () => device.show('configure session human', 'hostname BY-HAND', 'commit').then(() => undefined),
    );
    await connection.apply(push(1), 60);
    expect(device.simulator.faults.pending).toBe(0);
    const config = await device.runningConfig();
    expect(config).toContain('hostname BY-HAND');
    expect(config).toContain('contract-one');
    expect(device.simulator.journal.events.map(({ event }) => event)).toContain('reverted');
  });

  it('takes its commit back when its answer is lost: somebody else may have committed in the last moment, and keeps it', async () => {
    const pushing = await start();
    const connection = await pushing.open();
    await connection.stage(push(1), [ONE], []);
    const isCommit = (commands: readonly string[]): boolean => commands.some((command) => command.startsWith('commit timer'));
    device.simulator.faults.meanwhile(isCommit, () => device.show('configure', 'hostname BY-HAND').then(() => undefined));
    device.simulator.faults.add({ kind: 'reset-after', when: isCommit });
    await connection.apply(push(1), 60);
    await connection.confirm(push(1));
    const config = await device.runningConfig();
    expect(config).toContain('hostname BY-HAND');
    expect(config).toContain('contract-one');
  });

  it('commits nothing that would touch the lines of others, and leaves no session behind', async () => {
    const pushing = await start();
    await device.show('configure', 'vlan 3990', 'name by-hand');
    const connection = await pushing.open();
    // A switch that does more than it was told.
    device.simulator.faults.meanwhile(
      (commands) => commands.some((command) => command.endsWith('diffs')),
      () => void device.simulator.device.sessions.find('trame-1-1-1').config.sections.delete('vlan 3990'),
    );
    await expect(connection.stage(push(1), [ONE], [])).rejects.toMatchObject({
      code: 'CONFIG_REFUSED',
      facts: { detail: expect.stringContaining('vlan 3990 (would be removed)') as string },
    });
    expect((await connection.inspect([])).pending).toBeNull();
  });

  it('stages again when somebody commits between its reading and its session', async () => {
    const pushing = await start();
    const connection = await pushing.open();
    device.simulator.faults.meanwhile(
      (commands) => commands.some((command) => command.startsWith('configure session')),
      () => device.show('configure', 'vlan 3990', 'name by-hand').then(() => undefined),
    );
    await connection.stage(push(1), [ONE], []);
    await connection.apply(push(1), 60);
    await connection.confirm(push(1));
    const config = await device.runningConfig();
    expect([config.includes('by-hand'), config.includes('contract-one')]).toEqual([true, true]);
  });

  it('stages again when the switch has reloaded between guard and commit, and made the session anew and empty', async () => {
    const pushing = await start();
    const connection = await pushing.open();
    await connection.stage(push(1), [ONE], []);
    device.simulator.faults.meanwhile(
      (commands) => commands.some((command) => command.startsWith('commit timer')),
      () => device.simulator.device.reboot(),
    );
    await connection.apply(push(1), 60);
    expect(await device.runningConfig()).toContain('contract-one');
    await connection.confirm(push(1));
    expect(await device.print('show startup-config')).toContain('contract-one');
  });

  it('takes another name when somebody has a session of its own', async () => {
    const pushing = await start();
    await device.show('configure session trame-1-1-1', 'vlan 3990', 'name by-hand', 'commit');
    const connection = await pushing.open();
    await connection.stage(push(1), [ONE], []);
    await connection.apply(push(1), 60);
    await connection.confirm(push(1));
    expect(device.simulator.journal.pushes.map(({ session, outcome }) => `${session} ${outcome}`)).toEqual([
      'trame-1-1-1 committed',
      'trame-1-1-2 confirmed',
    ]);
    expect(await device.runningConfig()).toContain('by-hand');
  });

  it('clears five sessions away that executions before it left, and goes on', async () => {
    const pushing = await start();
    for (let left = 1; left <= 5; left += 1) await device.show(`configure session trame-${left}-${left}-1`, `vlan ${200 + left}`);
    const connection = await pushing.open();
    await connection.stage(push(6), [ONE], []);
    await connection.apply(push(6), 60);
    await connection.confirm(push(6));
    const [detail] = await device.show('show configuration sessions detail');
    expect(Object.keys((detail as { sessions: object }).sessions)).toEqual(['trame-6-6-1']);
  });

  it('keeps what is typed by hand while its change is live and unconfirmed', async () => {
    const pushing = await start();
    const connection = await pushing.open();
    await connection.stage(push(1), [ONE], []);
    await connection.apply(push(1), 60);
    await device.show('configure', 'vlan 3990', 'name by-hand');
    expect(await connection.verify(push(1), [ONE], NOTHING, 1_000)).toMatchObject({ ok: true });
    await connection.confirm(push(1));
    expect(await device.runningConfig()).toContain('by-hand');
    expect(await device.print('show startup-config')).toContain('by-hand');
  });

  it('sees in verification that a link went, and a check of the switch that passed before', async () => {
    const pushing = await start();
    const connection = await pushing.open();
    await connection.stage(push(1), [ONE], []);
    await connection.apply(push(1), 60);
    await device.show('configure', 'interface Ethernet2', 'shutdown', 'interface Vxlan1', 'vxlan vlan 3990 vni 10990');
    const report = await connection.verify(push(1), [ONE], NOTHING, 100);
    expect(report.checks.filter(({ ok }) => !ok)).toEqual([
      {
        name: 'VXLAN config sanity',
        ok: false,
        message:
          'checks that passed before: Loopback IP Address: Vxlan1 has no source interface with an address; VLAN-VNI Map: No VLAN 3990',
      },
      { name: 'interfaces', ok: false, message: 'had a link before the change: Ethernet2' },
    ]);
  });

  it('says that nothing was saved when the switch only says so', async () => {
    const pushing = await start();
    const connection = await pushing.open();
    await connection.stage(push(1), [ONE], []);
    await connection.apply(push(1), 60);
    device.simulator.device.losesSaves = true;
    await expect(connection.confirm(push(1))).rejects.toMatchObject({
      code: 'OUTCOME_UNKNOWN',
      facts: { detail: expect.stringContaining('not saved') as string },
    });
    device.simulator.device.losesSaves = false;
    await connection.confirm(push(1));
    expect(await device.print('show startup-config')).toContain('contract-one');
  });

  it('stops at a certificate that is another one all of a sudden, and the switch undoes what nobody confirms', async () => {
    const clock = new VirtualClock();
    const pushing = await start({ clock });
    const before = device.simulator.device.runningConfig();
    const connection = await pushing.open();
    await connection.stage(push(1), [ONE], []);
    await connection.apply(push(1), 60);
    device.simulator.changeCertificate();
    await expect(connection.confirm(push(1))).rejects.toMatchObject({ code: 'WRONG_HOST_KEY' });
    await expect(connection.revert(push(1))).rejects.toMatchObject({ code: 'WRONG_HOST_KEY' });
    clock.advance(61_000);
    expect(device.simulator.device.runningConfig()).toBe(before);
  });

  it('pushes in well under a second', async () => {
    const pushing = await start();
    await pushing.all([ONE]);
    const [startedAt, cpu] = [performance.now(), process.cpuUsage()];
    await pushing.all([TWO], [ONE]);
    const { user, system } = process.cpuUsage(cpu);
    const [took, worked] = [performance.now() - startedAt, (user + system) / 1000];
    console.log(
      `a push to a simulated switch: ${Math.round(took)} ms, ${Math.round(worked)} ms of CPU for both ends, in ${device.simulator.journal.requests.length / 2} requests`,
    );
    expect(worked).toBeLessThan(500); // The machine may have more to do; we do not.
  });

  it('gives up when somebody else commits all the time', async () => {
    const pushing = await start();
    const connection = await pushing.open();
    await connection.stage(push(1), [ONE], []);
    let count = 0;
    device.simulator.faults.add({
      kind: 'bad-gateway',
      when: (commands) => {
        if (commands.includes('show running-config digest') && !commands.some((command) => command.startsWith('commit'))) {
          device.simulator.device.running.settings.set('ntp', { text: `ntp server 192.0.2.${(count += 1)}`, rule: null });
        }
        return false;
      },
    });
    await expect(connection.apply(push(1), 60)).rejects.toMatchObject({ code: 'APPLY_FAILED' });
    expect(await device.runningConfig()).not.toContain('3981');
  });

  it('says that a push is under way when others hold every session that the switch has', async () => {
    const pushing = await start();
    for (let i = 0; i < 5; i += 1) await device.show(`configure session human-${i}`, `vlan ${200 + i}`);
    const connection = await pushing.open();
    await expect(connection.stage(push(1), [ONE], [])).rejects.toMatchObject({
      code: 'PUSH_IN_PROGRESS',
      facts: { detail: expect.stringContaining('human-3') as string },
    });
  });

  it('confirms what it cannot save, and says so', async () => {
    const pushing = await start();
    const connection = await pushing.open();
    await connection.stage(push(1), [ONE], []);
    await connection.apply(push(1), 60);
    const isSave = (commands: readonly string[]): boolean => commands.includes('write memory');
    device.simulator.faults.add(...Array.from({ length: 3 }, () => ({ kind: 'bad-gateway' as const, when: isSave })));
    await expect(connection.confirm(push(1))).rejects.toMatchObject({
      code: 'OUTCOME_UNKNOWN',
      facts: { detail: expect.stringContaining('not saved') as string },
    });
    expect(await device.runningConfig()).toContain('contract-one');
    await connection.confirm(push(1));
    expect(await device.print('show startup-config')).toContain('contract-one');
  });

  it('saves what an execution confirmed that did not live to save it', async () => {
    const pushing = await start();
    await pushing.all([ONE]);
    const dead = await pushing.open();
    await dead.stage(push((fence += 1)), [TWO], [ONE]);
    await dead.apply(push(fence), 60);
    await device.show(`configure session trame-${fence}-${fence}-1 commit`);
    expect(await device.print('show startup-config')).not.toContain('contract-two');
    const next = await pushing.open();
    expect(await next.stage(push((fence += 1)), [TWO], [ONE])).toEqual({ diff: '', isNoop: true });
    await device.simulator.reboot();
    expect(await device.runningConfig()).toContain('contract-two');
    expect(await device.runningConfig()).not.toContain('contract-one');
  });

  it('cannot prove a revert on a switch that stays silent, and says so', async () => {
    const pushing = new Pushing((await start()).device, new EosTransport({ ...TIMING, patienceMs: 100, afterTimerMs: 300 }));
    const connection = await pushing.open();
    await connection.stage(push(1), [ONE], []);
    await connection.apply(push(1), 1);
    await device.simulator.disconnect();
    await expect(connection.revert(push(1))).rejects.toMatchObject({ code: 'REVERT_UNPROVEN' });
    await device.simulator.connect();
    await connection.revert(push(1));
    expect(await device.runningConfig()).not.toContain('3981');
  });

  it('tells how its pair is and the sessions of its VRFs, and names what is worse than it was', async () => {
    const fabric = new SimulatedFabric();
    const pushing = await start({ fabric });
    const peer = { vtep: null, asn: null, addresses: ['10.255.255.2'], neighbors: [], evis: [] };
    const leave = fabric.register({ slug: 'leaf2', facts: () => peer });
    const pair = [
      'mlag configuration',
      'domain-id pair',
      'local-interface Vlan4094',
      'peer-address 10.255.255.2',
      'peer-link Port-Channel9',
    ];
    await device.show('configure', 'vlan 4094', 'exit', 'interface Vlan4094', 'ip address 10.255.255.1/30', 'exit');
    await device.show('configure', 'interface Port-Channel9', 'exit', ...pair);
    await device.show('configure', 'vrf instance blue', 'exit', 'ip routing', 'ip routing vrf blue');
    await device.show('configure', 'router bgp 65051', 'vrf blue', 'neighbor 10.9.0.2 remote-as 65099');
    const connection = await pushing.open();
    const well = { state: 'active', negotiation: 'connected', peerLink: 'up', sanity: 'consistent' };
    expect(await connection.observe?.()).toMatchObject({ mlag: well, vrfNeighbors: [] });
    const look = async (): Promise<string[]> =>
      (await connection.verify(push(1), [], { ...NOTHING, mlag: well, vrfNeighbors: ['blue 10.9.0.2'] }, 100)).checks.flatMap(
        ({ ok, name, message }) => (ok ? [] : [`${name}: ${message}`]),
      );
    const session = 'BGP in VRF blue 10.9.0.2: expected Established; the neighbors in VRFs that are: none';
    expect(await look()).toEqual([session]);
    leave();
    expect(await look()).toEqual([
      session,
      'MLAG: expected active, connected, peer link up, configuration consistent, found inactive, connecting, peer link down, configuration consistent',
    ]);
    // A pair that was not well may be as it was.
    const worse = { ...well, state: 'inactive', negotiation: 'connecting', peerLink: 'down' };
    expect(await connection.verify(push(1), [], { ...NOTHING, mlag: worse }, 100)).toMatchObject({ ok: true });
  });

  it('says of a question that the switch does not understand that nobody could look, and fails nothing by it', async () => {
    const pushing = await start({ fabric: new SimulatedFabric() });
    const connection = await pushing.open();
    const route = { vtep: '172.16.1.51', rd: '172.16.1.51:500', target: '65051:50000', prefix: '10.20.0.0/24' };
    const { ok, checks } = await connection.verify(push(1), [], { ...NOTHING, prefixes: new Map([[50_000, [route]]]) }, 100);
    expect(ok).toBe(true);
    expect(checks.filter(({ about }) => about?.question === 'PREFIXES')).toEqual([
      expect.objectContaining({ ok: false, isUnchecked: true, message: expect.stringContaining('does not answer') as string }),
    ]);
  });

  it('builds the demo leaf, sees its neighbor and the VTEP behind it, and leaves a factory switch when it goes', async () => {
    const fabric = new SimulatedFabric();
    const pushing = await start({ fabric });
    const leafOf = (snapshot: ReturnType<typeof demoSnapshot>): readonly Artefact[] =>
      compileFabric(snapshot)
        .devices.filter(({ slug }) => slug === 'test')
        .flatMap(renderDevice);
    const evi = { vni: 10_001, rd: '172.16.1.51:1', importRts: ['65051:10001'], exportRts: ['65051:10001'] };
    const neighbor = { address: '192.168.100.1', remoteAsn: 65_051, evpn: true, routeReflectorClient: false };
    fabric.register({
      slug: 'pve1',
      facts: () => ({ vtep: '172.16.1.51', asn: 65_051, addresses: ['192.168.100.2'], neighbors: [neighbor], evis: [evi] }),
    });
    const factory = await device.runningConfig();
    const [underlay, network] = [leafOf(demoFabric().build()), leafOf(demoSnapshot())];
    await pushing.all(underlay);
    const beforeNetwork = await device.runningConfig();

    const connection = await pushing.open();
    const identity = push((fence += 1));
    await connection.stage(identity, network, underlay);
    await connection.apply(identity, 60);
    const expected = { vnis: [10_001], neighbors: ['192.168.100.2'], remoteVteps: new Map([[10_001, ['172.16.1.51']]]) };
    expect(await connection.verify(identity, network, expected, 1_000)).toMatchObject({ ok: true });
    await connection.confirm(identity);
    const proof = {
      ...NOTHING,
      routes: new Map([[10_001, [{ vtep: '172.16.1.51', rd: '172.16.1.51:1', target: '65051:10001' }]]]),
      addresses: [{ port: 'Loopback1', address: '172.16.1.1' }],
      paths: [{ from: '192.168.100.1', to: '192.168.100.2', octets: 1_500 }],
    };
    expect(await connection.verify(identity, network, proof, 1_000)).toMatchObject({ ok: true });
    const wrong = {
      ...NOTHING,
      routes: new Map([[10_001, [{ vtep: '172.16.1.51', rd: '172.16.1.51:1', target: '65051:10002' }]]]),
      addresses: [{ port: 'Loopback1', address: '172.16.1.2' }],
      paths: [{ from: '192.168.100.1', to: '192.168.100.2', octets: 9_000 }],
    };
    expect((await connection.verify(identity, network, wrong, 100)).checks.flatMap(({ ok, message }) => (ok ? [] : [message]))).toEqual([
      'expected as 172.16.1.51:1 with route target 65051:10002, learned from that VTEP: 172.16.1.51:1 with 65051:10001',
      'expected 172.16.1.2, found 172.16.1.1',
      'a packet of 9000 octets is not answered: 1 packets transmitted, 0 received, 100% packet loss',
    ]);
    expect(await connection.observe?.()).toEqual({
      establishedNeighbors: ['192.168.100.2'],
      remoteVteps: ['172.16.1.51'],
      vrfNeighbors: [],
    });
    expect((await connection.inspect([])).establishedNeighbors).toEqual(['192.168.100.2']);

    await pushing.all(underlay, network);
    expect(await device.runningConfig()).toBe(beforeNetwork);
    await pushing.all([], underlay);
    expect(await device.runningConfig()).toBe(factory);
  });
});
