import { invalidValue, Ip } from '#engines/kernel';
import { LARGEST_VNI } from '../model/limits.js';
import type { Subnet, Vnet } from '../model/sdn-config.js';
import { canonical, familyOf, type Prefix, type WrittenIp, writtenPrefix } from '../model/written.js';
import { ALIAS, DNS_NAME, MAC, SHORT_ID } from './forms.js';

import type { Section } from './section-config.js';
import { type Form, SectionReader } from './section-reader.js';

const ANY: Form = { pattern: /^[\w.:/-]{1,64}$/, accepted: 'a word' };

export function parseVnet(section: Section): Vnet {
  const reader = new SectionReader('vnet', section);
  if (!SHORT_ID.pattern.test(section.id)) throw invalidValue('vnet', section.id, SHORT_ID.accepted);
  const vnet: Vnet = {
    id: section.id,
    zone: reader.required('zone', reader.text('zone', SHORT_ID)),
    tag: reader.integer('tag', 1, LARGEST_VNI),
    vlanAware: reader.flag('vlanaware'),
    alias: reader.text('alias', ALIAS),
    isolatePorts: reader.flag('isolate-ports'),
    mac: reader.text('mac', MAC),
  };
  reader.finish();
  return vnet;
}

export function parseSubnet(section: Section): Subnet {
  const reader = new SectionReader('subnet', section);
  if (!ANY.pattern.test(section.id)) throw invalidValue('subnet', section.id, '<zone>-<network>-<length>');
  const subnet: Subnet = {
    id: section.id,
    vnet: reader.required('vnet', reader.text('vnet', SHORT_ID)),
    prefix: prefixOf(section, reader),
    gateway: reader.ip('gateway'),
    snat: reader.flag('snat'),
    dhcpRanges: reader.parts('dhcp-range', (range) => ({
      start: range.required('start-address', range.ip('start-address')),
      end: range.required('end-address', range.ip('end-address')),
    })),
    dhcpDnsServer: reader.ip('dhcp-dns-server'),
    dnsZonePrefix: reader.text('dnszoneprefix', DNS_NAME),
  };
  // What Proxmox adds in memory: it says again what the id and the vnet say.
  for (const key of ['zone', 'network', 'prefixLength', 'mask'] as const) reader.text(key, ANY);
  reader.finish();
  checkGateway(reader, subnet);
  checkRanges(reader, subnet);
  return subnet;
}

function prefixOf(section: Section, reader: SectionReader): Prefix {
  const cidr = reader.prefix('cidr');
  const [, network = '', length = ''] = /^[^-]+-([0-9a-fA-F.:]+)-(\d{1,3})$/.exec(section.id) ?? [];
  if (cidr !== null) return cidr;
  if (network === '') throw invalidValue('subnet', section.id, '<zone>-<network>-<length>, e.g. red-192.0.2.0-24');
  return writtenPrefix(`${reader.name}: network`, `${network}/${length}`);
}

function checkGateway(reader: SectionReader, { gateway, prefix }: Subnet): void {
  if (gateway === null || familyOf(gateway) === familyOf(prefix.address)) return;
  throw reader.refused('gateway', gateway, `an address of the family of ${prefix.text}`);
}

function checkRanges(reader: SectionReader, { dhcpRanges, prefix }: Subnet): void {
  const bits = familyOf(prefix.address) === 4 ? 32 : 128;
  const network = (ip: WrittenIp): bigint => Ip.toBigInt(canonical(ip)) >> BigInt(bits - prefix.length);
  const sorted = dhcpRanges
    .map(({ start, end }) => ({ start, end, first: Ip.toBigInt(canonical(start)), last: Ip.toBigInt(canonical(end)) }))
    .sort((a, b) => (a.first < b.first ? -1 : 1));
  for (const [at, { start, end, first, last }] of sorted.entries()) {
    const text = `${start} to ${end}`;
    const isInside = [start, end].every((ip) => familyOf(ip) === familyOf(prefix.address) && network(ip) === network(prefix.address));
    if (!isInside) throw reader.refused('dhcp-range', text, `addresses of ${prefix.text}`);
    if (first > last) throw reader.refused('dhcp-range', text, 'a start that is not after the end');
    const before = sorted[at - 1];
    if (before && before.last >= first)
      throw reader.refused('dhcp-range', text, `ranges that do not overlap: ${before.start} to ${before.end} is there`);
  }
}
