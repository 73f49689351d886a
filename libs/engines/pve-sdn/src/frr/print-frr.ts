/** The order of frr.conf, and nothing else: which block comes where, and in a router which line. */
import { type AddressFamily, type AddressFamilyName, type BgpRouter, type FrrDocument, ROUTER_SETTINGS } from './frr-document.js';

const FAMILIES: readonly AddressFamilyName[] = ['ipv4 unicast', 'ipv6 unicast', 'l2vpn evpn'];

/** All between the lines that every file begins with and the `line vty` at its end. */
export function printBody(document: FrrDocument): string[] {
  const before = [
    ...sorted(document.vrfs).map(([name, lines]) => block(`vrf ${name}`, lines, 'exit-vrf')),
    ...sorted(document.routers).map(([vrf, one]) => routerBlock(vrf, one)),
    ...sorted(document.extcommunityLists).map(([, lines]) => lines),
    ...sorted(document.isisRouters).map(([domain, lines]) => block(`router isis ${domain}`, lines)),
    ...interfaces(document.isisInterfaces),
    ...sorted(document.prefixLists).map(([, lines]) => lines),
  ];
  const { ospfRouter } = document;
  const after = [
    ...sorted(document.openfabricRouters).map(([fabric, lines]) => block(`router openfabric ${fabric}`, lines)),
    ...interfaces(document.openfabricInterfaces),
    ...(ospfRouter.length === 0 ? [] : [block('router ospf', ospfRouter)]),
    ...interfaces(document.ospfInterfaces),
    ...sorted(document.accessLists).map(([, lines]) => lines),
    ...routeMaps(document),
    ...(document.routes.length === 0 ? [] : [document.routes]),
    ...protocolMaps(document),
  ];
  return [...separated(before), ...document.pasted, ...separated(after)];
}

/** A `!` before each block. */
const separated = (blocks: readonly (readonly string[])[]): string[] => blocks.flatMap((lines) => ['!', ...lines]);

const sorted = <T>(map: ReadonlyMap<string, T>): [string, T][] => [...map].sort(([a], [b]) => (a < b ? -1 : 1));

export const block = (head: string, lines: readonly string[], end = 'exit'): string[] => [head, ...lines.map((line) => ` ${line}`), end];

const interfaces = (map: ReadonlyMap<string, readonly string[]>): string[][] =>
  sorted(map).map(([name, lines]) => block(`interface ${name}`, lines));

function routerBlock(vrf: string, { asn, routerId, settings, neighbors, local, families }: BgpRouter): string[] {
  return block(`router bgp ${asn}${vrf === '' ? '' : ` vrf ${vrf}`}`, [
    `bgp router-id ${routerId}`,
    ...ROUTER_SETTINGS.filter((setting) => settings.has(setting)),
    ...neighbors,
    ...local,
    ...FAMILIES.flatMap((name) => familyLines(name, families.get(name))),
  ]);
}

function familyLines(name: AddressFamilyName, lines: AddressFamily | undefined): string[] {
  if (lines === undefined) return [];
  const body = [...lines.networks, ...lines.imports, ...lines.neighbors, ...lines.redistribute, ...lines.evpn, ...lines.local];
  return ['!', `address-family ${name}`, ...body.map((line) => ` ${line}`), 'exit-address-family'];
}

function routeMaps({ routeMaps: maps }: FrrDocument): string[][] {
  return sorted(maps).flatMap(([name, entries]) =>
    entries.map(({ action, sequence, lines }) => block(`route-map ${name} ${action} ${sequence}`, lines)),
  );
}

function protocolMaps({ protocolMaps: maps }: FrrDocument): string[][] {
  return sorted(maps).flatMap(([protocol, { ip, ipv6 }]) => [
    ip === undefined ? [] : [`ip protocol ${protocol} route-map ${ip}`],
    // A block of its own with a separator of its own, and so two of them where there is no IPv4.
    ...(ipv6 === undefined ? [] : [[`ipv6 protocol ${protocol} route-map ${ipv6}`]]),
  ]);
}
