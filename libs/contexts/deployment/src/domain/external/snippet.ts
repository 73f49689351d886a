/** What a person puts in force on a device that Trame does not push to. Pure; secrets stay names, and the person fills them in. */
import type { Dialect } from '#engines/reconcile';
import { eosDialect, frrDialect, remediate, RemediationError } from '#engines/reconcile';
import type { Artefact } from '#engines/rendering';

export interface Snippet {
  /** Of the artefact: a file, or `running-config`. */
  readonly path: string;
  /** MERGE: these lines belong into what the device runs, beside those of others. WRITE: this is the whole file. REMOVE: it goes. */
  readonly action: 'MERGE' | 'WRITE' | 'REMOVE';
  /** The lines that are ours, or the whole file; empty where it goes. */
  readonly text: string;
  /** Commands that lead there from what was confirmed last, removals included; null where we do not know the device's language. */
  readonly commands: string | null;
}

/** A running configuration of which some lines are ours; every other path is a file, and all of it is. */
const MERGED: ReadonlySet<Artefact['format']> = new Set(['eos', 'comware']);
const COMMANDS: Readonly<Partial<Record<Artefact['format'], Dialect>>> = { eos: eosDialect, frr: frrDialect };

/** A person types the secret itself; the code that EOS keeps of it (type 7) is another text for each neighbor. */
const toType = (text: string): string => text.replaceAll(' password 7 @secret:', ' password 0 @secret:');

/** What is confirmed of a device, and what may be on it as well. */
interface Known {
  readonly verifiedArtefacts: readonly Artefact[];
  readonly uncertainArtefacts: readonly Artefact[];
}

/** In the order in which they are put in force; what is the same as before is not among them. */
export function snippetsOf(artefacts: readonly Artefact[], record: Known | undefined): readonly Snippet[] {
  const [verified, uncertain] = [record?.verifiedArtefacts ?? [], record?.uncertainArtefacts ?? []];
  const before = [...verified, ...uncertain];
  const made = artefacts.flatMap((artefact): readonly Snippet[] => {
    const { path, format, content } = artefact;
    const textsOf = (all: readonly Artefact[]): string[] => all.filter((one) => one.path === path).map((one) => one.content);
    const [was, maybe] = [textsOf(verified), textsOf(uncertain)];
    if (was.length > 0 && [...was, ...maybe].every((text) => text === content)) return [];
    const commands = maybe.length === 0 ? commandsOf(artefact, was) : fromEither(artefact, [...was, ...maybe]);
    return [{ path, action: MERGED.has(format) ? 'MERGE' : 'WRITE', text: toType(content), commands: commands && toType(commands) }];
  });
  const wanted = new Set(artefacts.map(({ path }) => path));
  const gone = new Map(before.filter(({ path }) => !wanted.has(path)).map((artefact) => [artefact.path, artefact]));
  return [...made, ...[...gone.values()].map(removalOf)];
}

/** @param running what the device says; undefined: what we know of it. */
export function commandsOf({ format, content }: Artefact, before: readonly string[], running?: string): string | null {
  const dialect = COMMANDS[format];
  if (dialect === undefined) return null;
  try {
    const commands = remediate({ running: running ?? before.join('\n'), previous: before, desired: content }, dialect);
    return commands.map((command) => `${command}\n`).join('');
  } catch (error) {
    // A stranger holds what we want: there is no way there without a person who decides.
    if (error instanceof RemediationError) return null;
    throw error;
  }
}

/** Nobody knows which of these the device has: what any of them said goes, and then every line is said again. */
function fromEither(artefact: Artefact, before: readonly string[]): string | null {
  const [away, all] = [commandsOf(artefact, before), commandsOf(artefact, [])];
  return away === null || all === null ? null : away + all;
}

function removalOf(artefact: Artefact): Snippet {
  const { path, format } = artefact;
  if (!MERGED.has(format)) return { path, action: 'REMOVE', text: '', commands: null };
  return { path, action: 'MERGE', text: '', commands: commandsOf({ ...artefact, content: '' }, [artefact.content]) };
}
