/**
 * Artefacts name secrets as `@secret:NAME@`. A transport completes them in what it sends and takes them out of whatever comes back, so that
 * plans, diffs, errors and logs hold nothing but the name.
 */
import { createHash } from 'node:crypto';
import { DomainError, storableText } from '#engines/kernel';
import type { Artefact } from '#engines/rendering';
import { type DeviceConnection, type DeviceTarget, TransportError } from './device-transport.js';

const PLACEHOLDER = /@secret:([A-Za-z0-9._-]{1,64})@/g;
/**
 * Lines whose last word is a secret, also one that we do not know: of before, of others, or a code that can be turned back. Differences begin with a
 * sign. A text may be megabytes of anything: no part of it reads beyond its line (`\s` would), and none is read twice by two parts in a row.
 */
const SECRET_LINE =
  /^([+-]?[^\S\n\r\u2028\u2029]*(?:neighbor \S+ password|username \S.* (?:secret|password)|enable (?:secret|password)|key(?:-string)?|(?:\S+ )*authentication-key(?: \d+(?= (?:md5|sha\d*) ))?|(?:\S+ )*message-digest-key \d+|isis authentication key|snmp-server community|(?:tacacs|radius)-server .*key|(?:tacacs|radius)-server key)(?: (?:0|5|7|8a|md5|sha\d*)){0,2} )(?!@secret:)(\S+)/gm;
/** SNMPv3: two secrets in one line, and what stands between them differs. */
const SNMP_USER = /^([+-]?[^\S\n\r\u2028\u2029]*snmp-server user \S+ \S+ \S+ (?:localized \S+ )?auth )\S.*$/gm;
/** Shorter ones are taken out of lines that hold secrets only: they may be any word. */
const UNMISTAKABLE = 6;
const OTHER = '«secret»';
/** Of one text of a device. What we own there has some hundred kB; what is longer is not a configuration. */
const MOST_CHARACTERS = 8 * 1024 * 1024;

/** Names of the secrets that a text asks for, each once. */
export const secretNames = (text: string): string[] => [...new Set([...text.matchAll(PLACEHOLDER)].map(([, name]) => name as string))];

/** @param before what stands before the placeholder in its line. @returns the secret as this device writes it in that place. */
export type Encode = (secret: string, before: string) => string;

export class WireSecrets {
  /** What went out, by what stands for it. */
  private readonly sent = new Map<string, string>();

  constructor(
    private readonly target: Pick<DeviceTarget, 'slug' | 'secrets'>,
    private readonly encode: Encode = (secret) => secret,
  ) {}

  /** Names without a secret stay as they are. */
  complete(text: string): string {
    return text.replace(PLACEHOLDER, (placeholder, name: string, at: number) => {
      const secret = this.target.secrets?.resolve(name);
      if (secret === undefined) return placeholder;
      const onWire = this.encode(secret, text.slice(text.lastIndexOf('\n', at) + 1, at));
      for (const form of [secret, onWire]) this.sent.set(form, placeholder);
      return onWire;
    });
  }

  /** @throws TransportError CONFIG_REFUSED with the names that nobody has set. */
  refuseUnknown(artefacts: readonly Artefact[]): void {
    const names = artefacts
      .flatMap(({ content }) => secretNames(content))
      .filter((name) => this.target.secrets?.resolve(name) === undefined);
    if (names.length === 0) return;
    const detail = `its configuration asks for the secret ${names.join(', ')}, which is not set`;
    throw new TransportError('CONFIG_REFUSED', `${this.target.slug}: ${detail}`, { device: this.target.slug, detail });
  }

  /** @throws TransportError CONFIG_REFUSED: longer than anything that we would own. */
  concealAnswer(text: string): string {
    if (text.length <= MOST_CHARACTERS) return this.conceal(text);
    const detail = `it answers with a text of ${text.length} characters, of which at most ${MOST_CHARACTERS} are read; it begins with ${JSON.stringify(this.conceal(text.slice(0, 60)))}`;
    throw new TransportError('CONFIG_REFUSED', `${this.target.slug}: ${detail}`, { device: this.target.slug, detail });
  }

