/**
 * The switch that the EOS contract runs against: the simulator, and instead of it a real (v/c)EOS where TRAME_EOS_URL,
 * TRAME_EOS_USER, TRAME_EOS_PASSWORD and TRAME_EOS_SPKI say where one is. What passes on both says something about switches.
 */
import { OutboundHttp } from '#adapters/outbound';
import type { DeviceTarget } from '#contexts/deployment/ports';
import { type EosSimulator, type EosSimulatorOptions, startEosSimulator } from '../../apps/lab/src/eos-simulator/index.js';

export interface RpcAnswer {
  readonly status: number;
  /** Undefined where the answer is no JSON. */
  readonly json: {
    readonly result?: readonly Record<string, unknown>[];
    readonly error?: {
      readonly code: number;
      readonly message: string;
      readonly data?: readonly { readonly errors?: readonly string[] }[];
    };
  };
}

export interface RpcOptions {
  readonly format?: 'json' | 'text';
  readonly password?: string;
  /** Default true: the first command is `enable`. */
  readonly enable?: boolean;
  readonly autoComplete?: boolean;
}

type Command = string | { readonly cmd: string; readonly input: string };

const USER = { username: 'admin', password: 'correct horse' };
const { TRAME_EOS_URL, TRAME_EOS_USER, TRAME_EOS_PASSWORD, TRAME_EOS_SPKI } = process.env;

/** True where the contract runs against hardware or a virtual machine: faults and time are not in our hands then. */
export const isRealSwitch = TRAME_EOS_URL !== undefined;

export class SwitchUnderTest {
  private readonly http: OutboundHttp;

  private constructor(
    readonly target: DeviceTarget,
    private readonly simulated: EosSimulator | null,
  ) {
    const tls = { pinnedSpkiSha256: target.tlsSpkiSha256 };
    this.http = new OutboundHttp({
      name: 'contract',
      timeoutMs: 60_000,
      maxResponseBytes: 1 << 26,
      tls,
      allowPrivate: true,
      maxRetries: 0,
    });
  }

  static async start(options: Partial<EosSimulatorOptions> = {}): Promise<SwitchUnderTest> {
    if (TRAME_EOS_URL !== undefined) {
      const url = new URL(TRAME_EOS_URL);
      return new SwitchUnderTest(
        target(url.hostname, Number(url.port || 443), TRAME_EOS_USER ?? '', TRAME_EOS_PASSWORD ?? '', TRAME_EOS_SPKI ?? ''),
        null,
      );
    }
    const simulator = await startEosSimulator({ hostname: 'TEST', slug: 'test', users: [USER], ...options });
    return new SwitchUnderTest(target(simulator.address, simulator.port, USER.username, USER.password, simulator.spkiSha256), simulator);
  }

  /** For tests that only a simulator can serve. */
  get simulator(): EosSimulator {
    if (this.simulated === null) throw new Error('this test needs the simulator');
    return this.simulated;
  }

  async rpc(commands: readonly Command[], options: RpcOptions = {}): Promise<RpcAnswer> {
    const cmds = options.enable === false ? commands : ['enable', ...commands];
    const params = { version: 1, format: options.format ?? 'json', autoComplete: options.autoComplete ?? false, cmds };
    return this.post(JSON.stringify({ jsonrpc: '2.0', method: 'runCmds', id: 'contract', params }), options);
  }

  async post(
    body: string,
    options: {
      readonly path?: string;
      readonly password?: string;
      readonly headers?: Record<string, string>;
      readonly anonymous?: boolean;
      readonly timeoutMs?: number;
    } = {},
  ): Promise<RpcAnswer & { readonly headers: Record<string, string> }> {
    const { address, port, username, secret } = this.target;
    const {
      status,
      body: text,
      headers,
    } = await this.http.request({
      method: 'POST',
      url: `https://${address.includes(':') ? `[${address}]` : address}:${port}${options.path ?? '/command-api'}`,
      headers: { 'content-type': 'application/json-rpc', ...options.headers },
      body,
      ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
      ...(options.anonymous ? {} : { basicAuth: { username, password: options.password ?? secret } }),
    });
    return { status, json: parse(text), headers };
  }

  /** Models of the commands, `enable` left out. @throws the switch's refusal. */
  async show(...commands: readonly Command[]): Promise<readonly Record<string, unknown>[]> {
    const { json } = await this.rpc(commands);
    if (json.result === undefined) throw new Error(JSON.stringify(json.error));
    return json.result.slice(1);
  }

  async print(command: string): Promise<string> {
    const { json } = await this.rpc([command], { format: 'text' });
    if (json.result === undefined) throw new Error(JSON.stringify(json.error));
    return String(json.result[1]?.output);
  }

  /** As printed, without the heading, which holds the time on some releases. */
  async runningConfig(): Promise<string> {
    return (await this.print('show running-config')).replace(/^!.*\n/gm, (line) => (line === '!\n' ? line : ''));
  }

  /** Undoes what a test left in sessions of these names, whatever their state. */
  async dropSessions(...names: readonly string[]): Promise<void> {
    for (const name of names) await this.rpc([`configure session ${name} abort`]);
  }

  async close(): Promise<void> {
    await this.simulated?.close();
  }
}

function target(address: string, port: number, username: string, secret: string, pin: string): DeviceTarget {
  return { slug: 'test', address: address.replace(/^\[|\]$/g, ''), port, username, secret, sshHostKeys: [], tlsSpkiSha256: [pin] };
}

function parse(text: string): RpcAnswer['json'] {
  try {
    return JSON.parse(text) as RpcAnswer['json'];
  } catch {
    return {}; // asserted by the status
  }
}
