/** `--device NAME=PATH`: the files of one device, or all that can be read in a folder. */
import fs from 'node:fs';
import path from 'node:path';
import { InvalidArgumentError } from 'commander';
import { canRead, type ImportedFile } from '#engines/onboarding';

/** A configuration of the largest switches has some hundred thousand octets. */
const LARGEST_FILE = 8 * 1024 * 1024;
const MOST_FILES = 1000;

export interface ReadFiles {
  readonly files: readonly ImportedFile[];
  /** Files of folders that hold nothing that could be read. */
  readonly skipped: readonly string[];
}

/** @param entries `NAME=PATH`; one without a name belongs to the device before it. `-` is standard input. */
export function readFiles(entries: readonly string[]): ReadFiles {
  const files: ImportedFile[] = [];
  const skipped: string[] = [];
  let device = '';
  for (const entry of entries) {
    const [, name, rest] = /^([A-Za-z0-9][\w.-]{0,62})=(.+)$/.exec(entry) ?? [];
    device = name ?? device;
    if (device === '') throw new InvalidArgumentError(`${entry} names no device: NAME=FILE or NAME=FOLDER is needed`);
    const place = rest ?? entry;
    if (place !== '-' && fs.statSync(place).isDirectory()) addFolder(device, place, files, skipped);
    else files.push({ device, name: place === '-' ? '' : path.basename(place), text: textOf(place) });
  }
  return { files, skipped };
}

function addFolder(device: string, folder: string, files: ImportedFile[], skipped: string[]): void {
  const names = fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort(inReadingOrder);
  if (names.length > MOST_FILES) throw new Error(`${folder} has ${names.length} files: name those of ${device}, at most ${MOST_FILES}`);
  for (const name of names) {
    const text = textOf(path.join(folder, name));
    if (canRead(name, text)) files.push({ device, name, text });
    else skipped.push(path.join(folder, name));
  }
}

/** interfaces before interfaces.d, as ifupdown reads them. */
function inReadingOrder(a: string, b: string): number {
  const depth = (name: string): number => name.split(path.sep).length;
  return depth(a) - depth(b) || (a < b ? -1 : 1);
}

function textOf(place: string): string {
  if (place !== '-' && fs.statSync(place).size > LARGEST_FILE)
    throw new Error(`${place} is larger than ${LARGEST_FILE} octets: that is no configuration`);
  return fs.readFileSync(place === '-' ? 0 : place, 'utf8');
}
