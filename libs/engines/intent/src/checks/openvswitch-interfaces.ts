/** Interfaces of Open vSwitch ports: addresses that the host takes, and ends of tunnels. */
import { Cidr, Ip } from '#engines/kernel';
import type { Finding, FindingCode } from '../finding.js';
import type { OvsInterfaceFacts, OvsInternalInterface } from '../snapshot.js';
import { parses } from './openvswitch-probes.js';

type Say = (code: FindingCode, path: string, message: string) => Finding;

export function checkOvsInterface(part: OvsInterfaceFacts, say: Say): Finding[] {
  const path = `.${part.name}`;
  if (part.type === 'vxlan') {
    const ends = [part.remote, ...(part.local === null ? [] : [part.local])];
    const fits = ends.every((end) => parses(() => Ip.parse(end))) && isBetween(part.udpPort, 1, 65_535);
    if (!fits) return [say('LINK_INVALID', path, `give tunnel ${part.name} IP addresses as ends, and a UDP port from 1 to 65535`)];
    if (part.local === null || Ip.family(part.local) === Ip.family(part.remote)) return [];
    return [say('LINK_INVALID', path, `let both ends of tunnel ${part.name} be of one family, not ${part.local} and ${part.remote}`)];
  }
  if (part.type === 'patch') return [];
  return [
    // 68: RFC 791 §3.2. 65535: what an IP packet can say of its length.
    ...(part.mtu === null || isBetween(part.mtu, 68, 65_535)
      ? []
      : [say('MTU_TOO_SMALL', path, `give ${part.name} an MTU from 68 to 65535`)]),
    ...(part.type === 'internal' ? addresses(part, say) : []),
  ];
}

function addresses({ name, addresses: list, gateway }: OvsInternalInterface, say: Say): Finding[] {
  const path = `.${name}`;
  const bits = (address: Ip): number => (Ip.family(address) === 4 ? 32 : 128);
  const strange = list.filter(
    ({ address, prefixLength }) => !parses(() => Ip.parse(address)) || !isBetween(prefixLength, 1, bits(address)),
  );
  if (strange.length > 0) return [say('LINK_INVALID', path, `give ${name} addresses with their lengths, such as 10.99.1.250/24`)];
  if (gateway === null) return [];
  const isNear =
    parses(() => Ip.parse(gateway)) && list.some(({ address, prefixLength }) => isInside(gateway, address, prefixLength, bits(address)));
  return isNear ? [] : [say('GATEWAY_INVALID', path, `choose a gateway of ${name} in one of its subnets: ifup refuses another one`)];
}

function isInside(gateway: Ip, address: Ip, prefixLength: number, bits: number): boolean {
  if (Ip.family(gateway) !== Ip.family(address)) return false;
  const shift = BigInt(bits - prefixLength);
  const network = Ip.fromBigInt(Ip.family(address), (Ip.toBigInt(address) >> shift) << shift);
  return Cidr.contains(Cidr.parse(`${network}/${prefixLength}`), gateway) && gateway !== address;
}

const isBetween = (value: number, min: number, max: number): boolean => Number.isInteger(value) && value >= min && value <= max;
