/** The values of EOS commands. Each is read into a typed value and written again from it; EOS's own texts, never ours. */
import { Cidr, Ip } from '#engines/kernel';
import { type Part, word } from '../grammar/part.js';

export * from '../grammar/words.js';

/** `65000-65100`, as peer filters have it. */
export const asnRange: Part<{ readonly first: number; readonly last: number }> = word(
  (text) => {
    const match = /^(\d+)(?:-(\d+))?$/.exec(text);
    return match === null ? undefined : { first: Number(match[1]), last: Number(match[2] ?? match[1]) };
  },
  ({ first, last }) => (first === last ? String(first) : `${first}-${last}`),
);

/** One multicast group, or a range of them. */
export const groups: Part<Ip | Cidr> = word((text) => (text.includes('/') ? Cidr.parse(text) : Ip.parse(text)));

/** Ten octets in five groups (RFC 7432 §5); neither all zeros nor all ones. */
export const esi: Part<string> = word((text) =>
  /^[0-9a-f]{4}(?::[0-9a-f]{4}){4}$/.test(text) && !/^[0:]+$|^[f:]+$/.test(text) ? text : undefined,
);
/** ES-import route target (RFC 7432 §7.6): the six octets of a MAC, group bit or not. */
export const esImport: Part<string> = word((text) => (/^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/.test(text) ? text : undefined));

/** `Ethernet1/1.100` → kind, place, sub-interface. */
export interface EosPort {
  readonly kind: string;
  readonly place: readonly number[];
  readonly sub: number | null;
}

export function printPort({ kind, place, sub }: EosPort): string {
  return `${kind}${place.join('/')}${sub === null ? '' : `.${sub}`}`;
}

/** @param kinds all kinds when none is named */
export const port = (...kinds: readonly string[]): Part<EosPort> =>
  word((text) => {
    const match = /^([A-Z][A-Za-z-]*?)(\d+(?:\/\d+)*)(?:\.(\d+))?$/.exec(text);
    if (match === null || (kinds.length > 0 && !kinds.includes(match[1] as string))) return undefined;
    return {
      kind: match[1] as string,
      place: (match[2] as string).split('/').map(Number),
      sub: match[3] === undefined ? null : Number(match[3]),
    };
  }, printPort);
