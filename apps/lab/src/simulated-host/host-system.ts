/**
 * The operating system of a simulated host: files, network interfaces and routing daemons. The configured and the live
 * state are apart, as on a real host: only `ifreload` and `frr-reload` carry one into the other.
 */
import { FRR_PATH, INTERFACES_PATH } from './owned-paths.js';
import { applyFrr, checkFrrSyntax, type FrrRunning, linesOf } from './frr-text.js';
import { type InterfaceStanza, readInterfaces } from './interfaces-text.js';

/** What a tool said: exit status and text, the same that the real one would give. */
export interface ToolResult {
  readonly status: number;
  readonly text: string;
}

const MANAGEMENT_PATH = '/etc/network/interfaces';
const MANAGEMENT = 'auto lo\niface lo inet loopback\n\nsource /etc/network/interfaces.d/*\n';

export class HostSystem {
  private readonly files = new Map<string, string>();
  private live: readonly InterfaceStanza[] = [];
  private running: FrrRunning;
  private readonly traces = new Map<string, { readonly at: number; readonly by: string }>();
  /** Milliseconds since the epoch. */
  bootedAt = Date.now();
  isRoutingUp = true;
  /** Where pushes are kept: nothing more can be written there. */
  isDiskFull = false;
  /** `ifreload` ends with 0 and has done nothing. */
  doesIfreloadLie = false;
  /** The next `frr-reload.py` puts half of the lines in force and fails. */
  reloadsHalfOnce = false;

  constructor(readonly hostname: string) {
    this.files.set(MANAGEMENT_PATH, MANAGEMENT);
    this.files.set(FRR_PATH, `frr defaults datacenter\nhostname ${hostname}\nservice integrated-vtysh-config\n`);
    this.running = applyFrr('');
    this.boot();
  }

  /** Power on: what the files say becomes live. */
  boot(): void {
    this.bootedAt = Date.now();
    this.live = this.configured();
    this.running = applyFrr(this.readFile(FRR_PATH) ?? '');
  }

  readFile(path: string): string | null {
    return this.files.get(path) ?? null;
  }

  /** Of every file that is there. */
  paths(): Iterable<string> {
    return this.files.keys();
  }

  writeFile(path: string, content: string | null, by = 'root'): void {
    this.traces.set(path, { at: Date.now(), by });
    if (content === null) this.files.delete(path);
    else this.files.set(path, content);
  }

  /** Who wrote a file last, and when. */
  traceOf(path: string): { readonly at: number; readonly by: string } | undefined {
    return this.files.has(path) ? this.traces.get(path) : undefined;
  }

  get interfaces(): readonly InterfaceStanza[] {
    return this.live;
  }

  get routing(): FrrRunning {
    return this.running;
  }

  /** `ip link del`: somebody's hand, or a crash. */
  deleteInterface(name: string): void {
    this.live = this.live.filter((stanza) => stanza.name !== name);
  }

  /** Somebody in vtysh: what runs becomes this, whatever the file says. */
  typeIntoVtysh(text: string): void {
    this.running = applyFrr(text);
  }

  /** `vtysh -c 'show running-config'` */
  runningConfig(): ToolResult {
    if (!this.isRoutingUp) return { status: 1, text: 'Exiting: failed to connect to any daemons.' };
    return { status: 0, text: printRunning(this.running.lines) };
  }

  /** `ifup -a -s -i FILE` */
  checkInterfaces(text: string): ToolResult {
    const { complaints, stanzas } = readInterfaces(text, '/var/lib/trame/pending/new/interfaces');
    if (complaints.length > 0) return { status: 1, text: complaints.join('\n') };
    return stanzas.length > 0
      ? { status: 0, text: '' }
      : { status: 1, text: 'error: main exception: no ifaces found matching given allow lists' };
  }

  /** `vtysh -C -f FILE` */
  checkRouting(text: string): ToolResult {
    const complaints = checkFrrSyntax(text);
    return { status: complaints.length > 0 ? 2 : 0, text: complaints.join('\n') };
  }

  /** `ifreload -a` */
  reloadInterfaces(): ToolResult {
    const wanted = this.configured();
    const stuck = wanted.flatMap((stanza) => {
      const before = attribute(
        this.live.find(({ name }) => name === stanza.name),
        'vxlan-id',
      );
      const after = attribute(stanza, 'vxlan-id');
      return before !== null && after !== null && before !== after
        ? [`error: ${stanza.name}: Cannot change running vxlan id (${before}): Operation not supported`]
        : [];
    });
    if (stuck.length > 0) return { status: 1, text: stuck.join('\n') };
    if (!this.doesIfreloadLie) this.live = wanted;
    return { status: 0, text: '' };
  }

