import fs from 'node:fs';
import path from 'node:path';
import { NoCasesError } from './no-cases-error.js';

/** One folder with the input of a case and what is expected of it. */
export interface CaseFolder {
  /** Path below the folder of all cases, with slashes. */
  readonly name: string;
  /** Text of a file of the case; null where there is none. */
  read(file: string): string | null;
}

/**
 * Every folder below `directory` that holds one of `marks`, by name.
 * @throws NoCasesError when there is none.
 */
export function caseFolders(directory: string, marks: readonly string[], expected: string): readonly CaseFolder[] {
  if (!fs.existsSync(directory) || !fs.statSync(directory).isDirectory()) throw new NoCasesError(directory, expected);
  const files = fs.readdirSync(directory, { recursive: true, encoding: 'utf8' });
  const folders = [...new Set(files.filter((file) => marks.includes(path.basename(file))).map((file) => path.dirname(file)))].sort();
  if (folders.length === 0) throw new NoCasesError(directory, expected);
  return folders.map((folder) => ({
    name: folder.split(path.sep).join('/'),
    read: (file) => textOf(path.join(directory, folder, file)),
  }));
}

function textOf(file: string): string | null {
  return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : null;
}
