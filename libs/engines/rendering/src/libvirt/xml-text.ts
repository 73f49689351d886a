/** Text as XML 1.0 bears it, printable ASCII only: what a reader makes of it is exactly what went in. */
import { DomainError } from '#engines/kernel';

const NAMED: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', "'": '&apos;', '"': '&quot;' };
/** XML 1.0 §2.2: tab, line ends and everything from the blank on, but for surrogates and two non-characters; not even a reference may stand for the rest. */
const IMPOSSIBLE = /[^\t\n\r -\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;

/** @throws DomainError RENDER_ESCAPE for a character that XML cannot hold. */
export function xmlText(value: string): string {
  if (IMPOSSIBLE.test(value))
    throw new DomainError('RENDER_ESCAPE', 'refused to write a character that XML cannot hold', { value: JSON.stringify(value) });
  return value.replace(/[&<>'"]|[^ -~]/gu, (character) => NAMED[character] ?? `&#${character.codePointAt(0)};`);
}