  /** `frr-reload.py --reload /etc/frr/frr.conf`: stops at a syntax error, applies what it can of a wrong meaning. */
  reloadRouting(): ToolResult {
    if (!this.isRoutingUp) return { status: 1, text: 'Exiting: failed to connect to any daemons.' };
    const text = this.readFile(FRR_PATH) ?? '';
    const syntax = this.checkRouting(text);
    if (syntax.status !== 0) return { status: 1, text: `ERROR: vtysh failed to process new configuration: ${syntax.text}` };
    if (this.reloadsHalfOnce) {
      this.reloadsHalfOnce = false;
      const lines = text.split('\n');
      this.running = applyFrr(lines.slice(0, Math.ceil(lines.length / 2)).join('\n'));
      return { status: 1, text: 'vtysh: Failure to communicate[13] to bgpd' };
    }
    this.running = applyFrr(text);
    return { status: this.running.failures.length > 0 ? 1 : 0, text: this.running.failures.join('\n') };
  }

  /** `frr-reload.py --test --stdout`: empty when the daemons run what the file says. */
  routingResidual(): ToolResult {
    if (!this.isRoutingUp) return { status: 1, text: 'Exiting: failed to connect to any daemons.' };
    const [file, running] = [linesOf(this.readFile(FRR_PATH) ?? ''), this.running.lines];
    const section = (title: string, lines: readonly string[]): string[] =>
      lines.length === 0 ? [] : ['', title, '='.repeat(title.length), ...lines];
    const [isInFile, isRunning] = [new Set(file), new Set(running)];
    const surplus = section(
      'Lines To Delete',
      running.filter((line) => !isInFile.has(line)),
    );
    const missing = section(
      'Lines To Add',
      file.filter((line) => !isRunning.has(line)),
    );
    return { status: 0, text: [...surplus, ...missing].join('\n') };
  }

  /** `ifquery -a --check -o json` */
  checkLiveInterfaces(): ToolResult {
    const report = this.configured().map((stanza) => {
      const live = this.live.find(({ name }) => name === stanza.name);
      const keys = [...new Set(stanza.attributes.map(([key]) => key))];
      const verdicts = keys.map((key) => [key, valuesOf(stanza, key) === valuesOf(live, key) ? 'pass' : 'fail'] as const);
      return {
        name: stanza.name,
        auto: stanza.isAuto,
        config: live === undefined ? {} : Object.fromEntries(keys.map((key) => [key, valuesOf(live, key)])),
        config_status: live === undefined ? {} : Object.fromEntries(verdicts),
        status: live !== undefined && verdicts.every(([, verdict]) => verdict === 'pass') ? 'pass' : 'fail',
      };
    });
    return { status: report.every(({ status }) => status === 'pass') ? 0 : 1, text: JSON.stringify(report) };
  }

  /** What /etc/network/interfaces and the file that it sources say together; two stanzas of one name are one interface. */
  private configured(): readonly InterfaceStanza[] {
    const merged = new Map<string, InterfaceStanza>();
    for (const path of [MANAGEMENT_PATH, INTERFACES_PATH]) {
      for (const stanza of readInterfaces(this.readFile(path) ?? '', path).stanzas) {
        const before = merged.get(stanza.name)?.attributes ?? [];
        if (stanza.isAuto) merged.set(stanza.name, { ...stanza, attributes: [...before, ...stanza.attributes] });
      }
    }
    return [...merged.values()];
  }
}

/** Lines with the blocks around them, as vtysh nests them. */
function printRunning(lines: readonly string[]): string {
  const blocks = new Set(lines.flatMap((line) => line.split(' / ').map((_, depth, words) => words.slice(0, depth + 1).join(' / '))));
  const below = (around: string): string[] =>
    [...blocks].filter((line) =>
      around === '' ? !line.includes(' / ') : line.startsWith(`${around} / `) && !line.slice(around.length + 3).includes(' / '),
    );
  const print = (around: string, depth: number): string[] =>
    below(around).flatMap((line) => [`${' '.repeat(depth)}${line.split(' / ').at(-1)}`, ...print(line, depth + 1)]);
  return ['Building configuration...', '', 'Current configuration:', '!', 'frr version 8.4.4', ...print('', 0), 'end', ''].join('\n');
}

export function attribute(stanza: InterfaceStanza | undefined, key: string): string | null {
  return stanza?.attributes.find(([name]) => name === key)?.[1] ?? null;
}

function valuesOf(stanza: InterfaceStanza | undefined, key: string): string {
  return (stanza?.attributes ?? [])
    .filter(([name]) => name === key)
    .map(([, value]) => value)
    .join(' ');
}
