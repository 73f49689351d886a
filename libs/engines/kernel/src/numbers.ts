import type { Brand } from './brand.js';
import { invalidValue } from './domain-error.js';

/** VXLAN network identifier, 1…16777214. RFC 7348 §5 has 24 bits; some EOS releases refuse the last value. */
export type Vni = Brand<number, 'Vni'>;
/** IEEE 802.1Q VLAN identifier, 1…4094. */
export type VlanId = Brand<number, 'VlanId'>;
/** BGP autonomous system number, 1…4294967294 without the reserved 23456 and 65535 (RFC 6793, RFC 7300). */
export type Asn = Brand<number, 'Asn'>;
/** EVPN instance number, 1…65535: it is the assigned number of a type-1 route distinguisher (RFC 7432 §7.9). */
export type EviId = Brand<number, 'EviId'>;

function integer<T extends Brand<number, string>>(kind: string, min: number, max: number, refused: readonly number[] = []) {
  const accepted = `an integer from ${min} to ${max}${refused.length ? `, not ${refused.join(' or ')}` : ''}`;
  return {
    min,
    max,
    parse(value: unknown): T {
      if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max || refused.includes(value)) {
        throw invalidValue(kind, value, accepted);
      }
      return value as T;
    },
  };
}

export const Vni = integer<Vni>('VNI', 1, 16_777_214);
export const VlanId = integer<VlanId>('VLAN id', 1, 4094);
export const Asn = integer<Asn>('ASN', 1, 4_294_967_294, [23_456, 65_535]);
export const EviId = integer<EviId>('EVI id', 1, 65_535);
