/** Values that the commands of all dialects have. Each is read into a typed value and written again from it, in the device's text. */
import {
  type Asn,
  Asn as AsnValue,
  Cidr,
  Ip,
  Mac,
  RouteDistinguisher,
  RouteTarget,
  type VlanId,
  VlanId as VlanIdValue,
} from '#engines/kernel';
import { type Part, word } from './part.js';

const NUMBER = /^(?:0|[1-9]\d{0,9})$/;

/** A whole number without leading zeros. */
export const number = (min: number, max: number): Part<number> =>
  word((text) => (NUMBER.test(text) && Number(text) >= min && Number(text) <= max ? Number(text) : undefined));

const parsed = (text: string): number | undefined => (NUMBER.test(text) ? Number(text) : undefined);

export const vlan: Part<VlanId> = word((text) => VlanIdValue.parse(parsed(text)));
/** 24 bits: EOS takes one value more than we ever allocate. */
export const vni = number(1, 16_777_215);
export const asn: Part<Asn> = word((text) => AsnValue.parse(parsed(text)));

const family =
  (wanted: 4 | 6) =>
  (text: string): Ip | undefined => {
    const ip = Ip.parse(text);
    return Ip.family(ip) === wanted ? ip : undefined;
  };
export const ip: Part<Ip> = word((text) => Ip.parse(text));
export const ip4: Part<Ip> = word(family(4));
export const ip6: Part<Ip> = word(family(6));

/** An address with the length of its subnet: the bits of the host count. */
export interface HostPrefix {
  readonly address: Ip;
  readonly length: number;
}

const hostPrefix = (wanted: 4 | 6): Part<HostPrefix> =>
  word(
    (text) => {
      const [address = '', length = ''] = text.split('/');
      const parsedAddress = family(wanted)(address);
      const bits = number(0, wanted === 4 ? 32 : 128).take([length], 0);
      return parsedAddress && bits && text.split('/').length === 2 ? { address: parsedAddress, length: bits.value } : undefined;
    },
    ({ address, length }) => `${address}/${length}`,
  );
export const host4 = hostPrefix(4);
export const host6 = hostPrefix(6);
export const prefix: Part<Cidr> = word((text) => Cidr.parse(text));
export const prefix4: Part<Cidr> = word((text) => (text.includes(':') ? undefined : Cidr.parse(text)));
export const prefix6: Part<Cidr> = word((text) => (text.includes(':') ? Cidr.parse(text) : undefined));

export const mac: Part<Mac> = word((text) => Mac.parse(text));
export const rd: Part<RouteDistinguisher> = word((text) => RouteDistinguisher.parse(text));
export const rt: Part<RouteTarget> = word((text) => RouteTarget.parse(text));

/** A name that somebody chose: VRF, peer group, route map, prefix list, trunk group. */
export const name: Part<string> = word((text) => (/^[\w.:/+@%~#&=^-]{1,128}$/.test(text) ? text : undefined));

/** `7 AQQvKeimx…`: how it is stored, and the stored text. Never the password itself, unless the switch stores it so. */
export interface StoredSecret {
  readonly form: number | null;
  readonly text: string;
}

export const secret: Part<StoredSecret> = {
  take(words, at) {
    const [first, second] = [words[at], words[at + 1]];
    if (first !== undefined && second !== undefined && /^\d$/.test(first))
      return { value: { form: Number(first), text: second }, next: at + 2 };
    return first === undefined ? undefined : { value: { form: null, text: first }, next: at + 1 };
  },
  say: ({ form, text }) => (form === null ? [text] : [String(form), text]),
};

/** A peer is an address, a peer group, or an interface. */
export interface BgpPeer {
  readonly address: Ip | null;
  readonly group: string | null;
}

export const peer: Part<BgpPeer> = word(
  (text) => {
    if (text === 'interface') return undefined;
    // What is no address is the name of a group.
    if (!/^\d+(?:\.\d+){3}$|:/.test(text)) return name.take([text], 0) === undefined ? undefined : { address: null, group: text };
    return { address: Ip.parse(text), group: null };
  },
  ({ address, group }) => address ?? group ?? '',
);

/** `10-12,20`: sorted and compact, as EOS prints a list. */
export function printNumbers(numbers: readonly number[]): string {
  const sorted = [...new Set(numbers)].sort((a, b) => a - b);
  const ranges: [number, number][] = [];
  for (const each of sorted) {
    const last = ranges.at(-1);
    if (last && each === last[1] + 1) last[1] = each;
    else ranges.push([each, each]);
  }
  return ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(',');
}
