import { Asn, Cidr, invalidValue, Ip, Mac, RouteDistinguisher, RouteTarget, VlanId, Vni } from '#engines/kernel';
import { scalar } from './scalar.js';

export const CidrScalar = scalar({
  name: 'CIDR',
  description:
    'IPv4 or IPv6 prefix in canonical form, host bits zero: `10.20.0.0/24`, `2001:db8::/64`. Refused: host bits, a missing length, leading zeros, a zone, a netmask.',
  parse: Cidr.parse,
});

export const IpAddressScalar = scalar({
  name: 'IPAddress',
  description: 'One address, canonical, without length: `10.20.0.5`, `2001:db8::5`.',
  parse: Ip.parse,
});

export const MacScalar = scalar({
  name: 'MAC',
  description: 'Unicast MAC address. Lower-case colon form out; colon, dash, dot and bare forms in.',
  parse: Mac.parse,
});

export const VniScalar = scalar({ name: 'VNI', description: `${Vni.min}…${Vni.max} (RFC 7348).`, parse: Vni.parse });

export const VlanIdScalar = scalar({ name: 'VlanId', description: `${VlanId.min}…${VlanId.max} (IEEE 802.1Q).`, parse: VlanId.parse });

/** asdot (RFC 5396): the two halves of four octets. */
function parseAsn(value: unknown): Asn {
  const dotted = typeof value === 'string' ? /^(0|[1-9]\d{0,4})\.(0|[1-9]\d{0,4})$/.exec(value) : null;
  if (!dotted) return Asn.parse(value);
  const [high, low] = [Number(dotted[1]), Number(dotted[2])];
  if (high > 65_535 || low > 65_535)
    throw invalidValue('ASN', value, 'two numbers of at most 65535 with a dot between them, or one number');
  return Asn.parse(high * 65_536 + low);
}

export const AsnScalar = scalar({
  name: 'ASN',
  description: 'BGP autonomous system number; it does not fit GraphQL Int. A number out; `4200000001` or asdot `"64086.59905"` in.',
  parse: parseAsn,
});

export const RouteDistinguisherScalar = scalar({
  name: 'RouteDistinguisher',
  description: '`ASN:nn` or `IPv4:nn` (RFC 4364 types 0, 1 and 2).',
  parse: RouteDistinguisher.parse,
});

export const RouteTargetScalar = scalar({
  name: 'RouteTarget',
  description: '`ASN:nn` or `IPv4:nn`, without a `target:` in front.',
  parse: RouteTarget.parse,
});
