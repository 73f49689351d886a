/**
 * Secrets of a configuration, before anybody reads it: a name stands in the place of each, so that none is compared, kept, printed or stored. What is
 * hashed or obfuscated counts too: type 7 is no cipher, and a hash can be searched for.
 */
import type { DocumentKind } from './imported-file.js';

export interface LeftOut {
  /** From 1, in the text. */
  readonly line: number;
  /** The words in front of it. */
  readonly words: string;
  /** As the placeholder has it: `@secret:NAME@`. */
  readonly name: string;
}

export interface WithoutSecrets {
  readonly text: string;
  readonly secrets: readonly LeftOut[];
}

/** How a secret is stored; stands between the word and the secret. */
const FORM = '(?:(?:\\d|8a|sha\\d+|md5|clear|cleartext|plaintext|encrypted) +){0,2}';
/** Not secrets: rules for passwords, and names of profiles; each has more behind it. */
const RULES = '(?!(?:minimum|maximum|policy|encryption|encryption-key|shared-secret|profile|entropy|history|expiration)\\s+\\S)';
/** Blanks in a pattern are any blanks. */
function word(head: string, secret = '\\S+'): RegExp {
  const spaced = (pattern: string): string => pattern.replace(/ \+?/g, '\\s+');
  return new RegExp(`^(?<head>\\s*(?:${spaced(head)})\\s+${spaced(FORM)})${RULES}(?<secret>${secret})(?<rest>(?:\\s.*)?)$`);
}

/** Of a program that is started. */
const OPTION = /^(?<head>.*\s--?[\w-]*(?:password|passphrase|secret|psk|token|private-key)[= ]+)(?<secret>\S+)(?<rest>.*)$/;
/** TerminAttr, which every switch under CloudVision starts; `token,FILE` is the name of a file. */
const STREAMING = /^(?<head>.*\s-\w*auth=key,)(?<secret>[^\s,]+)(?<rest>.*)$/;

const ROUTING: readonly RegExp[] = [
  word('neighbor \\S+ password', '.*\\S'), // FRR takes the rest of the line
  word('(?:.*? )?(?!nopassword\\b)[\\w-]*(?:password|secret|passphrase|psk|auth-key|shared-key|key-string|pcep-md5-auth)'),
  word('(?:.*? )?(?:authentication-key|message-digest-key)(?: \\d+(?: (?:md5|sha\\d*))?)?'),
  word('(?:tacacs-server|radius-server|server|isis|ospf|ip ospf|ipv6 ospf|authentication) (?:.*? )?key'),
  word('key(?: [0-9a-fA-F]+)?(?= +(?:0|7|8a) +\\S)'),
  word('(?:ip|ipv6) (?:rip|nhrp|eigrp) authentication(?: string)?(?! +mode| +key-chain)'),
  word('vrrp \\d+ .*authentication(?: text| ietf-md5 key-string)?'),
  word('snmp-server community'),
  word('snmp-server host .*version (?:1|2c)'),
  word('(?:snmp-server user .*?)?(?:auth|priv) (?:md5|sha\\S*|des\\S*|3des|aes\\S*)'),
  STREAMING,
  OPTION,
];

const HOST: readonly RegExp[] = [
  word('(?:wpa|wireless|ppp)[\\w-]*(?:psk|passphrase|key\\d?|password)|password'),
  word('(?:(?:pre|post)-)?(?:up|down) .*\\bmacsec .*\\bkey \\w+'),
  word('.*\\bip xfrm .*\\b(?:auth|auth-trunc|enc|aead) \\S+'),
  OPTION,
];

/** Words of people, whatever they say. */
const FREE_TEXT = /^\s*(?:neighbor \S+ )?(?:description|alias|name|hostname|banner|#|!)(?: |$)/;
const PRIVATE_KEY = { begin: /^\s*-----BEGIN [A-Z ]*PRIVATE KEY-----/, end: /^\s*-----END [A-Z ]*PRIVATE KEY-----/ };
/** Of a secret of the model. */
const LONGEST_NAME = 64;
const ROOM_FOR_NUMBER = 6;

/** Names of the secrets of one device: each once, and the same whenever its files are read again. */
export class SecretNames {
  private readonly counts = new Map<string, number>();

  constructor(private readonly device: string) {}

  next(words: string): string {
    const plain = `${this.device}.${words}`.replace(/[^A-Za-z0-9._-]+/g, '-').slice(0, LONGEST_NAME - ROOM_FOR_NUMBER);
    const count = (this.counts.get(plain) ?? 0) + 1;
    this.counts.set(plain, count);
    return count === 1 ? plain : `${plain}-${count}`;
  }
}

export function withoutSecrets(kind: DocumentKind, text: string, names: SecretNames): WithoutSecrets {
  if (kind !== 'eos' && kind !== 'frr' && kind !== 'interfaces') return { text, secrets: [] };
  const rules = kind === 'interfaces' ? HOST : ROUTING;
  const secrets: LeftOut[] = [];
  const placeholder = (line: number, words: string): string => {
    const name = names.next(words);
    secrets.push({ line, words, name });
    return `@secret:${name}@`;
  };
  let isKey = false;
  const lines = text.split('\n').flatMap((line, at) => {
    if (isKey && !PRIVATE_KEY.end.test(line)) return [];
    isKey = PRIVATE_KEY.begin.test(line);
    if (isKey) return [line, placeholder(at + 1, 'private key')];
    return [withoutSecret(rules, line, (words) => placeholder(at + 1, words))];
  });
  return { text: lines.join('\n'), secrets };
}

/** One line that is shown to people although nobody knows what it is. */
export const maskedLine = (line: string): string => withoutSecret([...ROUTING, ...HOST], line, () => '<secret>');

function withoutSecret(rules: readonly RegExp[], line: string, placeholder: (words: string) => string): string {
  if (FREE_TEXT.test(line)) return line;
  for (const rule of rules) {
    const { head, secret, rest } = rule.exec(line)?.groups ?? {};
    if (head === undefined || secret === undefined || secret.startsWith('@secret:')) continue;
    return head + placeholder(wordsOf(head)) + withoutSecret(rules, rest ?? '', placeholder);
  }
  return line;
}

const wordsOf = (head: string): string =>
  head
    .trim()
    .replace(/(?: (?:\d|8a|sha\d+|md5|clear|cleartext|plaintext|encrypted))+$/, '')
    .replace(/[=, ]+$/, '');
