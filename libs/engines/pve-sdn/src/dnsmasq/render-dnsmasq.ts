/** /etc/dnsmasq.d/<zone>/: one DHCP server for each simple zone that wants one (`dnsmasq@<zone>`), one file for each vnet in it. */
import type { SdnConfig, Subnet } from '../model/sdn-config.js';
import { canonical, familyOf, networkOf } from '../model/written.js';
import type { SimpleZone } from '../model/zone.js';
import { Cidr } from '#engines/kernel';

const DEFAULT_MTU = 1500;

/** Text by absolute path. Addresses are leased from the `ethers` file, which the IPAM writes; nobody else gets one. */
export function renderDnsmasq({ zones, vnets, subnets }: SdnConfig, node: string): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  const served = zones
    .filter((zone) => zone.type === 'simple')
    .filter((zone) => zone.dhcp && (zone.nodes === null || zone.nodes.includes(node)));
  for (const zone of served) {
    files.set(`/etc/dnsmasq.d/${zone.id}/00-default.conf`, text(zoneLines(zone)));
    for (const vnet of vnets.filter((one) => one.zone === zone.id)) {
      const lines = subnets.filter((subnet) => subnet.vnet === vnet.id).flatMap(subnetLines);
      files.set(`/etc/dnsmasq.d/${zone.id}/10-${vnet.id}.conf`, text([`interface=${vnet.id}`, ...lines]));
    }
  }
  return files;
}

function zoneLines({ id, mtu }: SimpleZone): string[] {
  return [
    'except-interface=lo',
    'bind-dynamic', // vnets come and go
    'no-hosts',
    'enable-ra',
    'quiet-ra',
    `dhcp-leasefile=/var/lib/misc/dnsmasq.${id}.leases`,
    `dhcp-hostsfile=/etc/dnsmasq.d/${id}/ethers`,
    'dhcp-ignore=tag:!known',
    `dhcp-option=26,${mtu ?? DEFAULT_MTU}`,
    `ra-param=*,mtu:${mtu ?? DEFAULT_MTU},0`,
  ];
}

/** A static range hands out reservations only; without a gateway guests are told of no router, rather than of this server. */
function subnetLines({ id, prefix, gateway, dhcpDnsServer }: Subnet): string[] {
  const network = networkOf(prefix);
  if (familyOf(prefix.address) === 6) {
    return [
      `dhcp-range=set:${id},${Cidr.network(network)},static,${prefix.length},infinite`,
      ...(dhcpDnsServer === null ? [] : [`dhcp-option=tag:${id},option6:dns-server,[${canonical(dhcpDnsServer)}]`]),
    ];
  }
  return [
    `dhcp-range=set:${id},${Cidr.network(network)},static,${netmask(prefix.length)},infinite`,
    `dhcp-option=tag:${id},option:router${gateway === null ? '' : `,${gateway}`}`,
    ...(dhcpDnsServer === null ? [] : [`dhcp-option=tag:${id},option:dns-server,${dhcpDnsServer}`]),
  ];
}

function netmask(length: number): string {
  return [0, 8, 16, 24].map((shift) => 256 - 2 ** (8 - Math.min(8, Math.max(0, length - shift)))).join('.');
}

const text = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');
