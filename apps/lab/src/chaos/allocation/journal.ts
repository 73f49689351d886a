/** What a process was told, line by line, written before it asks for the next thing: a kill takes nothing of it. */
import { closeSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Times are milliseconds since 1970 on the one clock that all processes have. */
export type Entry =
  /** A request is about to be sent. The key says what for: see `wish-of.ts`. */
  | { readonly is: 'asked'; readonly at: number; readonly key: string }
  | {
      readonly is: 'given';
      readonly at: number;
      readonly key: string;
      readonly id: string;
      readonly value: string;
      /** Null: bound. */
      readonly expiresAt: number | null;
      readonly replayed: boolean;
    }
  | { readonly is: 'binding' | 'extending'; readonly at: number; readonly id: string }
  | { readonly is: 'bound'; readonly at: number; readonly id: string }
  | { readonly is: 'extended'; readonly at: number; readonly id: string; readonly expiresAt: number }
  | { readonly is: 'releasing'; readonly at: number; readonly id: string }
  | { readonly is: 'released'; readonly at: number; readonly id: string }
  | { readonly is: 'refused'; readonly at: number; readonly what: string; readonly code: string }
  /** Sent, and never answered. */
  | { readonly is: 'unanswered'; readonly at: number; readonly what: string };

type Told = Entry extends infer One ? (One extends { readonly at: number } ? Omit<One, 'at'> : never) : never;

export class Journal {
  private readonly file: number;

  constructor(directory: string, process: string) {
    this.file = openSync(join(directory, `${process}.journal`), 'a');
  }

  /** In the kernel's hands when it returns. */
  write(entry: Told): void {
    writeSync(this.file, `${JSON.stringify({ at: Date.now(), ...entry })}\n`);
  }

  close(): void {
    closeSync(this.file);
  }
}

/** Of one process, or of all. A last line that a kill cut off was never acted on. */
export function readJournals(directory: string, process?: string): Entry[] {
  const files = readdirSync(directory).filter((name) =>
    process === undefined ? name.endsWith('.journal') : name === `${process}.journal`,
  );
  return files.flatMap((name) =>
    readFileSync(join(directory, name), 'utf8')
      .split('\n')
      .slice(0, -1)
      .flatMap((line) => (line.startsWith('{') && line.endsWith('}') ? [JSON.parse(line) as Entry] : [])),
  );
}
