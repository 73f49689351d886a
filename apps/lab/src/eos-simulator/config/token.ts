/** Kinds of words in an EOS command: what is accepted, and how the switch prints it afterwards. */
import { Ip, Mac, RouteDistinguisher, RouteTarget } from '#engines/kernel';

/** @returns the word as EOS prints it, or undefined where EOS refuses it. */
export type TokenKind = (word: string) => string | undefined;

const integer =
  (min: number, max: number): TokenKind =>
  (word) =>
    /^\d{1,10}$/.test(word) && Number(word) >= min && Number(word) <= max ? String(Number(word)) : undefined;

/** Lists keep the order written: EOS pairs the lists of `vxlan vlan … vni …` by position. */
const numberList =
  (item: TokenKind): TokenKind =>
  (word) => {
    const parts = word.split(',').map((part) => {
      const ends = part.split('-').map(item);
      return ends.length <= 2 && ends.every((end) => end !== undefined) && Number(ends[0]) <= Number(ends.at(-1))
        ? ends.join('-')
        : undefined;
    });
    return parts.every((part) => part !== undefined) ? parts.join(',') : undefined;
  };

const parsed =
  (parse: (word: string) => string): TokenKind =>
  (word) => {
    try {
      return parse(word);
    } catch {
      return undefined; // the switch says so itself: "Invalid input"
    }
  };

const prefix =
  (family: 4 | 6): TokenKind =>
  (word) => {
    const match = /^([^/]+)\/(\d{1,3})$/.exec(word);
    const address = match === null ? undefined : ofFamily(family)(match[1] as string);
    return match === null || address === undefined || Number(match[2]) > (family === 4 ? 32 : 128)
      ? undefined
      : `${address}/${Number(match[2])}`;
  };

const ofFamily =
  (family: 4 | 6): TokenKind =>
  (word) => {
    const address = parsed(Ip.parse)(word);
    return address !== undefined && Ip.family(address as Ip) === family ? address : undefined;
  };

/** asdot is accepted; printed as asplain unless `bgp asn notation asdot` says otherwise, which this switch does not have. */
const asn: TokenKind = (word) => {
  const dotted = /^(\d{1,5})\.(\d{1,5})$/.exec(word);
  return integer(1, 4_294_967_295)(dotted === null ? word : String(Number(dotted[1]) * 65_536 + Number(dotted[2])));
};

/** 224.0.0.0/4 (RFC 1112 §4). */
const group: TokenKind = (text) => {
  const address = ofFamily(4)(text);
  const first = Number(address?.split('.')[0]);
  return first >= 224 && first <= 239 ? address : undefined;
};

/** All that is left of the line, each an address. */
const addressList: TokenKind = (text) => {
  const addresses = text.split(' ').map(parsed(Ip.parse));
  return addresses.every((address) => address !== undefined) ? addresses.join(' ') : undefined;
};

/** Ten octets in five groups; neither all zeros nor all ones (RFC 7432 §5). */
const esi: TokenKind = (text) =>
  /^[0-9a-f]{4}(?::[0-9a-f]{4}){4}$/i.test(text) && !/^[0:]+$|^[f:]+$/i.test(text) ? text.toLowerCase() : undefined;

/** EOS wants at least one character that is not a blank, `!` or `?`. */
const word: TokenKind = (text) => (/^[^\s!?]{1,100}$/.test(text) ? text : undefined);

const firstOf =
  (...kinds: readonly TokenKind[]): TokenKind =>
  (text) =>
    kinds.map((kind) => kind(text)).find((found) => found !== undefined);

const interfaceName =
  (names: string): TokenKind =>
  (text) =>
    new RegExp(`^(?:${names})$`).test(text) ? text : undefined;

export const tokenKinds: Readonly<Record<string, TokenKind>> = {
  vlan: integer(1, 4094),
  vlans: numberList(integer(1, 4094)),
  vni: integer(1, 16_777_215),
  vnis: numberList(integer(1, 16_777_215)),
  asn,
  rd: parsed(RouteDistinguisher.parse),
  rt: parsed(RouteTarget.parse),
  ip: ofFamily(4),
  ip6: ofFamily(6),
  prefix: prefix(4),
  prefix6: prefix(6),
  mac: parsed(Mac.parse),
  /** `lacp system-id` and friends keep the dotted form. */
  dotmac: (text) => (/^[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}$/i.test(text) ? text.toLowerCase() : undefined),
  esi,
  group,
  addresses: addressList,
  /** Area, system id and selector of IS-IS, two digits an octet (ISO 10589 §7.1). */
  net: (text) => (/^[0-9a-f]{2}(?:\.[0-9a-f]{4}){4,9}\.00$/i.test(text) ? text.toLowerCase() : undefined),
  domain: (text) => (/^\d{1,5}:\d{1,10}$/.test(text) && parsed(RouteTarget.parse)(text) !== undefined ? text : undefined),
  channel: integer(1, 2000),
  bfdms: integer(50, 60_000),
  bfdmultiplier: integer(3, 50),
  process: integer(1, 65_535),
  esrt: (text) => (/^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/i.test(text) ? text.toLowerCase() : undefined),
  peer: firstOf(parsed(Ip.parse), (text) => (/^[A-Za-z][\w.-]*$/.test(text) ? text : undefined)),
  port: interfaceName('Ethernet\\d+(?:/\\d+){0,2}'),
  portchannel: interfaceName('Port-Channel(?:[1-9]\\d{0,2}|1\\d{3}|2000)'),
  loopback: interfaceName('Loopback(?:\\d{1,3}|1000)'),
  svi: (text) => (/^Vlan\d+$/.test(text) && integer(1, 4094)(text.slice(4)) !== undefined ? text : undefined),
  management: interfaceName('Management\\d'),
  peerlink: interfaceName('(?:Ethernet\\d+(?:/\\d+){0,2}|Port-Channel[1-9]\\d{0,3})'),
  anyinterface: interfaceName('(?:Ethernet|Port-Channel|Loopback|Vlan|Management|Vxlan)\\d+(?:/\\d+){0,2}'),
  mtu: integer(68, 9214),
  seconds: integer(0, 3600),
  udpport: integer(1024, 65_535),
  hops: integer(1, 255),
  sequence: integer(1, 65_535),
  number: integer(0, 4_294_967_295),
  word,
};
