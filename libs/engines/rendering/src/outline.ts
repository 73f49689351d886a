/**
 * The third wall against injection: a rendered text is split into blocks again, and its set of (block, key) must be the one that the
 * intent asks for. The expected outline is made from numbers and addresses only, never from a label and never by the renderer.
 */
import { DomainError } from '#engines/kernel';

/** `block` = the heads that lead to the line, joined by ` > `; `key` = the line, or its first words where a value follows. */
export interface OutlineEntry {
  readonly block: string;
  readonly key: string;
}

const SEPARATOR = ' > ';
const PRINTABLE = /^[ -~]*$/;

/** Entries of one block and of what is nested in it. */
export function outline(block: readonly string[], keys: readonly string[]): OutlineEntry[] {
  return keys.map((key) => ({ block: block.join(SEPARATOR), key }));
}

/**
 * @throws DomainError RENDER_ESCAPE with the first line that nobody asked for, or the first key that is missing.
 * A line fits a key when it is the key, or continues it after a blank; each key fits one line.
 */
export function assertOutline(device: string, path: string, text: readonly string[], expected: readonly OutlineEntry[]): void {
  const open = new Map<string, number>();
  for (const { block, key } of expected) open.set(address(block, key), (open.get(address(block, key)) ?? 0) + 1);
  const blocks: { depth: number; head: string }[] = [];
  for (const line of text.join('\n').split('\n')) {
    if (!PRINTABLE.test(line)) throw escaped(device, path, line, 'holds a character that no device needs');
    const content = line.trimStart();
    if (content === '' || content.startsWith('!') || content.startsWith('#')) continue;
    const depth = line.length - content.length;
    while ((blocks.at(-1)?.depth ?? -1) >= depth) blocks.pop();
    const block = blocks.map(({ head }) => head).join(SEPARATOR);
    if (!take(open, block, content)) throw escaped(device, path, line, 'is not in the intent');
    blocks.push({ depth, head: content });
  }
  const [missing] = open.keys();
  if (missing !== undefined) throw escaped(device, path, missing.replace('\n', SEPARATOR), 'is missing');
}

function take(open: Map<string, number>, block: string, line: string): boolean {
  for (let key = line; key !== ''; key = key.slice(0, Math.max(0, key.lastIndexOf(' ')))) {
    const count = open.get(address(block, key));
    if (count === undefined) continue;
    if (count === 1) open.delete(address(block, key));
    else open.set(address(block, key), count - 1);
    return true;
  }
  return false;
}

const address = (block: string, key: string): string => `${block}\n${key}`;

function escaped(device: string, path: string, line: string, problem: string): DomainError<'RENDER_ESCAPE'> {
  const shown = line.slice(0, 120).replace(/[^ -~]/g, '?');
  return new DomainError('RENDER_ESCAPE', `refused to hand out ${path} of ${device}: "${shown}" ${problem}`, {
    device,
    path,
    line: shown,
    problem,
  });
}
