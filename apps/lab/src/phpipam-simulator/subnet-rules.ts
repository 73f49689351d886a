/** What phpIPAM makes of subnets: which overlap, what is free, what goes with them. */
import { ApiRefusal } from './api-refusal.js';
import type { Ipam } from './ipam.js';
import type { IpamDatabase, Row } from './ipam-database.js';
import { contains, type Network, networkOf, overlaps, toDotted } from './ip-number.js';

export const cidrOf = (row: Row): string => `${toDotted(String(row['subnet']))}/${row['mask']}`;
export const networkOfRow = (row: Row): Network => networkOf(String(row['subnet']), Number(row['mask']));
const isNetwork = (row: Row): boolean => row['isFolder'] !== 1;

/** `isFolder` first, then by number: not by id. */
export function subnetOrder(a: Row, b: Row): number {
  const byFolder = Number(b['isFolder']) - Number(a['isFolder']);
  const [left, right] = [BigInt(a['subnet'] ?? 0), BigInt(b['subnet'] ?? 0)];
  return byFolder !== 0 ? byFolder : left < right ? -1 : left > right ? 1 : 0;
}

/**
 * Only in a section in strict mode, and never below a folder: root subnets of one section and one VRF do not overlap, nested ones lie
 * within their parent and not over siblings of the same VRF or of none. The rule of the web interface over all sections is not asked for.
 */
export function refuseOverlap(
  ipam: Ipam,
  section: Row,
  values: { network: Network; cidr: string; vrfId: number | null; masterId: number },
): void {
  const { database } = ipam;
  const master = values.masterId === 0 ? undefined : database.find('subnets', values.masterId);
  if (section['strictMode'] !== '1' || master?.['isFolder'] === 1) return;
  const vrfOf = (row: Row): number => Number(row['vrfId'] ?? 0);
  const others =
    master === undefined
      ? database.where('subnets', (row) => isNetwork(row) && row['sectionId'] === section['id'] && vrfOf(row) === (values.vrfId ?? 0))
      : database.where(
          'subnets',
          (row) => isNetwork(row) && row['masterSubnetId'] === master['id'] && (vrfOf(row) === 0 || vrfOf(row) === (values.vrfId ?? 0)),
        );
  if (master !== undefined && !contains(networkOfRow(master), values.network))
    throw new ApiRefusal(409, 'Nested subnet not in root subnet');
  const other = others.find((row) => overlaps(networkOfRow(row), values.network));
  if (other !== undefined)
    throw new ApiRefusal(409, `Subnet ${values.cidr} overlaps with ${cidrOf(other)} (${String(other['description'] ?? '')})`);
}

/** With its addresses, and with all subnets below it and theirs. */
export function deleteSubnet(database: IpamDatabase, id: number): void {
  for (const slave of database.where('subnets', (row) => row['masterSubnetId'] === id)) deleteSubnet(database, Number(slave['id']));
  truncateSubnet(database, id);
  database.remove('subnets', id);
}

export function truncateSubnet(database: IpamDatabase, id: number): void {
  for (const address of database.where('ipaddresses', (row) => row['subnetId'] === id))
    database.remove('ipaddresses', Number(address['id']));
}

/** Network and broadcast of IPv4 are nobody's, unless it is a pool, a /31 or a /32. */
export function hostsOf(row: Row): { readonly first: bigint; readonly last: bigint } {
  const { family, first, last } = networkOfRow(row);
  const isWhole = row['isPool'] === 1 || family === 6 || Number(row['mask']) >= 31;
  return isWhole ? { first, last } : { first: first + 1n, last: last - 1n };
}

export function firstFree({ database }: Ipam, subnet: Row): bigint | null {
  const taken = new Set(database.where('ipaddresses', (row) => row['subnetId'] === subnet['id']).map((row) => String(row['ip_addr'])));
  const { first, last } = hostsOf(subnet);
  for (let value = first; value <= last; value++) if (!taken.has(String(value))) return value;
  return null;
}

export function firstSubnet({ database }: Ipam, master: Row, mask: number): string | null {
  const outer = networkOfRow(master);
  const taken = database.where('subnets', (row) => row['masterSubnetId'] === master['id'] && isNetwork(row)).map(networkOfRow);
  const size = 1n << BigInt((outer.family === 4 ? 32 : 128) - mask);
  for (let first = outer.first; first + size - 1n <= outer.last; first += size) {
    const wanted: Network = { family: outer.family, first, last: first + size - 1n };
    if (!taken.some((one) => overlaps(one, wanted))) return String(first);
  }
  return null;
}

/** Texts: numbers of GMP are too large for PHP's own. */
export function usageOf({ database }: Ipam, row: Row): Record<string, unknown> {
  const used = database.where('ipaddresses', (address) => address['subnetId'] === row['id']).length;
  const { first, last } = hostsOf(row);
  const all = last - first + 1n;
  return { Used: used, used: String(used), maxhosts: String(all), freehosts: String(all - BigInt(used)) };
}
