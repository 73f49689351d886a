import { DomainError, Ip } from '#engines/kernel';
import { canonical, familyOf, type WrittenIp } from '../model/written.js';
import type { NodeFacts } from './node-facts.js';

/** An IPv4 address as it is. For IPv6, or none, the last four octets of the MAC of the interface: bc:24:11:0a:14:1e → 17.10.20.30. */
export function routerId(facts: NodeFacts, address: WrittenIp | null, device: string | null): string {
  if (address !== null && familyOf(address) === 4) return address;
  const mac = device === null ? undefined : facts.mac(device);
  const octets = /^(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(mac ?? '')
    ? (mac ?? '').split(':').map((octet) => Number.parseInt(octet, 16))
    : [];
  if (!octets.some((octet) => octet !== 0)) {
    throw new DomainError(
      'INVALID_VALUE',
      `node ${facts.name} has no IPv4 address for a router id, and ${device ?? 'no interface'} has no MAC address to make one of`,
      {
        kind: 'router id',
        accepted: 'an IPv4 address among the peers, or an interface with a MAC address',
      },
    );
  }
  return octets.slice(2).join('.');
}

/** In a BGP fabric: the IPv4 address, or FNV-1a (32 bits) over the 16 octets of the IPv6 address. */
export function bgpRouterId({ ip4, ip6 }: { readonly ip4: WrittenIp | null; readonly ip6: WrittenIp | null }): string {
  if (ip4 !== null) return canonical(ip4);
  const value = ip6 === null ? 0n : Ip.toBigInt(canonical(ip6));
  let hash = 0x811c9dc5;
  for (let shift = 120n; shift >= 0n; shift -= 8n) hash = Math.imul(hash ^ Number((value >> shift) & 0xffn), 0x01000193) >>> 0;
  return [24, 16, 8, 0].map((shift) => (hash >>> shift) & 0xff).join('.');
}
