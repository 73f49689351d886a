/**
 * The part of XML 1.0 that libvirt writes: elements, attributes, text, CDATA, comments, the five entities and character references. A document
 * type is refused, and with it everything that could grow while it is read or fetch something.
 */
import { DomainError } from '#engines/kernel';

export interface XmlElement {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** All text directly below, put together. */
  readonly text: string;
}

const LARGEST = 1_048_576;
const DEEPEST = 64;
const NAME = /[A-Za-z_][\w.-]*(?::[A-Za-z_][\w.-]*)?/y;
const BLANK = /[ \t\r\n]*/y;
// XML 1.0 §2.2: tab, line ends and everything from the blank on, but for surrogates and two non-characters.
const FORBIDDEN = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', apos: "'", quot: '"' };

/** @throws DomainError INVALID_VALUE with `facts.line` and what was expected there; nothing is guessed. */
export function readXml(text: string): XmlElement {
  return new Reader(text).document();
}

class Reader {
  private at = 0;
  private depth = 0;

  constructor(private readonly text: string) {}

  document(): XmlElement {
    if (this.text.length > LARGEST) throw this.invalid(`at most ${LARGEST} characters`);
    const strange = FORBIDDEN.exec(this.text);
    if (strange) {
      this.at = strange.index;
      throw this.invalid('no control characters and no lone surrogates');
    }
    if (this.text.startsWith('\ufeff')) this.at = 1;
    this.aside();
    const root = this.element();
    this.aside();
    if (this.at < this.text.length) throw this.invalid('nothing behind the last closing tag');
    return root;
  }

  /** Blanks, comments and instructions, which say nothing. */
  private aside(): void {
    for (;;) {
      this.matched(BLANK);
      if (this.text.startsWith('<!DOCTYPE', this.at)) throw this.invalid('no document type');
      if (!this.skipped()) return;
    }
  }

  private skipped(): boolean {
    if (this.eaten('<!--')) {
      const comment = this.until('-->');
      if (comment.includes('--') || comment.endsWith('-')) throw this.invalid('comments without two dashes in them');
      return true;
    }
    if (!this.eaten('<?')) return false;
    this.until('?>');
    return true;
  }

  private element(): XmlElement {
    this.eat('<');
    const name = this.matched(NAME);
    if (name === '') throw this.invalid('the name of an element');
    const attributes = this.attributes();
    if (this.eaten('/>')) return { name, attributes, children: [], text: '' };
    this.eat('>');
    this.depth += 1;
    if (this.depth > DEEPEST) throw this.invalid(`at most ${DEEPEST} elements in each other`);
    const content = this.content();
    this.depth -= 1;
    if (this.matched(NAME) !== name) throw this.invalid(`</${name}>`);
    this.matched(BLANK);
    this.eat('>');
    return { name, attributes, ...content };
  }

  /** Up to and with `</`. */
  private content(): Pick<XmlElement, 'children' | 'text'> {
    const children: XmlElement[] = [];
    let text = '';
    for (;;) {
      const next = this.text.indexOf('<', this.at);
      if (next < 0) throw this.invalid('a closing tag');
      const words = this.text.slice(this.at, next);
      if (words.includes(']]>')) throw this.invalid('no ]]> in a text');
      text += this.decoded(words);
      this.at = next;
      if (this.eaten('</')) return { children, text };
      if (this.eaten('<![CDATA[')) text += this.until(']]>');
      else if (!this.skipped()) children.push(this.element());
    }
  }

  private attributes(): Map<string, string> {
    const found = new Map<string, string>();
    for (;;) {
      const blank = this.matched(BLANK);
      const name = this.matched(NAME);
      if (name === '') return found;
      if (blank === '') throw this.invalid('a blank before an attribute');
      if (found.has(name)) throw this.invalid(`attribute ${name} once`);
      this.matched(BLANK);
      this.eat('=');
      this.matched(BLANK);
      const quote = this.eaten("'") ? "'" : '"';
      if (quote === '"') this.eat('"');
      const value = this.until(quote);
      if (value.includes('<')) throw this.invalid('&lt; in place of < in an attribute');
      found.set(name, this.decoded(value.replace(/[\t\r\n]/g, ' ')));
    }
  }

  private decoded(text: string): string {
    return text.replace(/\r\n?/g, '\n').replace(/&([^;&]*);?/g, (whole, name: string) => {
      const named = whole.endsWith(';') ? (Object.hasOwn(ENTITIES, name) ? ENTITIES[name] : characterOf(name)) : undefined;
      if (named === undefined) throw this.invalid('one of &amp; &lt; &gt; &apos; &quot; or the number of a character');
      return named;
    });
  }

  private eat(wanted: string): void {
    if (!this.eaten(wanted)) throw this.invalid(wanted);
  }

  private eaten(wanted: string): boolean {
    if (!this.text.startsWith(wanted, this.at)) return false;
    this.at += wanted.length;
    return true;
  }

  private until(end: string): string {
    const found = this.text.indexOf(end, this.at);
    if (found < 0) throw this.invalid(end);
    const between = this.text.slice(this.at, found);
    this.at = found + end.length;
    return between;
  }

  private matched(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const [found = ''] = pattern.exec(this.text) ?? [];
    this.at += found.length;
    return found;
  }

  private invalid(accepted: string): DomainError<'INVALID_VALUE'> {
    const line = this.text.slice(0, this.at).split('\n').length;
    return new DomainError('INVALID_VALUE', `line ${line} of the XML is not valid: expected ${accepted}`, { kind: 'XML', line, accepted });
  }
}

function characterOf(name: string): string | undefined {
  const digits = /^#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}))$/.exec(name);
  if (!digits) return undefined;
  const code = digits[1] === undefined ? Number(digits[2]) : Number.parseInt(digits[1], 16);
  if (code > 0x10_ffff) return undefined;
  const character = String.fromCodePoint(code);
  return FORBIDDEN.test(character) ? undefined : character;
}
