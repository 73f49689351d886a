/**
 * Template of a virtual network for `onevnet create` and `onevnet update`. Attribute names are those of the Virtual Network Template reference
 * (OpenNebula 5.12 to 6.10) and of the drivers that read them (`vnm/vxlan/vxlan.rb`, `vnm/lib/vlan.rb`).
 */
import type { AddressRangeIntent, CarrierIntent, VirtualNetworkIntent } from '#engines/intent';
import { Cidr, Ip } from '#engines/kernel';
import { deviceLabel } from '../device-label.js';
import { block, lines, type Part } from '../text.js';

const STEP = 2;

export function renderTemplate({ slug, name, mtu, bridge, carrier, ranges }: VirtualNetworkIntent, dns: readonly Ip[]): string[] {
  const label = deviceLabel(name);
  return lines(
    '# Owned by Trame: changes made here by hand are undone.',
    attribute('NAME', slug),
    label !== '' && attribute('DESCRIPTION', label),
    attribute('VN_MAD', carrier.driver),
    attribute('BRIDGE', bridge),
    carried(carrier, mtu),
    attribute('GUEST_MTU', mtu),
    dns.length > 0 && attribute('DNS', dns.join(' ')),
    ranges.map(addressRange),
  );
}

/**
 * oned's lexer takes the longest quoted string whose inner quotes follow a backslash, and unescapes nothing (`template_parser.l`): a value
 * that ends in a backslash swallows the next line. So there is no escaping here: what stands in quotes has neither character.
 */
const attribute = (name: string, value: string | number): string => `${name} = "${value}"`;

function carried(carrier: CarrierIntent, mtu: number): Part {
  switch (carrier.driver) {
    case 'bridge':
      return [];
    case 'ovswitch':
      return attribute('VLAN_ID', carrier.vlan);
    case '802.1Q':
      return [attribute('PHYDEV', carrier.port), attribute('VLAN_ID', carrier.vlan), attribute('MTU', mtu)];
    case 'vxlan':
      return [attribute('PHYDEV', carrier.port), attribute('VLAN_ID', carrier.vni), attribute('MTU', mtu), tunnel(carrier)];
  }
}

/** Without a port the kernel takes 8472, which is not the one of RFC 7348; an option of `ip link` without a value is written with nothing behind the sign. */
function tunnel({ udpPort, flooding }: Extract<CarrierIntent, { driver: 'vxlan' }>): Part {
  if (flooding !== 'EVPN') {
    return [attribute('VXLAN_MODE', 'multicast'), attribute('VXLAN_MC', flooding.base), attribute('IP_LINK_CONF', `dstport=${udpPort}`)];
  }
  // local_ip: the tunnel has the first address of the port that is no 127.0.0.0/8, so that a VTEP address on lo works.
  return [attribute('VXLAN_MODE', 'evpn'), attribute('VXLAN_TEP', 'local_ip'), attribute('IP_LINK_CONF', `dstport=${udpPort},nolearning=`)];
}

function addressRange({ first, size, network, prefixLength, gateway }: AddressRangeIntent): Part {
  const fields =
    Ip.family(first) === 4
      ? [
          attribute('TYPE', 'IP4'),
          attribute('IP', first),
          attribute('SIZE', size),
          attribute('NETWORK_ADDRESS', network),
          attribute('NETWORK_MASK', mask(prefixLength)),
          ...(gateway === null ? [] : [attribute('GATEWAY', gateway)]),
        ]
      : [
          attribute('TYPE', 'IP6_STATIC'),
          attribute('IP6', first),
          attribute('PREFIX_LENGTH', prefixLength),
          attribute('SIZE', size),
          ...(gateway === null ? [] : [attribute('GATEWAY6', gateway)]),
        ];
  const last = fields.length - 1;
  return block(
    STEP,
    'AR = [',
    fields.map((field, position) => (position === last ? field : `${field},`)),
    ']',
  );
}

function mask(prefixLength: number): Ip {
  const all = Cidr.bounds(Cidr.parse('0.0.0.0/0')).last;
  return Ip.fromBigInt(4, all - (all >> BigInt(prefixLength)));
}
