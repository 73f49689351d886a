/** What only a simulator lets us see: time that passes, reloads, broken lines, and the neighbors of the whole fabric. */
import { SimulatedFabric } from '../../apps/lab/src/simulated-fabric.js';
import { startEosSimulator, VirtualClock, type EosSimulatorOptions } from '../../apps/lab/src/eos-simulator/index.js';
import { isRealSwitch, SwitchUnderTest } from './eos-switch.js';

const HOUR = 3600_000;

describe.skipIf(isRealSwitch)('simulated switch', () => {
  const devices: SwitchUnderTest[] = [];
  const start = async (options: Partial<EosSimulatorOptions> = {}): Promise<SwitchUnderTest> => {
    const device = await SwitchUnderTest.start(options);
    devices.push(device);
    return device;
  };
  const configure = (device: SwitchUnderTest, ...lines: readonly string[]): Promise<unknown> => device.show('configure', ...lines);

  afterEach(async () => {
    await Promise.all(devices.splice(0).map((device) => device.close()));
  });

  describe('time', () => {
    it.each(['4.31.2F', '4.32.1F'])('takes an unconfirmed commit back byte for byte when its timer runs out (EOS %s)', async (version) => {
      const clock = new VirtualClock();
      const device = await start({ clock, version });
      const before = await device.runningConfig();
      await device.show('configure session s1', 'vlan 100', 'name live', 'commit timer 00:02:00');
      clock.advance(119_000);
      expect(await device.runningConfig()).toMatch(/^vlan 100/m);
      clock.advance(2_000);
      expect(await device.runningConfig()).toBe(before);
      expect((await device.show('show configuration sessions detail'))[0]).not.toHaveProperty('commitTimerSessionName');
    });

    it('starts the timer anew when it is said again, and forgets it on confirmation', async () => {
      const clock = new VirtualClock();
      const device = await start({ clock });
      await device.show('configure session s1', 'vlan 100', 'commit timer 00:01:00');
      clock.advance(50_000);
      await device.show('configure session s1', 'commit timer 00:01:00');
      clock.advance(50_000);
      expect(await device.runningConfig()).toMatch(/^vlan 100/m);
      await device.show('configure session s1 commit');
      clock.advance(HOUR);
      expect(await device.runningConfig()).toMatch(/^vlan 100/m);
    });

    it.each([
      ['4.31.2F', { sessions: { s1: { state: 'pendingCommitTimer', commitBy: 60 } } }],
      ['4.32.1F', { sessions: { s1: { state: 'committed' } }, commitTimerSessionName: 's1', commitTimerExpireTime: 60 }],
    ])('shows a running timer in the shape of EOS %s', async (version, shape) => {
      const device = await start({ clock: new VirtualClock(), version });
      await device.show('configure session s1', 'vlan 100', 'commit timer 00:01:00');
      const [detail] = await device.show('show configuration sessions detail');
      expect(detail).toMatchObject(shape);
      if (version.startsWith('4.31')) expect(detail).not.toHaveProperty('commitTimerSessionName');
    });

    it('forgets a session that nobody touched for a day, and a login after a day', async () => {
      const clock = new VirtualClock();
      const device = await start({ clock });
      const { username, secret: password } = device.target;
      const { headers } = await device.post(JSON.stringify({ username, password }), { path: '/login', anonymous: true });
      const cookie = { cookie: (headers['set-cookie'] ?? '').split(';')[0] ?? '' };
      const call = JSON.stringify({ jsonrpc: '2.0', method: 'runCmds', id: 1, params: { version: 1, cmds: ['show hostname'] } });
      expect((await device.post(call, { headers: cookie, anonymous: true })).status).toBe(200);
      await device.show('configure session s1', 'vlan 100');
      clock.advance(25 * HOUR);
      expect((await device.show('show configuration sessions detail'))[0]?.sessions).toEqual({});
      expect((await device.post(call, { headers: cookie, anonymous: true })).status).toBe(401);
      expect((await device.post(JSON.stringify({ username, password: 'no' }), { path: '/login', anonymous: true })).status).toBe(401);
    });
  });

  describe('sessions', () => {
    it('show who has them, and of the completed ones only the last is remembered', async () => {
      const users = [
        { username: 'admin', password: 'correct horse' },
        { username: 'jo', password: 'correct horse' },
      ];
      const device = await start({ users });
      const sessions = async (): Promise<unknown> => (await device.show('show configuration sessions detail'))[0]?.sessions;
      const jo = Buffer.from('jo:correct horse').toString('base64');
      const call = {
        jsonrpc: '2.0',
        method: 'runCmds',
        id: 1,
        params: { version: 1, cmds: ['enable', 'configure session hers', 'vlan 300'] },
      };
      await device.post(JSON.stringify(call), { anonymous: true, headers: { authorization: `Basic ${jo}` } });
      expect(await sessions()).toMatchObject({ hers: { state: 'pending' } });
      expect(await device.print('show configuration sessions')).toMatch(/hers +pending +jo/);
      for (const name of ['s1', 's2']) await device.show(`configure session ${name}`, 'vlan 100', 'commit');
      expect(Object.keys((await sessions()) as object).sort()).toEqual(['hers', 's2']);
      expect((await device.rpc(['configure session s2', 'vlan 100'])).json.error?.code).toBe(1000);
      expect((await device.rpc(['configure session s1', 'vlan 100'])).json.error).toBeUndefined();
    });

    it('log the end of a timer that nobody stopped', async () => {
      const clock = new VirtualClock();
      const device = await start({ clock });
      await device.show('configure session s1', 'vlan 100', 'commit timer 00:01:00');
      clock.advance(61_000);
      expect(await device.print('show logging')).toMatch(/%SYS-3-CONFIG_SESSION_COMMIT_TIMER_TIMEDOUT: .*s1/);
    });
  });

  describe('reload', () => {
    it('boots what was saved, and has no sessions and no timer any more', async () => {
      const clock = new VirtualClock();
      const device = await start({ clock });
      await configure(device, 'vlan 100');
      await device.show('write memory');
      const saved = await device.runningConfig();
      await device.show('configure session s1', 'vlan 200', 'commit timer 00:01:00');
      await device.simulator.reboot();
      expect(await device.runningConfig()).toBe(saved);
      clock.advance(HOUR);
      expect(await device.runningConfig()).toBe(saved);
      expect((await device.show('show configuration sessions detail'))[0]?.sessions).toEqual({});
    });

    it('cuts the client off when the management lines are gone, until the timer brings them back', async () => {
      const clock = new VirtualClock();
      const device = await start({ clock });
      await expect(device.show('configure session s1', 'rollback clean-config', 'vlan 100', 'commit timer 00:01:00')).rejects.toMatchObject(
        { code: 'RESET' },
      );
      await expect(device.show('show version')).rejects.toMatchObject({ code: 'RESET' });
      clock.advance(61_000);
      expect(await device.runningConfig()).toMatch(/^management api http-commands/m);
    });
  });

  describe('people', () => {
    it('lets an operator look and not touch', async () => {
      const users = [{ username: 'admin', password: 'correct horse', role: 'network-operator' as const }];
      const device = await start({ users });
      expect(await device.runningConfig()).toContain('hostname TEST');
      expect((await device.rpc(['configure session s1'])).json.error?.code).toBe(1005);
      expect((await device.rpc(['write memory'])).json.error?.code).toBe(1005);
    });

    it('wants the enable secret where there is one', async () => {
      const device = await start({ enableSecret: 'open sesame' });
      expect(
        (await device.rpc([{ cmd: 'enable', input: 'wrong' }, 'show running-config'], { enable: false })).json.error?.data,
      ).toHaveLength(1);
      expect(
        (await device.rpc([{ cmd: 'enable', input: 'open sesame' }, 'show running-config'], { enable: false })).json.error,
      ).toBeUndefined();
    });

    it('keeps mode comments and banners, which are configuration', async () => {
      const device = await start();
      await device.show(
        'configure',
        'interface Ethernet1',
        { cmd: 'comment', input: 'patched by Jo\nEOF\n' },
        { cmd: 'banner motd', input: 'Hello\n!\nEOF\n' },
      );
      const config = await device.runningConfig();
      expect(config).toMatch(/^interface Ethernet1\n {3}!! patched by Jo$/m);
      expect(await device.print('show running-config')).toContain('banner motd\nHello\n!\nEOF\n');
    });
  });

  it('refuses VLANs that it uses itself for routed ports', async () => {
    const device = await start({
      initialConfig: 'management api http-commands\n   no shutdown\n!\nvlan internal order ascending range 1006 1199\n',
    });
    await configure(device, 'interface Ethernet1', 'no switchport', 'interface Ethernet2', 'no switchport');
    const { json } = await device.rpc(['configure', 'vlan 1008', 'vlan 1007']);
    expect(json.error).toMatchObject({ code: 1000, message: expect.stringContaining("'vlan 1007'") as string });
  });

  it('puts the sections in another order from 4.34 on', async () => {
    const [older, newer] = [await start({ version: '4.25.5M' }), await start({ version: '4.34.0F' })];
    const heads = async (device: SwitchUnderTest): Promise<readonly string[]> =>
      [...(await device.runningConfig()).matchAll(/^(?:hostname|ntp|management api|no ip routing)/gm)].map(([head]) => head);
    expect(await heads(older)).toEqual(['hostname', 'ntp', 'no ip routing', 'management api']);
    expect(await heads(newer)).toEqual(['management api', 'hostname', 'no ip routing', 'ntp']);
  });

  it('is one box with one label, and another one is another', async () => {
    const [one, other, labelled] = [
      await start({ slug: 'one' }),
      await start({ slug: 'other' }),
      await start({ serialNumber: 'JPE19181517', systemMac: '00:1c:73:12:34:56' }),
    ];
    const label = async (device: SwitchUnderTest): Promise<unknown> => {
      const [version] = await device.show('show version');
      return { serial: version?.serialNumber, mac: version?.systemMacAddress };
    };
    expect(await label(one)).not.toEqual(await label(other));
    expect(await label(labelled)).toEqual({ serial: 'JPE19181517', mac: '00:1c:73:12:34:56' });
  });

  it('prints all mappings in one line from 4.36 on, one line each before', async () => {
    const lines = ['vlan 10,20', 'interface Vxlan1', 'vxlan vlan 20,10 vni 10020,10010'];
    const [older, newer] = [await start({ version: '4.34.0F' }), await start({ version: '4.36.0F' })];
    await configure(older, ...lines);
    await configure(newer, ...lines);
    expect(await older.runningConfig()).toMatch(/^ {3}vxlan vlan 10 vni 10010\n {3}vxlan vlan 20 vni 10020$/m);
    expect(await newer.runningConfig()).toMatch(/^ {3}vxlan vlan 10,20 vni 10010,10020$/m);
  });

  describe('broken lines', () => {
    it.each([
      ['tls-error', 'TLS_FAILED', false],
      ['hang', 'TIMEOUT', false],
      ['hang-after', 'TIMEOUT', true],
      ['reset-before', 'RESET', false],
      ['reset-after', 'RESET', true],
      ['reset-in-body', 'RESET', true],
      ['reboot-before', 'RESET', false],
    ] as const)('%s is seen by the client as %s', async (kind, code, isDone) => {
      const device = await start();
      device.simulator.faults.add({ kind });
      const call = JSON.stringify({
        jsonrpc: '2.0',
        method: 'runCmds',
        id: 1,
        params: { version: 1, cmds: ['enable', 'configure', 'vlan 100'] },
      });
      await expect(device.post(call, { timeoutMs: 300 })).rejects.toMatchObject({ code });
      expect(/^vlan 100/m.test(await device.runningConfig())).toBe(isDone);
    });

    it('a gateway in front of it and half an answer are answers that say nothing', async () => {
      const device = await start();
      device.simulator.faults.add({ kind: 'bad-gateway' }, { kind: 'unavailable' }, { kind: 'truncated-json' });
      expect(await device.rpc(['configure', 'vlan 100'])).toMatchObject({ status: 502, json: {} });
      expect(await device.rpc(['configure', 'vlan 100'])).toMatchObject({ status: 503, json: {} });
      expect(await device.rpc(['configure', 'vlan 200'])).toMatchObject({ status: 200, json: {} });
      const config = await device.runningConfig();
      expect([/^vlan 100/m.test(config), /^vlan 200/m.test(config)]).toEqual([false, true]);
    });

    it('a busy agent answers late, and has done it long before', async () => {
      const device = await start();
      device.simulator.faults.add({ kind: 'slow', ms: 150 });
      const startedAt = performance.now();
      const late = device.show('configure', 'vlan 100');
      await expect.poll(() => device.simulator.device.runningConfig()).toMatch(/^vlan 100/m);
      expect(device.simulator.journal.requests.at(-1)?.outcome).toBeNull();
      await late;
      expect(performance.now() - startedAt).toBeGreaterThan(140);
    });

    it('a cable that is pulled for a moment refuses connections until it is back', async () => {
      const device = await start();
      device.simulator.faults.add({ kind: 'unplug', ms: 300 });
      await expect(device.show('show version')).rejects.toMatchObject({ code: 'RESET' });
      await expect(device.show('show version')).rejects.toMatchObject({ code: 'CONNECT_FAILED' });
      await expect
        .poll(() =>
          device.show('show hostname').then(
            () => 'there',
            () => 'gone',
          ),
        )
        .toBe('there');
    });

    it('another certificate is seen by the next connection', async () => {
      const device = await start();
      device.simulator.changeCertificate();
      await expect(device.show('show version')).rejects.toMatchObject({ code: 'TLS_FAILED' });
    });

    it('a colleague is faster than the request that he comes before', async () => {
      const device = await start();
      device.simulator.faults.meanwhile(
        (commands) => commands.includes('vlan 200'),
        () => device.show('configure', 'vlan 100').then(() => undefined),
      );
      await device.show('configure', 'vlan 200');
      expect(device.simulator.journal.requests.map(({ commands, outcome }) => [commands.at(-1), outcome])).toEqual([
        ['vlan 200', 'done'],
        ['vlan 100', 'done'],
      ]);
      expect(await device.runningConfig()).toMatch(/^vlan 100,200$/m);
    });

    it('a pulled cable refuses connections, and the switch goes on', async () => {
      const device = await start();
      await device.simulator.disconnect();
      await expect(device.show('show version')).rejects.toMatchObject({ code: 'CONNECT_FAILED' });
      await device.simulator.connect();
      expect(await device.runningConfig()).toContain('hostname TEST');
    });
  });

  describe('neighbors', () => {
    /** A leaf with one neighbor and one network, in the lines that matter to its control plane. */
    const leaf = (own: {
      loopback: string;
      port: string;
      peer: string;
      asn?: number;
      vlan?: number;
      rt?: string;
      community?: string;
      password?: string;
    }): string[] => [
      `vlan ${own.vlan ?? 100}`,
      'interface Ethernet1',
      'no switchport',
      `ip address ${own.port}/24`,
      'interface Loopback1',
      `ip address ${own.loopback}/32`,
      'interface Vxlan1',
      'vxlan source-interface Loopback1',
      `vxlan vlan ${own.vlan ?? 100} vni 10010`,
      'ip routing',
      `router bgp ${own.asn ?? 65051}`,
      `neighbor ${own.peer} remote-as 65051`,
      `neighbor ${own.peer} send-community ${own.community ?? 'extended'}`,
      ...(own.password === undefined ? [] : [`neighbor ${own.peer} password ${own.password}`]),
      `vlan ${own.vlan ?? 100}`,
      `rd ${own.loopback}:1`,
      `route-target both ${own.rt ?? '65051:10010'}`,
      'address-family evpn',
      `neighbor ${own.peer} activate`,
    ];
    const state = async (device: SwitchUnderTest): Promise<unknown> => {
      const [summary, vni, vtep, vxlan] = await device.show(
        'show bgp evpn summary',
        'show vxlan vni',
        'show vxlan vtep',
        'show interfaces vxlan 1',
      );
      const peers = (summary as { vrfs: { default?: { peers: Record<string, { peerState: string }> } } }).vrfs.default?.peers ?? {};
      const lists = (vxlan as { interfaces: { Vxlan1?: { vlanToVtepList: Record<string, { remoteVtepAddr: string[] }> } } }).interfaces
        .Vxlan1?.vlanToVtepList;
      return {
        peers: Object.values(peers).map(({ peerState }) => peerState),
        vnis: Object.keys((vni as { vxlanIntfs: { Vxlan1?: { vniBindings: object } } }).vxlanIntfs.Vxlan1?.vniBindings ?? {}),
        vteps: (vtep as { interfaces: { Vxlan1?: { vteps: string[] } } }).interfaces.Vxlan1?.vteps,
        flood: Object.values(lists ?? {}).map(({ remoteVtepAddr }) => remoteVtepAddr),
      };
    };
    const pair = async (): Promise<{ left: SwitchUnderTest; right: SwitchUnderTest }> => {
      const fabric = new SimulatedFabric();
      return { left: await start({ fabric, slug: 'left' }), right: await start({ fabric, slug: 'right' }) };
    };
    const LEFT = { loopback: '172.16.1.1', port: '192.168.100.1', peer: '192.168.100.2' };
    const RIGHT = { loopback: '172.16.1.2', port: '192.168.100.2', peer: '192.168.100.1' };

    it('come up when both ends agree, and each learns the VTEP of the other', async () => {
      const { left, right } = await pair();
      await configure(left, ...leaf(LEFT));
      expect(await state(left)).toEqual({ peers: ['Active'], vnis: ['10010'], vteps: [], flood: [[]] });
      await configure(right, ...leaf({ ...RIGHT, vlan: 200 }));
      expect(await state(left)).toEqual({ peers: ['Established'], vnis: ['10010'], vteps: ['172.16.1.2'], flood: [['172.16.1.2']] });
      expect(await left.print('show vxlan flood vtep')).toMatch(/^100 +172\.16\.1\.2$/m);
      expect(await state(right)).toMatchObject({ vteps: ['172.16.1.1'] });
    });

    it.each([
      ['another AS number', { asn: 65052 }, { peers: ['Active'], vteps: [] }],
      ['another address', { port: '192.168.100.3' }, { peers: ['Active'], vteps: [] }],
      ['a password on one side', { password: 'secret' }, { peers: ['Active'], vteps: [] }],
      ['another route target', { rt: '65051:10011' }, { peers: ['Established'], vteps: [] }],
      ['no extended communities', { community: 'standard' }, { peers: ['Established'], vteps: [] }],
    ])('stay apart over %s', async (_, wrong, expected) => {
      const { left, right } = await pair();
      await configure(left, ...leaf(LEFT));
      await configure(right, ...leaf({ ...RIGHT, ...wrong }));
      expect(await state(left)).toMatchObject(expected);
    });

    it('come up with one password on both sides, which both print differently', async () => {
      const { left, right } = await pair();
      await configure(left, ...leaf({ ...LEFT, password: 'secret' }));
      await configure(right, ...leaf({ ...RIGHT, password: 'other' }));
      expect(await state(left)).toMatchObject({ peers: ['Active'] });
      await configure(right, ...leaf({ ...RIGHT, password: 'secret' }));
      expect(await state(left)).toMatchObject({ peers: ['Established'], vteps: ['172.16.1.2'] });
      const codes = await Promise.all([left, right].map(async (device) => /password 7 (\S+)/.exec(await device.runningConfig())?.[1]));
      expect(codes[0]).not.toBe(codes[1]);
    });

    it('go when the VLAN, the address or the switch goes', async () => {
      const { left, right } = await pair();
      await configure(left, ...leaf(LEFT));
      await configure(right, ...leaf(RIGHT));
      await configure(right, 'no vlan 100');
      expect(await state(left)).toMatchObject({ peers: ['Established'], vteps: [] });
      expect(await state(right)).toMatchObject({ vnis: [] });
      await configure(right, 'vlan 100');
      expect(await state(left)).toMatchObject({ vteps: ['172.16.1.2'] });
      await configure(right, 'interface Ethernet1', 'shutdown');
      expect(await state(left)).toMatchObject({ peers: ['Active'], vteps: [] });
    });
  });

  it('will not start without a way to reach it', async () => {
    await expect(startEosSimulator({ hostname: 'X', users: [], initialConfig: 'hostname X\n' })).rejects.toThrow(
      'management api http-commands',
    );
  });

  it('writes down what was asked and when, and each push from its first command to its end', async () => {
    const clock = new VirtualClock(1_000);
    const device = await start({ clock });
    await device.show('configure session s1', 'vlan 100');
    clock.advance(500);
    await device.show('configure session s1 commit');
    expect(device.simulator.journal.pushes).toEqual([{ session: 's1', startedAt: 1_000, endedAt: 1_500, outcome: 'committed' }]);
    expect(device.simulator.journal.requests.at(-1)).toEqual({
      user: 'admin',
      commands: ['enable', 'configure session s1 commit'],
      startedAt: 1_500,
      endedAt: 1_500,
      outcome: 'done',
    });
  });
});
