/**
 * Route distinguishers and targets are six octets behind their type: two for an AS number and four for the rest, or four for an address or a
 * longer AS number and two for the rest (RFC 4364 §4.2, RFC 4360 §4, RFC 5668). A router takes the text and cuts it off, or refuses the line.
 */
import { Ip, isDomainError, RouteTarget } from '#engines/kernel';
import type { FabricIndex } from '../fabric-index.js';
import { error, type Finding, listed } from '../finding.js';

export function checkRouteEncodings(index: FabricIndex): Finding[] {
  return [...administrator(index), ...targets(index), ...distinguishers(index)];
}

/** Where the fabric's own targets come from: administrator:VNI. */
function administrator({ snapshot: { fabric, networks, vrfs } }: FabricIndex): Finding[] {
  const { rtAdministrator, slug, id } = fabric;
  const path = 'fabric.rtAdministrator';
  if (!Number.isInteger(rtAdministrator) || rtAdministrator < 0 || rtAdministrator > 4_294_967_295)
    return [
      error('ROUTE_NOT_ENCODABLE', path, `choose an RT administrator from 1 to 65535 for fabric ${slug}, not ${rtAdministrator}`, [id]),
    ];
  if (rtAdministrator <= 65_535) return [];
  const large = [
    ...networks.filter(({ vni }) => vni > 65_535).map((network) => `network ${network.slug}`),
    ...vrfs.filter(({ l3vni }) => l3vni > 65_535).map(({ deviceName }) => `VRF ${deviceName}`),
  ];
  if (large.length === 0) return [];
  const message = `choose an RT administrator from 1 to 65535 for fabric ${slug}: ${rtAdministrator} takes four octets, and the VNI of ${listed(large)} does not fit into the other two`;
  return [error('ROUTE_NOT_ENCODABLE', path, message, [id])];
}

function targets({ snapshot: { networks, vrfs } }: FabricIndex): Finding[] {
  const wrong = (owner: string, path: string, id: string, all: readonly string[]): Finding[] =>
    [...new Set(all)]
      .filter((target) => !encodes(target))
      .map((target) =>
        error(
          'ROUTE_NOT_ENCODABLE',
          path,
          `give ${owner} another route target than ${target}: after an address or an AS number above 65535 come at most 65535, otherwise 4294967295`,
          [id],
        ),
      );
  return [
    ...networks.flatMap(({ id, slug, importTargets, exportTargets, remoteTarget }) =>
      wrong(`network ${slug}`, `networks.${slug}`, id, [
        ...importTargets,
        ...exportTargets,
        ...(remoteTarget === undefined ? [] : [remoteTarget]),
      ]),
    ),
    ...vrfs.flatMap(({ id, deviceName, importTargets, exportTargets }) =>
      wrong(`VRF ${deviceName}`, `vrfs.${deviceName}`, id, [...importTargets, ...exportTargets]),
    ),
  ];
}

function encodes(target: string): boolean {
  try {
    return RouteTarget.parse(target) === target;
  } catch (cause) {
    if (isDomainError(cause)) return false;
    throw cause;
  }
}

/** There is one for each network on each VTEP, so an administrator is looked at once and not once per distinguisher. */
function distinguishers(index: FabricIndex): Finding[] {
  const found: Finding[] = [];
  let head = '';
  let largest = -1;
  for (const { rd, deviceId, eviId } of index.snapshot.routeDistinguishers) {
    if (head === '' || !rd.startsWith(head)) {
      head = rd.slice(0, rd.lastIndexOf(':') + 1);
      largest = largestNumber(head.slice(0, -1));
    }
    if (isNumber(rd, head.length, largest)) continue;
    const place = index.device.get(deviceId)?.slug ?? deviceId;
    const message = `give EVI ${eviId} on ${place} another route distinguisher than ${rd}, made of the router id and an EVI id up to 65535: it does not fit into six octets`;
    found.push(error('ROUTE_NOT_ENCODABLE', `routeDistinguishers.${rd}`, message, [deviceId]));
  }
  return found;
}

/** Decimal digits from there to the end, without a zero in front, up to a limit. */
function isNumber(text: string, start: number, limit: number): boolean {
  let value = 0;
  for (let at = start; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return false;
    value = value * 10 + digit;
  }
  const length = text.length - start;
  return length > 0 && value <= limit && (length === 1 || text.charCodeAt(start) !== 48);
}

/** Largest number behind an administrator; -1 where it is none. */
function largestNumber(head: string): number {
  if (head.includes('.')) {
    try {
      return Ip.family(Ip.parse(head)) === 4 ? 65_535 : -1;
    } catch (cause) {
      if (isDomainError(cause)) return -1;
      throw cause;
    }
  }
  const asn = /^(?:0|[1-9]\d{0,9})$/.test(head) ? Number(head) : Number.NaN;
  if (asn <= 65_535) return 4_294_967_295;
  return asn <= 4_294_967_295 ? 65_535 : -1;
}
