import { createSocket } from 'node:dgram';
import type { DriftService } from '#contexts/deployment';
import { DomainError } from '#engines/kernel';
import type { Config, Logger } from '#platform';
import { SyslogHints } from './syslog-hints.js';

const CHANGED = (host: string): string =>
  `<189>Nov 21 17:02:03 ${host} ConfigAgent: %SYS-5-CONFIG_I: Configured from console by bob on vty7`;

interface Heard {
  readonly hints: string[];
  readonly warnings: string[];
  readonly syslog: SyslogHints;
  say(text: string): Promise<void>;
}
const open: Heard[] = [];
afterEach(() => {
  for (const { syslog } of open.splice(0)) syslog.onModuleDestroy();
});

async function listen(port: number | undefined): Promise<Heard> {
  const [hints, warnings]: [string[], string[]] = [[], []];
  const drift = {
    hint: (actor: string, host: string) => {
      hints.push(`${actor} ${host}`);
      return host === 'stranger' ? Promise.reject(new DomainError('NOT_FOUND', 'there is no such device', {})) : Promise.resolve();
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
  const heard = { hints, warnings, syslog, say };
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
    expect(hints.sort()).toEqual(['syslog pve1', 'syslog stranger', 'syslog test']);
    expect(warnings).toEqual([]);
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
