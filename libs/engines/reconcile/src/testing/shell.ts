/**
 * A device that takes commands one after the other, for tests of what a merge sends: it knows modes, settings that hold one value,
 * what it refuses and what falls with what is taken away. It compares nothing and shares no rule with the merge.
 */
export class Refused extends Error {}

export interface Mode {
  readonly header: string;
  readonly settings: Map<string, string>;
  readonly modes: Map<string, Mode>;
}

export const emptyMode = (header: string): Mode => ({ header, settings: new Map(), modes: new Map() });

/** What a kind of device does with a line; everything not said here is a plain setting. */
export interface Temper {
  /** Name of the mode that the line enters from there, or undefined. Two lines with one name are one mode. */
  modeOf(path: readonly Mode[], line: string): string | undefined;
  leaves(line: string): boolean;
  /** What the line sets: lines with one slot replace one another. */
  slotOf(path: readonly Mode[], line: string): string;
  /** Does more than setting, or less. @returns true when nothing is left to do. @throws Refused */
  before(path: readonly Mode[], line: string): boolean;
  /** @throws Refused when the mode cannot be taken away. */
  beforeRemoval(path: readonly Mode[], mode: Mode): void;
}

export class Shell {
  readonly root = emptyMode('');
  private path: Mode[] = [this.root];

  constructor(private readonly temper: Temper) {}

  type(lines: readonly string[]): this {
    for (const line of lines) this.execute(line.trim());
    if (this.path.length > 1) throw new Refused(`left in ${this.path.at(-1)?.header}`);
    return this;
  }

  /** Indented by one blank a level, modes after settings. */
  print(mode: Mode = this.root, depth = 0): string {
    const indent = ' '.repeat(depth);
    const settings = [...mode.settings.values()].map((line) => `${indent}${line}\n`);
    const modes = [...mode.modes.values()].map((below) => `${indent}${below.header}\n${this.print(below, depth + 1)}`);
    return [...settings, ...modes].join('');
  }

  private execute(line: string): void {
    const here = this.path.at(-1) as Mode;
    if (this.temper.leaves(line)) {
      if (this.path.length === 1) throw new Refused(`${line} at the top`);
      this.path.pop();
    } else if (line.startsWith('no ') || line.startsWith('default ')) {
      this.takeAway(here, line.slice(line.indexOf(' ') + 1), line);
    } else {
      const name = this.temper.modeOf(this.path, line);
      if (name === undefined) {
        if (!this.temper.before(this.path, line)) here.settings.set(this.temper.slotOf(this.path, line), line);
      } else {
        if (!here.modes.has(name)) this.temper.before(this.path, line);
        const known = here.modes.get(name);
        const mode = { ...(known ?? emptyMode(line)), header: line };
        here.modes.set(name, mode);
        this.path.push(mode);
      }
    }
  }

  private takeAway(here: Mode, line: string, command: string): void {
    const name = this.temper.modeOf(this.path, line);
    const mode = name === undefined ? undefined : here.modes.get(name);
    if (mode !== undefined) {
      this.temper.beforeRemoval(this.path, mode);
      here.modes.delete(name as string);
      return;
    }
    if (this.temper.before(this.path, command)) return;
    const slot = this.temper.slotOf(this.path, line);
    const set = here.settings.get(slot);
    if (set !== undefined && (set === line || set.startsWith(`${line} `) || set === `no ${line}`)) here.settings.delete(slot);
    else if (set === undefined && command.startsWith('no ')) here.settings.set(slot, command);
    else throw new Refused(`${command}: there is ${set ?? 'nothing'}`);
  }
}
