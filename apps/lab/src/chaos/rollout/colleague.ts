/** Somebody else with a keyboard on a switch: edits lines of his own, now and then just before a push commits. */
import { OutboundHttp } from '#adapters/outbound';
import type { EosSimulator } from '../../eos-simulator/index.js';
import type { Dice } from '../dice.js';
import { pause } from '../timing.js';

export const COLLEAGUE = { username: 'colleague', password: 'colleague-chaos' } as const;

interface Edit {
  readonly line: string;
  /** Milliseconds of the epoch: sent, and answered. */
  readonly sentAt: number;
  readonly doneAt: number;
}

const UNDONE: ReadonlySet<string> = new Set(['reverted', 'expired', 'lost', 'failed']);
const isCommit = (commands: readonly string[]): boolean => commands.some((command) => command.startsWith('commit timer'));

export class Colleague {
  private readonly edits: Edit[] = [];
  private readonly http: OutboundHttp;
  private serial = 0;
  /** Lines that came between our last look and our commit. */
  inBetween = 0;
  /** Lines that he committed as we do, by a session of his own. */
  committed = 0;

  constructor(
    readonly slug: string,
    private readonly leaf: EosSimulator,
    private readonly dice: Dice,
  ) {
    const tls = { pinnedSpkiSha256: [leaf.spkiSha256] };
    this.http = new OutboundHttp({ name: 'colleague', timeoutMs: 2000, maxResponseBytes: 1 << 20, tls, allowPrivate: true, maxRetries: 0 });
  }

  get count(): number {
    return this.edits.length;
  }

  async run(ending: AbortSignal): Promise<void> {
    while (!ending.aborted) {
      await pause(this.dice.between(3000, 9000), ending);
      if (ending.aborted) return;
      // Between our last look and our commit, where only the switch itself can notice; or at any other moment.
      if (this.dice.chance(0.5))
        this.leaf.faults.meanwhile(isCommit, async () => {
          if (await this.edit()) this.inBetween += 1;
        });
      else await this.edit();
    }
  }

  /** Edits that were answered and are not there, though nothing took them away that takes away everything of that time. */
  lost(): string[] {
    const running = new Set(this.leaf.device.runningConfig().split('\n'));
    return this.edits.filter((edit) => !running.has(edit.line) && !this.isExcused(edit)).map(({ line }) => `${this.slug}: "${line}"`);
  }

  /** A reload boots what was saved; a commit timer that runs out brings back what was there when it began. */
  private isExcused({ sentAt, doneAt }: Edit): boolean {
    const { device } = this.leaf;
    const bootedAt = Date.now() - device.uptime() * 1000;
    if (bootedAt >= sentAt) return true;
    return device.journal.pushes.some(
      ({ startedAt, endedAt, outcome }) => UNDONE.has(outcome) && startedAt <= doneAt && (endedAt ?? Number.POSITIVE_INFINITY) >= sentAt,
    );
  }

  /** What is not answered may be there or not. */
  private async edit(): Promise<boolean> {
    const line = `logging host 192.0.2.${(++this.serial % 250) + 1}`;
    const sentAt = Date.now();
    const isCommitted = this.serial % 2 === 0;
    const session = `colleague-${this.serial}`;
    const cmds = isCommitted ? [`configure session ${session}`, line, 'commit'] : ['configure', line];
    const body = JSON.stringify({
      jsonrpc: '2.0',
      method: 'runCmds',
      id: line,
      params: { version: 1, format: 'json', cmds: ['enable', ...cmds] },
    });
    try {
      const { status, body: text } = await this.http.request({
        method: 'POST',
        url: `https://${this.leaf.address}:${this.leaf.port}/command-api`,
        headers: { 'content-type': 'application/json-rpc' },
        body,
        basicAuth: COLLEAGUE,
      });
      const isDone = status === 200 && 'result' in (JSON.parse(text) as object);
      if (!isDone) return false;
      this.edits.push({ line, sentAt, doneAt: Date.now() });
      if (isCommitted) this.committed += 1;
      return true;
    } catch {
      return false; // The switch hangs or is away: a person would try again later.
    }
  }
}
