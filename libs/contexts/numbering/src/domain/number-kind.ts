/** The kinds of numbers: where each may lie, and how it is written. Pure. */
import { Asn, Cidr, EviId, invalidValue, Ip, Mac, RouteTarget, VlanId, Vni } from '#engines/kernel';

export const NUMBER_KINDS = ['VNI', 'L3VNI', 'VLAN', 'EVI', 'ASN', 'ROUTE_TARGET', 'MULTICAST_GROUP', 'ESI', 'ROUTER_MAC'] as const;
export type NumberKind = (typeof NUMBER_KINDS)[number];
/** Within a space a value exists once. L2 and L3 VNIs share one: a switch cannot map one VNI twice. */
export type SpaceKind = Exclude<NumberKind, 'L3VNI'>;

export interface NumberRange {
  readonly first: number;
  readonly last: number;
}

interface KindRow {
  readonly space: SpaceKind;
  /** What a pool may offer. */
  readonly bounds: NumberRange;
  /** What a pool may hold of what others have numbered; as `bounds` where it is not given. */
  readonly foreign?: NumberRange;
  /** One space for the installation instead of one for each fabric. */
  readonly isGlobal: boolean;
  readonly accepted: string;
  readonly parse: (text: string) => number;
  readonly format: (value: number) => string;
}

const decimal = (parse: (value: number) => number) => ({
  parse: (text: string): number => parse(/^(?:0|[1-9]\d{0,15})$/.test(text) ? Number(text) : Number.NaN),
  format: String,
});

const TWO_48 = 2 ** 48;
const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

/** A route target as the number of its six octets with the type (0, 1 or 2) above: two texts of one target are one number (RFC 4360 §4). */
const routeTarget = {
  parse: (text: string): number => {
    const bytes = RouteTarget.toHex(RouteTarget.parse(text));
    return Number.parseInt(bytes.slice(0, 2), 16) * TWO_48 + Number.parseInt(bytes.slice(4), 16);
  },
  format: (value: number): string => {
    const [type, six] = [Math.floor(value / TWO_48), hex(value % TWO_48, 12)];
    const admin = Number.parseInt(six.slice(0, type === 0 ? 4 : 8), 16);
    const assigned = Number.parseInt(six.slice(type === 0 ? 4 : 8), 16);
    return RouteTarget.of(type === 1 ? Ip.fromBigInt(4, BigInt(admin)) : admin, assigned);
  },
};

/** `0000:0000:xxxx:yyyy:zzzz`: type 0 (RFC 7432 §5), the last six octets ours, so that the ES-Import route target can be made of them. */
const esi = {
  parse: (text: string): number => {
    const match = /^0000:0000:([0-9a-f]{4}):([0-9a-f]{4}):([0-9a-f]{4})$/.exec(text.toLowerCase());
    if (!match) throw invalidValue('ESI', text, ESI_FORM);
    return Number.parseInt(match.slice(1).join(''), 16);
  },
  format: (value: number): string => `0000:0000:${hex(value, 12).replace(/(....)(?!$)/g, '$1:')}`,
};
const ESI_FORM = 'the form 0000:0000:xxxx:yyyy:zzzz';

const routerMac = {
  parse: (text: string): number => Number.parseInt(Mac.parse(text).replaceAll(':', ''), 16),
  format: (value: number): string => hex(value, 12).replace(/(..)(?!$)/g, '$1:'),
};

const ADMINISTRATIVELY_SCOPED = Cidr.bounds(Cidr.parse('239.0.0.0/8'));
const multicastGroup = {
  parse: (text: string): number => {
    const group = Ip.parse(text);
    if (group.includes(':')) throw invalidValue('multicast group', text, 'an IPv4 group, e.g. 239.0.1.51');
    return Number(Ip.toBigInt(group));
  },
  format: (value: number): string => Ip.fromBigInt(4, BigInt(value)),
};

