/** What the SVI of a network has to say. */
import type { L2VniIntent } from '#engines/intent';
import { deviceLabel } from '../device-label.js';
import { when } from './when.js';

const ip = (address: string): string => (address.includes(':') ? 'ipv6 address' : 'ip address');

export function sviKeys(network: Pick<L2VniIntent, 'gateways' | 'mtu' | 'vrf' | 'networkName'>): string[] {
  const servers = new Set<string>();
  const addresses = network.gateways.flatMap(({ address, prefixLength, ownAddress, dhcpRelay }) => {
    for (const server of dhcpRelay?.servers ?? []) {
      const key = `${server.includes(':') ? 'ipv6 dhcp relay destination' : 'ip helper-address'} ${server}`;
      servers.add(`${key}${dhcpRelay?.vrf == null ? '' : ` vrf ${dhcpRelay.vrf}`}`);
    }
    if (ownAddress === null) return [`${ip(address)} virtual ${address}/${prefixLength}`];
    return [`${ip(address)} ${ownAddress}/${prefixLength}`, `${address.includes(':') ? 'ipv6' : 'ip'} virtual-router address ${address}`];
  });
  const isV6 = network.gateways.some(({ address }) => address.includes(':'));
  return [
    'mtu',
    `vrf ${network.vrf}`,
    ...when(isV6, 'ipv6 enable'),
    ...addresses,
    ...servers,
    ...when(deviceLabel(network.networkName) !== '', 'description'),
  ];
}
