/** Configurations that somebody hands in: what they may be, whose they are, and what of them nobody shall read again. */
import type { DeviceIntent } from '#engines/intent';
import { DomainError } from '#engines/kernel';
import type { Artefact } from '#engines/rendering';
import { type DeviceCollection, type Encode, eosSecretCode, type SecretSource, WireSecrets } from './ports/index.js';

/** How a device writes a secret in a line; as it is where there is no entry. */
const CODES: Readonly<Partial<Record<Artefact['format'], Encode>>> = { eos: eosSecretCode };

export interface HandedText {
  /** Of the artefact; null where the device has one only. */
  readonly path: string | null;
  readonly text: string;
}

/** Where a text says whose it is. */
const NAMES: Readonly<Partial<Record<Artefact['format'], RegExp>>> = {
  eos: /^hostname (\S+)[ \t]*$/m,
  frr: /^hostname (\S+)[ \t]*$/m,
  comware: /^[ \t]*sysname (\S+)[ \t]*$/m,
  json: /^ {2}"slug": "([^"]*)",?$/m,
  ansible: /^ {2}"trame_hostname": "([^"]*)",?$/m,
};

/** A switch of ours says its name in every configuration that it shows whole. */
const ALWAYS_NAMED: ReadonlySet<Artefact['format']> = new Set(['eos']);

/**
 * By path, for every artefact that is known of the device: a file that is not among the texts is not there.
 * @throws DomainError INVALID_VALUE: no text, a path that is not one of the device, one twice, another device's text, or nobody's.
 */
export function handedIn(
  { slug, hostname }: Pick<DeviceIntent, 'slug' | 'hostname'>,
  texts: readonly HandedText[],
  known: readonly Artefact[],
): ReadonlyMap<string, string> {
  const paths = [...new Set(known.map(({ path }) => path))];
  const accepted = `the texts of ${paths.join(', ')}`;
  const refuse = (index: number, message: string, what = accepted): never => {
    throw new DomainError('INVALID_VALUE', `${message}: ${what}`, { path: ['texts', String(index)], accepted: what, device: slug });
  };
  if (texts.length === 0) throw new DomainError('INVALID_VALUE', `there is no text: ${accepted}`, { path: ['texts'], accepted });
  const found = new Map<string, string>();
  for (const [index, { path, text }] of texts.entries()) {
    const at = path ?? (paths.length === 1 ? (paths[0] as string) : refuse(index, `${slug} has several texts, and this one says no path`));
    const artefact = known.find((one) => one.path === at);
    if (artefact === undefined || found.has(at)) return refuse(index, `${at} is not expected of ${slug}, or is there twice`);
    if (text.includes('\0')) refuse(index, `${at} is no text`, 'characters other than NUL');
    const says = NAMES[artefact.format]?.exec(text)?.[1]?.toLowerCase();
    const names = [slug, hostname].map((name) => name.toLowerCase());
    if (says === undefined && ALWAYS_NAMED.has(artefact.format))
      refuse(
        index,
        `${at} says no hostname, so it may be any device's`,
        `a whole running configuration, with the line "hostname ${hostname}"`,
      );
    if (says !== undefined && !names.includes(says))
      refuse(index, `this is the configuration of ${says}`, `the configuration of ${hostname}`);
    found.set(at, text.replaceAll('\r\n', '\n'));
  }
  return found;
}

/** As a device that was read, with names in the places of secrets: ours are told by their values, all others are `«secret»`. */
export function asCollected(
  slug: string,
  texts: ReadonlyMap<string, string>,
  known: readonly Artefact[],
  secrets: SecretSource,
): DeviceCollection {
  const actual = new Map<string, string | null>();
  for (const { path, format } of known) {
    const text = texts.get(path);
    actual.set(path, text === undefined ? null : new WireSecrets({ slug, secrets }, CODES[format]).conceal(text));
  }
  return { version: 'handed in', pending: null, actual, running: new Map(), live: [], traces: new Map(), upSeconds: null };
}