const ROWS: Readonly<Record<NumberKind, KindRow>> = {
  VNI: { space: 'VNI', bounds: { first: 1, last: Vni.max }, isGlobal: false, accepted: `1 to ${Vni.max}`, ...decimal(Vni.parse) },
  L3VNI: { space: 'VNI', bounds: { first: 1, last: Vni.max }, isGlobal: false, accepted: `1 to ${Vni.max}`, ...decimal(Vni.parse) },
  VLAN: {
    space: 'VLAN',
    bounds: { first: 2, last: VlanId.max },
    isGlobal: false,
    accepted: `2 to ${VlanId.max}`,
    ...decimal(VlanId.parse),
  },
  // FRR numbers automatic RDs of its own from 1 up, one for each VNI; an explicit RD that equals the automatic one is not kept, and
  // the host would never be at what was asked (measured on 8.4.4). So ours begin where a host's own will not reach.
  EVI: {
    space: 'EVI',
    bounds: { first: 10_000, last: EviId.max },
    foreign: { first: 1, last: EviId.max },
    isGlobal: false,
    accepted: `10000 to ${EviId.max}`,
    ...decimal(EviId.parse),
  },
  ASN: { space: 'ASN', bounds: { first: 1, last: Asn.max }, isGlobal: true, accepted: `1 to ${Asn.max}`, ...decimal(Asn.parse) },
  ROUTE_TARGET: {
    space: 'ROUTE_TARGET',
    bounds: { first: 0, last: 3 * TWO_48 - 1 },
    isGlobal: true,
    accepted: 'ASN:number or IPv4:number, both ends with the same administrator',
    ...routeTarget,
  },
  MULTICAST_GROUP: {
    space: 'MULTICAST_GROUP',
    bounds: { first: Number(ADMINISTRATIVELY_SCOPED.first), last: Number(ADMINISTRATIVELY_SCOPED.last) },
    isGlobal: false,
    accepted: '239.0.0.0 to 239.255.255.255 (RFC 2365)',
    ...multicastGroup,
  },
  ESI: { space: 'ESI', bounds: { first: 1, last: TWO_48 - 1 }, isGlobal: true, accepted: ESI_FORM, ...esi },
  ROUTER_MAC: {
    space: 'ROUTER_MAC',
    bounds: { first: 1, last: TWO_48 - 1 },
    isGlobal: true,
    accepted: 'locally administered unicast addresses, e.g. 02:00:00:00:00:01 to 02:00:00:ff:ff:ff, all with one first octet',
    ...routerMac,
  },
};

export const spaceOf = (kind: NumberKind): SpaceKind => ROWS[kind].space;
export const isGlobalKind = (kind: NumberKind): boolean => ROWS[kind].isGlobal;

/** `10010`, `65000:10010`, `239.0.1.51`, `02:00:00:00:00:01`, as the kind is written. */
export const formatNumber = (kind: NumberKind, value: number): string => ROWS[kind].format(value);

/** @throws DomainError INVALID_VALUE: says how the kind is written. */
export const parseNumber = (kind: NumberKind, text: string): number => ROWS[kind].parse(text);

/** @throws DomainError INVALID_VALUE: says which ranges a pool of the kind may have. */
export function checkRange(kind: NumberKind, { first, last }: NumberRange, isAdopted = false): void {
  const { bounds: ours, foreign, accepted } = ROWS[kind];
  const bounds = isAdopted ? (foreign ?? ours) : ours;
  const isInBounds =
    Number.isSafeInteger(first) && Number.isSafeInteger(last) && first <= last && first >= bounds.first && last <= bounds.last;
  if (isInBounds && isOfOnePiece(kind, first, last)) return;
  const text = (value: number): string =>
    Number.isSafeInteger(value) && value >= 0 && value <= bounds.last ? formatNumber(kind, value) : String(value);
  throw invalidValue(`${kind} range`, `${text(first)} to ${text(last)}`, `first ≤ last, ${accepted}`);
}

/** Numbers of several parts: a range must not run from one administrator or one first octet into the next. */
function isOfOnePiece(kind: NumberKind, first: number, last: number): boolean {
  if (kind === 'ROUTE_TARGET') {
    const administrator = (value: number): string => formatNumber(kind, value).split(':')[0] as string;
    return administrator(first) === administrator(last);
  }
  if (kind !== 'ROUTER_MAC') return true;
  const octet = (value: number): number => Math.floor(value / 2 ** 40);
  return octet(first) === octet(last) && (octet(first) & 3) === 2;
}
