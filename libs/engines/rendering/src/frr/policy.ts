/** Prefix lists and route maps: what passes between underlay, main table and VRFs. */
import type { BgpIntent, DeviceIntent, VrfIntent } from '#engines/intent';
import { block } from '../text.js';
import { vrfPrefixes } from '../vrf-prefixes.js';
import { everything, evpnNeighbors, hostLength, ip, ofFamily, unicastNeighbors, waysBack } from './families.js';
import { announceMap, defaultList, FAMILIES, type Family, loopbacksList, ownList, underlayMap, wayBackList, wayBackMap } from './names.js';
import { isMapped } from './vrf-bgp.js';

/** What Proxmox gives the default route of a secondary exit node, too. */
const SECOND_BEST = 200;

export function prefixLists(intent: DeviceIntent, bgp: BgpIntent): string[][] {
  return FAMILIES.flatMap((family) => {
    const length = hostLength(family);
    const loopbacks = unicastNeighbors(bgp, family).length > 0 ? ofFamily(bgp.loopbacks, family) : [];
    const back = [...new Set(waysBack(intent.vrfs, family).flatMap(({ exit }) => exit?.prefixes ?? []))];
    const mapped = intent.vrfs.filter((vrf) => isMapped(vrfPrefixes(intent, vrf), vrf, family));
    return [
      list(
        family,
        loopbacksList(family),
        loopbacks.map((prefix) => orLonger(prefix, `ge ${length}`, length)),
      ),
      // The host routes of guests too, so that a packet goes to the VTEP where its guest is.
      list(
        family,
        wayBackList(family),
        ofFamily(back, family).map((prefix) => orLonger(prefix, `le ${length}`, length)),
      ),
      list(family, defaultList(family), mapped.some(isSecond) ? [everything(family)] : []),
      ...mapped.filter(isLeaking).map((vrf) => list(family, ownList(vrf, family), vrfPrefixes(intent, vrf)[family])),
    ];
  }).filter((lines) => lines.length > 0);
}

const isSecond = ({ exit }: VrfIntent): boolean => exit !== null && !exit.isPreferred;
const isLeaking = ({ leaksFrom }: VrfIntent): boolean => leaksFrom.length > 0;

/** A prefix of full length has nothing longer, and FRR refuses to be told about it. */
const orLonger = (prefix: string, bound: string, length: number): string => (prefix.endsWith(`/${length}`) ? prefix : `${prefix} ${bound}`);

function list(family: Family, name: string, entries: readonly string[]): string[] {
  return entries.map((entry, position) => `${ip(family)} prefix-list ${name} seq ${10 * (position + 1)} permit ${entry}`);
}

export function routeMaps(intent: DeviceIntent, bgp: BgpIntent): string[][] {
  return FAMILIES.flatMap((family) => {
    const isFiltered = unicastNeighbors(bgp, family).length > 0 && ofFamily(bgp.loopbacks, family).length > 0;
    return [
      ...(isFiltered ? [entry(underlayMap(family), 10, match(family, loopbacksList(family)))] : []),
      // For this host alone: a tenant's subnets are no business of the underlay. Nor is the VRF's default route of the main table.
      ...(waysBack(intent.vrfs, family).length > 0
        ? [entry(wayBackMap(family), 10, match(family, wayBackList(family)), 'set community no-advertise')]
        : []),
      ...intent.vrfs.filter((vrf) => isMapped(vrfPrefixes(intent, vrf), vrf, family)).flatMap((vrf) => announcements(bgp, vrf, family)),
    ];
  });
}

function announcements(bgp: BgpIntent, vrf: VrfIntent, family: Family): string[][] {
  const name = announceMap(vrf, family);
  // A metric does not get further than the next AS, and the first difference that counts there is the length of the path.
  const isAmongOthers = evpnNeighbors(bgp).every(({ remoteAsn }) => remoteAsn !== bgp.asn);
  const worse = isAmongOthers ? [`set as-path prepend ${bgp.asn}`, `set metric ${SECOND_BEST}`] : [`set metric ${SECOND_BEST}`];
  return [
    ...(isSecond(vrf) ? [entry(name, 10, match(family, defaultList(family)), ...worse)] : []),
    entry(name, 20, ...(isLeaking(vrf) ? [match(family, ownList(vrf, family))] : [])),
  ];
}

const match = (family: Family, name: string): string => `match ${ip(family)} address prefix-list ${name}`;

const entry = (name: string, sequence: number, ...body: readonly string[]): string[] =>
  block(1, `route-map ${name} permit ${sequence}`, body, 'exit');