  /** A device that was only read says the placeholder, too, when it has our present secret. */
  private nameOf(head: string, word: string): string {
    const { names = [], resolve } = this.target.secrets ?? {};
    const name = names.find((one) => {
      const secret = resolve?.(one);
      return secret !== undefined && this.encode(secret, head.replace(/^[+-]/, '')) === word;
    });
    return name === undefined ? OTHER : `@secret:${name}@`;
  }

  /** @returns the text as it may be kept. */
  conceal(text: string): string {
    let concealed = storableText(text);
    // The longest first: a secret may be a part of another one, or of its own code.
    for (const [form, placeholder] of [...this.sent].sort(([a], [b]) => b.length - a.length)) {
      const word = form.length < UNMISTAKABLE ? inSecretLine(form) : new RegExp(literally(form), 'g');
      concealed = concealed.replace(word, (_, ...[head]: unknown[]) => `${typeof head === 'string' ? head : ''}${placeholder}`);
    }
    return concealed
      .replace(SNMP_USER, `$1${OTHER}`)
      .replace(SECRET_LINE, (_, head: string, word: string) => `${head}${this.nameOf(head, word)}`);
  }
}

const literally = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
const inSecretLine = (word: string): RegExp => new RegExp(`((?:password|secret|key)(?: [07])? )${literally(word)}(?=\\s|"|$)`, 'gm');

/**
 * A connection whose artefacts are completed on the way in and whose answers are concealed on the way out: whatever the port gains, nothing
 * passes by. A device that has our present secret says the placeholder; one that has another one says `«secret»`.
 */
export function keepingSecrets(connection: DeviceConnection, secrets: WireSecrets): DeviceConnection {
  return new Proxy(connection, {
    get(inner, name) {
      const member: unknown = Reflect.get(inner, name, inner);
      if (typeof member !== 'function') return member;
      return async (...args: unknown[]): Promise<unknown> => {
        if (name === 'stage') secrets.refuseUnknown(args[1] as readonly Artefact[]);
        try {
          const answer: unknown = await Reflect.apply(
            member,
            inner,
            args.map((arg) => completed(arg, secrets)),
          );
          return concealed(answer, secrets);
        } catch (error) {
          throw concealedError(error, secrets);
        }
      };
    },
  });
}

const isArtefact = (value: unknown): value is Artefact =>
  typeof value === 'object' && value !== null && 'content' in value && 'format' in value && 'sha256' in value;

function completed(value: unknown, secrets: WireSecrets): unknown {
  if (Array.isArray(value)) return value.map((one) => completed(one, secrets));
  if (!isArtefact(value)) return value;
  const content = secrets.complete(value.content);
  return content === value.content ? value : { ...value, content, sha256: createHash('sha256').update(content).digest('hex') };
}

function concealed(value: unknown, secrets: WireSecrets): unknown {
  if (typeof value === 'string') return secrets.concealAnswer(value);
  if (Array.isArray(value)) return value.map((one) => concealed(one, secrets));
  if (value instanceof Map) return new Map([...value].map(([key, one]) => [key, concealed(one, secrets)]));
  if (value === null || typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, concealed(one, secrets)]));
}

/** The error itself goes on only when it quotes nothing: its cause and its stack would quote it too. */
function concealedError(error: unknown, secrets: WireSecrets): unknown {
  if (!(error instanceof Error)) return error;
  const message = secrets.conceal(error.message.slice(0, MOST_CHARACTERS));
  const facts = error instanceof DomainError ? error.facts : undefined;
  const kept = concealed(facts, secrets);
  if (message === error.message && JSON.stringify(kept) === JSON.stringify(facts)) return error;
  if (error instanceof TransportError) return new TransportError(error.code, message, kept as TransportError['facts']);
  if (error instanceof DomainError) return new DomainError(error.code as string, message, kept as DomainError['facts']);
  return new Error(message);
}
