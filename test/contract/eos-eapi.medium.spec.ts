/** What eAPI does with single requests: wire, refusals, sessions, printing. One test per row of what a switch promises. */
import { SwitchUnderTest, isRealSwitch } from './eos-switch.js';

const inSession = (name: string, ...commands: readonly string[]): string[] => [`configure session ${name}`, ...commands];
/** Names are never used twice on a switch that remembers them. */
let sequence = 0;
const freshName = (): string => `contract-${process.pid}-${Date.now() % 1_000_000}-${(sequence += 1)}`;

describe(`eAPI of ${isRealSwitch ? 'a real switch' : 'the simulator'}`, () => {
  let device: SwitchUnderTest;
  let session: string;

  beforeAll(async () => {
    device = await SwitchUnderTest.start();
  });
  beforeEach(() => {
    session = freshName();
  });
  afterEach(() => device.dropSessions(session));
  afterAll(() => device.close());

  /** What the switch says to one configuration command, typed into a session that nobody commits. */
  const refusal = async (...commands: readonly string[]): Promise<{ code: number | undefined; errors: readonly string[] | undefined }> => {
    const { json } = await device.rpc(inSession(session, ...commands));
    return { code: json.error?.code, errors: json.error?.data?.at(-1)?.errors };
  };

  describe('wire', () => {
    it('answers 404 elsewhere and 401 without JSON to a wrong password', async () => {
      expect((await device.post('{}', { path: '/no-such-api' })).status).toBe(404);
      expect(await device.rpc(['show version'], { password: 'wrong' })).toMatchObject({ status: 401, json: {} });
    });

    it('takes a login in place of a password, until the logout', async () => {
      const { username, secret: password } = device.target;
      const call = JSON.stringify({ jsonrpc: '2.0', method: 'runCmds', id: 1, params: { version: 1, cmds: ['show hostname'] } });
      const { headers } = await device.post(JSON.stringify({ username, password }), { path: '/login', anonymous: true });
      const cookie = { cookie: (headers['set-cookie'] ?? '').split(';')[0] ?? '' };
      expect((await device.post(call, { headers: cookie, anonymous: true })).status).toBe(200);
      await device.post('', { path: '/logout', headers: cookie, anonymous: true });
      expect((await device.post(call, { headers: cookie, anonymous: true })).status).toBe(401);
    });

    it.each([
      ['no JSON', 'show version', -32_700],
      ['another method', '{"jsonrpc":"2.0","method":"runCommands","id":1,"params":{}}', -32_601],
      ['parameters without commands', '{"jsonrpc":"2.0","method":"runCmds","id":1,"params":{"version":1}}', -32_602],
    ])('answers a body with %s by a JSON-RPC error', async (_, body, code) => {
      expect(await device.post(body)).toMatchObject({ status: 200, json: { error: { code } } });
    });

    it('stops at the first command that fails, says which, and returns the results before it', async () => {
      const { status, json } = await device.rpc(['show hostname', 'show nothing', 'show version']);
      expect(status).toBe(200);
      expect(json.error).toMatchObject({ code: 1002, message: "CLI command 3 of 4 'show nothing' failed: invalid command" });
      expect(json.error?.data).toHaveLength(3);
      expect(json.error?.data?.[1]).toHaveProperty('hostname');
      expect(json.error?.data?.[2]?.errors).toEqual(["Invalid input (at token 1: 'nothing')"]);
    });

    it('keeps what the commands before the failure did, where no session holds it back', async () => {
      await device.rpc(['configure', 'vlan 3981', 'vlan 4095', 'vlan 3982']);
      const config = await device.runningConfig();
      await device.show('configure', 'no vlan 3981');
      expect([/^vlan (?:\d+,)*3981/m.test(config), config.includes('3982')]).toEqual([true, false]);
    });

    it('has no JSON for a session diff, and fails the whole request', async () => {
      await device.rpc(inSession(session, 'vlan 3981'));
      const { json } = await device.rpc(['show version', `show session-config named ${session} diffs`]);
      expect(json.error).toMatchObject({ code: 1003 });
    });

    it('begins each request unprivileged and outside every mode', async () => {
      expect((await device.rpc(['configure'], { enable: false })).json.error?.code).toBe(1002);
      expect((await device.rpc(['show running-config'], { enable: false })).json.error?.code).toBe(1002);
      await device.rpc(inSession(session, 'vlan 3981'));
      expect((await device.rpc(['name lost'])).json.error?.code).toBe(1002);
    });

    it('fails a command that wants to be asked', async () => {
      expect((await device.rpc(['reload'])).json.error?.code).toBe(1000);
    });
  });

  describe('grammar', () => {
    it.each([
      [['vlan 4095'], "Invalid input (at token 1: '4095')"],
      [['interface Vxlan1', 'vxlan vlan 3981 vni 16777216'], "Invalid input (at token 4: '16777216')"],
      [['interface Vxlan1', 'vxlan vlan 3981 vni 0'], "Invalid input (at token 4: '0')"],
      [['router bgp 65051', 'vlan 3981', 'rd 10.0.0.1:70000'], "Invalid input (at token 1: '10.0.0.1:70000')"],
      [['router bgp 65051', 'vlan 3981', 'route-target both 4200000000:100100'], "Invalid input (at token 2: '4200000000:100100')"],
      [['interface Loopback981', 'ip address 192.168.300.1/24'], "Invalid input (at token 2: '192.168.300.1/24')"],
      [['vlann 10'], "Invalid input (at token 0: 'vlann')"],
      [['no vlann 10'], "Invalid input (at token 1: 'vlann')"],
      [['interface Loopback981', 'ip address'], "Incomplete command (at token 1: 'address')"],
      [['vlan'], "Incomplete command (at token 0: 'vlan')"],
      [['interface Loopback981', 'ip add 10.0.0.1/32'], "Invalid input (at token 1: 'add')"],
      [['interface Loopback981', 'vxlan udp-port 4789'], "Invalid input (at token 0: 'vxlan')"],
      [['router bgp 65051', 'neighbor 192.0.2.1 remote-as 0'], "Invalid input (at token 3: '0')"],
    ])('refuses %j with its own words', async (commands, words) => {
      expect(await refusal(...commands)).toEqual({ code: 1002, errors: [words] });
    });

    it('takes abbreviations only where it is asked to, and none that could mean two things', async () => {
      const typed = ['conf', 'int Loopback981', 'desc short', 'no int Loopback981'];
      expect((await device.rpc(['sh hostn'])).json.error?.code).toBe(1002);
      expect((await device.rpc(typed)).json.error?.code).toBe(1002);
      expect((await device.rpc(['sh hostn', ...typed], { autoComplete: true })).json.error).toBeUndefined();
      const ambiguous = await device.rpc(['conf', 's'], { autoComplete: true });
      expect(ambiguous.json.error).toMatchObject({ code: 1002, data: [{}, {}, { errors: ["Ambiguous command (at token 0: 's')"] }] });
    });

    it('warns of what it does all the same', async () => {
      const { json } = await device.rpc(inSession(session, 'interface Ethernet2', 'spanning-tree portfast'));
      expect(json.error).toBeUndefined();
      expect(JSON.stringify(json.result?.at(-1))).toContain('single host');
      expect(await device.print(`show session-config named ${session}`)).toMatch(/^ {3}spanning-tree portfast/m);
    });

    it('takes a command of an outer mode in an inner one, and is in the outer mode then', async () => {
      const commands = ['vlan 3981', 'name inner', 'interface Loopback981', 'description outer', 'vlan 3982'];
      expect((await device.rpc(inSession(session, ...commands))).json.error).toBeUndefined();
      const config = await device.print(`show session-config named ${session}`);
      expect(config).toMatch(/^vlan 3981\n {3}name inner$/m);
      expect(config).toMatch(/^interface Loopback981\n {3}description outer$/m);
    });

    it('refuses what it understands and cannot do, with code 1000', async () => {
      expect(await refusal('interface Loopback981', 'vrf NO-SUCH-VRF')).toMatchObject({ code: 1000 });
      expect(
        await refusal('vlan 3981', 'vlan 3982', 'interface Vxlan1', 'vxlan vlan 3981 vni 10981', 'vxlan vlan 3982 vni 10981'),
      ).toMatchObject({ code: 1000 });
      expect(
        await refusal('interface Loopback981', 'ip address 198.51.100.1/24', 'interface Loopback982', 'ip address 198.51.100.2/24'),
      ).toMatchObject({ code: 1000 });
    });
  });

  describe('configuration sessions', () => {
    it('leave the running-config alone, and show what a commit would change as a unified diff', async () => {
      const before = await device.runningConfig();
      await device.rpc(inSession(session, 'vlan 3981', 'name contract'));
      expect(await device.runningConfig()).toBe(before);
      const diff = await device.print(`show session-config named ${session} diffs`);
      expect(diff).toMatch(/^--- system:\/running-config$/m);
      expect(diff).toContain(`+++ session:/${session}-session-config`);
      expect(diff).toMatch(/^\+vlan 3981$/m);
    });

    it('have an empty diff when they change nothing', async () => {
      await device.rpc(inSession(session, 'vlan 3981', 'exit', 'no vlan 3981'));
      expect((await device.print(`show session-config named ${session} diffs`)).trim()).toBe('');
    });

    it('are of the moment in which they were opened, and know nothing of one another', async () => {
      const other = freshName();
      await device.rpc(inSession(session, 'vlan 3981'));
      await device.rpc(inSession(other, 'vlan 3982'));
      await device.show('configure', 'vlan 3983');
      const [one, two] = [
        await device.print(`show session-config named ${session}`),
        await device.print(`show session-config named ${other}`),
      ];
      await device.dropSessions(other);
      await device.show('configure', 'no vlan 3983');
      expect(['3981', '3982', '3983'].map((vlan) => one.includes(vlan))).toEqual([true, false, false]);
      expect(['3981', '3982', '3983'].map((vlan) => two.includes(vlan))).toEqual([false, true, false]);
    });

    it('stay behind, pending, when a batch fails', async () => {
      await device.rpc(inSession(session, 'vlan 3981', 'vlan 4095'));
      const [detail] = await device.show('show configuration sessions detail');
      expect(detail?.sessions).toMatchObject({ [session]: { state: 'pending' } });
    });

    it('are gone after an abort, and cannot be used again after a commit', async () => {
      await device.rpc(inSession(session, 'vlan 3981'));
      await device.show(`configure session ${session} abort`);
      expect((await device.show('show configuration sessions detail'))[0]?.sessions).not.toHaveProperty(session);
      await device.show(...inSession(session, 'vlan 3981', 'commit'));
      expect((await device.rpc(inSession(session, 'vlan 3982'))).json.error?.code).toBe(1000);
      await device.show('configure', 'no vlan 3981');
    });

    it('refuse a sixth one', async () => {
      const names = Array.from({ length: 6 }, freshName);
      const codes: (number | undefined)[] = [];
      for (const name of names) codes.push((await device.rpc(inSession(name, 'vlan 3981'))).json.error?.code);
      await device.dropSessions(...names);
      expect(codes.filter((code) => code === undefined).length).toBeLessThanOrEqual(5);
      expect(codes.at(-1)).toBe(1000);
    });

    it('overwrite on commit what somebody else committed since they were opened', async () => {
      await device.show(...inSession(session, 'vlan 3981'));
      await device.show('configure', 'vlan 3982');
      await device.show(`configure session ${session} commit`);
      expect(await device.runningConfig()).not.toMatch(/3982/);
      await device.show('configure', 'no vlan 3981');
    });
  });

  it('logs what becomes of sessions, and that the configuration was saved', async () => {
    await device.show(...inSession(session, 'vlan 3981', 'commit timer 00:05:00'));
    await device.show(`configure session ${session} abort`);
    await device.show('write memory');
    const log = (await device.print('show logging'))
      .split('\n')
      .filter((line) => line.includes(session) || line.includes('CONFIG_STARTUP'));
    const mnemonics = log.map((line) => /%(SYS-\d-CONFIG_\w+):/.exec(line)?.[1]);
    expect(mnemonics).toEqual(
      expect.arrayContaining([
        'SYS-5-CONFIG_SESSION_ENTERED',
        'SYS-5-CONFIG_SESSION_EXITED',
        'SYS-5-CONFIG_SESSION_COMMIT_TIMER_STARTED',
        'SYS-5-CONFIG_SESSION_ABORTED',
        'SYS-5-CONFIG_STARTUP',
      ]),
    );
  });

  describe('commit timer', () => {
    it('makes the change live, tells so in the shape of its release, and gives everything back on abort', async () => {
      const before = await device.runningConfig();
      const [first] = await device.show('show running-config digest');
      await device.show(...inSession(session, 'vlan 3981', 'commit timer 00:05:00'));
      expect(await device.runningConfig()).toMatch(/^vlan 3981/m);
      const [detail] = await device.show('show configuration sessions detail');
      const states = detail as { commitTimerSessionName?: string; sessions: Record<string, { state: string }> };
      expect(states.commitTimerSessionName === session || states.sessions[session]?.state === 'pendingCommitTimer').toBe(true);
      await device.show(`configure session ${session} abort`);
      expect(await device.runningConfig()).toBe(before);
      expect(await device.show('show running-config digest')).toEqual([first]);
    });

    it('refuses every other commit while it runs', async () => {
      const other = freshName();
      await device.show(...inSession(session, 'vlan 3981', 'commit timer 00:05:00'));
      expect((await device.rpc(inSession(other, 'vlan 3982', 'commit'))).json.error?.code).toBe(1000);
      await device.dropSessions(other);
    });

    it('ends with a commit of its session, and the change stays', async () => {
      await device.show(...inSession(session, 'vlan 3981', 'commit timer 00:05:00'));
      await device.show(`configure session ${session} commit`);
      const [detail] = await device.show('show configuration sessions detail');
      expect(JSON.stringify(detail)).not.toMatch(/pendingCommitTimer|commitTimerSessionName":"contract/);
      expect(await device.runningConfig()).toMatch(/^vlan 3981/m);
      await device.show('configure', 'no vlan 3981');
    });
  });

  describe('printing', () => {
    /** What the session's configuration says after these commands. */
    const printed = async (...commands: readonly string[]): Promise<string> => {
      await device.show(...inSession(session, ...commands));
      return device.print(`show session-config named ${session}`);
    };

    it('drops defaults, sorts lines, compacts lists and writes addresses its own way', async () => {
      const config = await printed(
        'interface Ethernet2',
        'switchport mode access',
        'no shutdown',
        'switchport trunk allowed vlan 30,10,11,12',
        'description  last typed',
        'interface Loopback981',
        'ipv6 address 2001:DB8:0:0::1/128',
      );
      expect(config).toMatch(/^interface Ethernet2\n {3}description last typed\n {3}switchport trunk allowed vlan 10-12,30$/m);
      expect(config).toMatch(/^ {3}ipv6 address 2001:db8::1\/128$/m);
    });

    it('prints VLANs without a setting as one list, and route targets of both directions as one line', async () => {
      const config = await printed(
        'vlan 3983,3981-3982',
        'router bgp 65051',
        'vlan 3981',
        'route-target export 1:1',
        'route-target import 1:1',
      );
      expect(config).toMatch(/^vlan (?:\d+,)*3981-3983$/m);
      expect(config).toMatch(/^ {6}route-target both 1:1$/m);
    });

    it('always prints the VXLAN port', async () => {
      expect(await printed('interface Vxlan1', 'vxlan udp-port 4789')).toMatch(/^ {3}vxlan udp-port 4789$/m);
    });

    it('never gives a secret back', async () => {
      const config = await printed('router bgp 65051', 'neighbor 192.0.2.1 remote-as 65051', 'neighbor 192.0.2.1 password hunter2');
      expect(config).not.toContain('hunter2');
      expect(config).toMatch(/neighbor 192\.0\.2\.1 password 7 \S+/);
    });

    it('never comes back as it was sent', async () => {
      const sent = [
        'router bgp 65051',
        'vlan 163',
        'rd 192.0.2.1:163',
        'vlan 63',
        'rd 192.0.2.1:63',
        'ip virtual-router mac-address 001C.7300.0981',
      ];
      const config = await printed(...sent);
      expect(config).toContain('ip virtual-router mac-address 00:1c:73:00:09:81');
      expect(config.indexOf('   vlan 163')).toBeLessThan(config.indexOf('   vlan 63'));
      expect(config).toMatch(/^interface Ethernet\d+$/m);
      expect(await device.print('show running-config')).toMatch(/^! device: \S+ \(.*EOS-/m);
    });

    it('hashes the password of a user with a fresh salt each time', async () => {
      const line = 'username contract privilege 1 role network-operator secret hunter2';
      const hashes = [];
      for (const name of [session, freshName()]) {
        await device.show(...inSession(name, line));
        hashes.push(/^username contract .*secret sha512 (\S+)$/m.exec(await device.print(`show session-config named ${name}`))?.[1]);
        await device.dropSessions(name);
      }
      expect(hashes[0]).toMatch(/^\$6\$/);
      expect(hashes[1]).not.toBe(hashes[0]);
    });

    it('codes the password of a neighbor with its name: the same again for the same one', async () => {
      const code = async (peer: string): Promise<string | undefined> =>
        /password 7 (\S+)/.exec(
          await printed('router bgp 65051', `neighbor ${peer} remote-as 65051`, `neighbor ${peer} password arista`),
        )?.[1];
      expect(await code('42.42.42.42')).toBe('3QGcqpU2YTwKh2jVQ4Vj/A==');
    });

    it('has a digest that does not mind in which order things were said', async () => {
      const [first] = await device.show('show running-config digest');
      await device.show('configure', 'vlan 3982', 'name b', 'vlan 3981', 'name a');
      const [second] = await device.show('show running-config digest');
      await device.show('configure', 'no vlan 3981-3982', 'vlan 3981', 'name a', 'vlan 3982', 'name b');
      expect(await device.show('show running-config digest')).toEqual([second]);
      await device.show('configure', 'no vlan 3981-3982');
      expect(await device.show('show running-config digest')).toEqual([first]);
    });

    it('has a digest that changes with the configuration and comes back with it', async () => {
      const [first] = await device.show('show running-config digest');
      await device.show('configure', 'vlan 3981');
      const [second] = await device.show('show running-config digest');
      await device.show('configure', 'no vlan 3981');
      expect(second).not.toEqual(first);
      expect(await device.show('show running-config digest')).toEqual([first]);
    });
  });

  describe('consequences', () => {
    it('a change of VRF takes the addresses of the interface away', async () => {
      await device.show(
        ...inSession(session, 'vrf instance CONTRACT', 'interface Loopback981', 'ip address 198.51.100.1/32', 'vrf CONTRACT'),
      );
      expect(await device.print(`show session-config named ${session}`)).toMatch(/^interface Loopback981\n {3}vrf CONTRACT\n!/m);
    });

    it('a VRF that goes leaves its interfaces in the default VRF, without addresses', async () => {
      await device.show(
        ...inSession(
          session,
          'vrf instance CONTRACT',
          'interface Loopback981',
          'vrf CONTRACT',
          'ip address 198.51.100.1/32',
          'no vrf instance CONTRACT',
        ),
      );
      expect(await device.print(`show session-config named ${session}`)).toMatch(/^interface Loopback981\n!/m);
    });

    it('a BGP instance that goes takes everything in it along', async () => {
      await device.show(...inSession(session, 'router bgp 65051', 'vlan 3981', 'rd 192.0.2.1:981', 'exit', 'exit', 'no router bgp 65051'));
      const config = await device.print(`show session-config named ${session}`);
      expect(config).not.toContain('192.0.2.1:981');
      expect(config).not.toMatch(/^router bgp/m);
    });

    it('a VLAN that goes leaves its mapping, which does nothing then', async () => {
      const lines = ['vlan 3981', 'interface Vxlan1', 'vxlan vlan 3981 vni 10981', 'no vlan 3981'];
      await device.show(...inSession(session, ...lines));
      const config = await device.print(`show session-config named ${session}`);
      expect(config).not.toMatch(/^vlan (?:\d+,)*3981/m);
      expect(config).toMatch(/^ {3}vxlan vlan (?:\S*,)?3981/m);
    });

    it('a Port-Channel that goes leaves its members in their group', async () => {
      const lines = ['interface Ethernet2', 'channel-group 981 mode active', 'no interface Port-Channel981'];
      await device.show(...inSession(session, ...lines));
      expect(await device.print(`show session-config named ${session}`)).toMatch(
        /^interface Ethernet2\n(?: {3}.*\n)* {3}channel-group 981 mode active$/m,
      );
    });

    it('a neighbor that goes takes its lines in the address families along', async () => {
      const bgp = [
        'router bgp 65051',
        'neighbor 192.0.2.1 remote-as 65051',
        'address-family evpn',
        'neighbor 192.0.2.1 activate',
        'exit',
        'no neighbor 192.0.2.1',
      ];
      await device.show(...inSession(session, ...bgp));
      expect(await device.print(`show session-config named ${session}`)).not.toContain('neighbor 192.0.2.1');
    });
  });
});
