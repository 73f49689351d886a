import { createSocket } from 'node:dgram';
import type { DriftService } from '#contexts/deployment';
import type { DeviceId } from '#engines/kernel';
import type { Config, Logger } from '#platform';
import { SyslogHints } from './syslog-hints.js';

const CHANGED = (host: string): string =>
  `<189>Nov 21 17:02:03 ${host} ConfigAgent: %SYS-5-CONFIG_I: Configured from console by bob on vty7`;

interface Heard {
  /** Asked of the database, in this order. */
  readonly hints: string[];
  /** What devices are called by now, and how often somebody asked. */
  readonly names: Map<string, DeviceId>;
  readonly asked: { names: number; atOnce: number };
  /** While it is set the database is slow. */
  readonly slow: { until: Promise<void> | null };
  readonly warnings: string[];
  readonly syslog: SyslogHints;
  say(text: string): Promise<void>;
}
const open: Heard[] = [];
afterEach(() => {
  for (const { syslog } of open.splice(0)) syslog.onModuleDestroy();
  vi.restoreAllMocks();
});

async function listen(port: number | undefined): Promise<Heard> {
  const [hints, warnings]: [string[], string[]] = [[], []];
  const names = new Map(['pve1', 'pve2', 'test', 'test.example'].map((name) => [name, (name.split('.')[0] ?? '') as DeviceId]));
  const asked = { names: 0, atOnce: 0 };
  const slow: Heard['slow'] = { until: null };
  let now = 0;
  const drift = {
    names: () => {
      asked.names += 1;
      return Promise.resolve(new Map(names));
    },
    hintDevice: async (actor: string, id: DeviceId) => {
      asked.atOnce = Math.max(asked.atOnce, (now += 1));
      hints.push(`${actor} ${id}`);
      await slow.until;
      now -= 1;
    },
  } as unknown as DriftService;
  const log = { info: () => undefined, warn: (event: string) => void warnings.push(event) } as unknown as Logger;
  const syslog = new SyslogHints(drift, { DRIFT_SYSLOG_PORT: port } as Config, log);
  await syslog.onApplicationBootstrap();
  const say = async (text: string): Promise<void> => {
    const sender = createSocket('udp4');
    await new Promise<void>((resolve, reject) =>
      sender.send(text, syslog.port ?? 0, '127.0.0.1', (error) => (error ? reject(error) : resolve())),
    );
    sender.close();
  };
  const heard = { hints, names, asked, slow, warnings, syslog, say };
  open.push(heard);
  return heard;
}

describe('syslog on the loopback', () => {
  it('is a hint for each device that says so, once a second at most, and nothing else is', async () => {
    const { hints, warnings, say } = await listen(0);
    await say(`<30>Nov 21 17:02:03 pve1 sshd[7]: Accepted publickey\n${CHANGED('test')}\n${CHANGED('test')}\n`);
    await say('\u0000\uffff not syslog');
    await say(CHANGED('stranger'));
    await say(CHANGED('pve1'));
    await vi.waitFor(() => expect(hints).toContain('syslog pve1'), { timeout: 3000, interval: 10 });
    expect(hints.sort()).toEqual(['syslog pve1', 'syslog test']);
    expect(warnings).toEqual([]);
  });

  it('asks once a minute what devices are called, however many names are invented, and then knows new ones', async () => {
    const { hints, names, asked, say, syslog } = await listen(0);
    const clock = vi.spyOn(performance, 'now').mockReturnValue(1_000_000);
    await say(CHANGED('test'));
    await vi.waitFor(() => expect(hints).toEqual(['syslog test']), { timeout: 3000, interval: 10 });
    names.set('leaf9', 'leaf9' as DeviceId);
    for (let batch = 0; batch < 20; batch++) await say(Array.from({ length: 50 }, (_, i) => CHANGED(`invented-${batch}-${i}`)).join('\n'));
    await say(CHANGED('leaf9'));
    await say(CHANGED('pve1'));
    await vi.waitFor(() => expect(hints).toContain('syslog pve1'), { timeout: 3000, interval: 10 });
    expect(hints).toEqual(['syslog test', 'syslog pve1']);
    expect(asked.names).toBe(1);
    expect(syslog.dropped).toBe(0); // They took nobody's place.
    clock.mockReturnValue(1_060_000);
    await say(CHANGED('leaf9'));
    await vi.waitFor(() => expect(hints).toContain('syslog leaf9'), { timeout: 3000, interval: 10 });
    expect(asked.names).toBe(2);
  });

  it('is one device however it is spelled', async () => {
    const { hints, say } = await listen(0);
    await say([CHANGED('TEST'), CHANGED('Test'), CHANGED('tEST.example'), CHANGED('test'), CHANGED('pve1')].join('\n'));
    await vi.waitFor(() => expect(hints).toContain('syslog pve1'), { timeout: 3000, interval: 10 });
    expect(hints).toEqual(['syslog test', 'syslog pve1']);
  });

  it('asks one thing at a time of the database, keeps a hundred waiting, and counts what it drops', async () => {
    const { hints, names, asked, slow, warnings, say, syslog } = await listen(0);
    for (let i = 0; i < 300; i++) names.set(`host${i}`, `host${i}` as DeviceId);
    let goOn = (): void => undefined;
    slow.until = new Promise((resolve) => (goOn = resolve));
    for (let batch = 0; batch < 6; batch++) await say(Array.from({ length: 50 }, (_, i) => CHANGED(`host${batch * 50 + i}`)).join('\n'));
    await vi.waitFor(() => expect(syslog.dropped).toBeGreaterThanOrEqual(199), { timeout: 3000, interval: 10 });
    goOn();
    await vi.waitFor(() => expect(warnings).toEqual(['syslog.hints_dropped']), { timeout: 3000, interval: 10 });
    expect(asked.atOnce).toBe(1);
    expect(hints.length + syslog.dropped).toBe(300);
  });

  it('is not heard unless a port is set, and is left to another worker that has it', async () => {
    const silent = await listen(undefined);
    expect(silent.syslog.port).toBeNull();
    const first = await listen(0);
    const second = await listen(first.syslog.port as number);
    expect(second.syslog.port).toBeNull();
    expect(second.warnings).toEqual(['syslog.not_heard']);
  });
});
