import fs from 'node:fs';
import path from 'node:path';
import { NoCasesError } from './no-cases-error.js';

export interface EosFile {
  /** Relative to the folder. */
  readonly name: string;
  readonly text: string;
}

/** What running-configs are called; data that lies beside them is something else. */
const IS_CONFIG = /\.(?:cfg|conf|config|eos|txt|running|running-config|startup)$/i;

/** @returns in the order of their names. @throws NoCasesError when there is none. */
export function eosFiles(directory: string, expects: string): readonly EosFile[] {
  const names = fs.existsSync(directory) ? fs.readdirSync(directory, { recursive: true, encoding: 'utf8' }) : [];
  const files = names.filter((name) => IS_CONFIG.test(name) && fs.statSync(path.join(directory, name)).isFile()).sort();
  if (files.length === 0) throw new NoCasesError(directory, expects);
  return files.map((name) => ({ name, text: fs.readFileSync(path.join(directory, name), 'utf8') }));
}
