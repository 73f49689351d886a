/** Text as XML 1.0 bears it, printable ASCII only: what a reader makes of it is exactly what went in. */
import { DomainError } from '#engines/kernel';

const NAMED: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', "'": '&apos;', '"': '&quot;' };
/** XML 1.0 §2.2: not even a reference may stand for these. */

const IMPOSSIBLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Cs}/u;

/** @throws DomainError RENDER_ESCAPE for a character that XML cannot hold. */
export function xmlText(value: string): string {
  if (IMPOSSIBLE.test(value))
    throw new DomainError('RENDER_ESCAPE', 'refused to write a character that XML cannot hold', { value: JSON.stringify(value) });
  return value.replace(/[&<>'"]|[^ -~]/gu, (character) => NAMED[character] ?? `&#${character.codePointAt(0)};`);
}
