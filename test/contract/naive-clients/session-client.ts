/** What the naive clients have in common: a configuration session with a commit timer, over plain requests. */
import { OutboundHttp } from '#adapters/outbound';
import type { DeviceTarget } from '#contexts/deployment/ports';
import type { PushClient } from './push-client.js';

type Answer = { readonly result?: readonly Record<string, unknown>[]; readonly error?: { readonly message: string } };

let sessions = 0;

export abstract class SessionClient implements PushClient {
  protected readonly session = `naive-${process.pid}-${Date.now() % 1_000_000}-${(sessions += 1)}`;
  private readonly http: OutboundHttp;

  constructor(private readonly target: DeviceTarget) {
    const tls = { pinnedSpkiSha256: target.tlsSpkiSha256 };
    this.http = new OutboundHttp({ name: 'naive', timeoutMs: 2_000, maxResponseBytes: 1 << 26, tls, allowPrivate: true, maxRetries: 0 });
  }

  async stage(lines: readonly string[]): Promise<void> {
    try {
      await this.run(`configure session ${this.session}`, ...lines);
    } catch (error) {
      await this.abort();
      throw error;
    }
  }

  abstract commit(): Promise<'DONE' | 'FAILED'>;

  /** @returns a model for each command. @throws whatever goes wrong, a refusal and a lost connection alike. */
  protected async run(...commands: readonly string[]): Promise<readonly Record<string, unknown>[]> {
    const { address, port, username, secret: password } = this.target;
    const params = { version: 1, format: 'json', cmds: ['enable', ...commands] };
    const { body } = await this.http.request({
      method: 'POST',
      url: `https://${address}:${port}/command-api`,
      headers: { 'content-type': 'application/json-rpc' },
      body: JSON.stringify({ jsonrpc: '2.0', method: 'runCmds', id: 1, params }),
      basicAuth: { username, password },
    });
    const { result, error } = JSON.parse(body) as Answer;
    if (result === undefined) throw new Error(error?.message ?? 'no result');
    return result.slice(1);
  }

  protected async digest(): Promise<unknown> {
    return (await this.run('show running-config digest'))[0]?.['digest'];
  }

  /** Both shapes: in the state of the session up to EOS 4.31, beside the sessions since. */
  protected async isTimerRunning(): Promise<boolean> {
    const [detail] = await this.run('show configuration sessions detail');
    const states = detail?.['sessions'] as Readonly<Record<string, { readonly state?: string }>> | undefined;
    return detail?.['commitTimerSessionName'] === this.session || states?.[this.session]?.state === 'pendingCommitTimer';
  }

  protected abort(): Promise<void> {
    return this.run(`configure session ${this.session} abort`).then(
      () => undefined,
      () => undefined, // gone already
    );
  }

  protected async confirm(): Promise<'DONE' | 'FAILED'> {
    try {
      await this.run(`configure session ${this.session} commit`);
      await this.run('write memory');
      return 'DONE';
    } catch {
      await this.abort();
      return 'FAILED';
    }
  }
}
