/**
 * /etc/frr/frr.conf.local: what an operator adds to the generated file. Lines go into the block that is there already; blocks
 * that are not there are pasted behind the prefix lists. What Proxmox drops is dropped here, too, but said.
 */
import { addLines, type AddressFamilyName, type BgpRouter, type FrrDocument, type RouteMapEntry } from './frr-document.js';
import { type LocalStatement, parseLocal, routerBody } from './parse-local.js';

/** Single lines and heads of blocks that are taken over as they are. */
const PASTED =
  /^(?:router \S|interface \S|vrf \S|(?:ipv6 )?access-list \S|ipv?6? prefix-list \S+ seq |bgp (?:community|large-community|extcommunity)-list )/;
const ROUTE_MAP = /^route-map (\S+) (permit|deny) \d+$/;

/** @returns the lines that found no place, as Proxmox drops them: an operator wants to know. */
export function mergeLocal(document: FrrDocument, text: string): readonly string[] {
  const dropped: string[] = [];
  const maps = new Map<string, RouteMapEntry[]>();
  for (const statement of parseLocal(text)) {
    const [, map, action] = ROUTE_MAP.exec(statement.head) ?? [];
    if (map !== undefined) {
      const before = maps.get(map) ?? [];
      const sequence = (document.routeMaps.get(map)?.length ?? 0) + before.length + 1;
      maps.set(map, [...before, { action: action === 'deny' ? 'deny' : 'permit', sequence, lines: statement.body }]);
    } else if (!mergeInto(document, statement)) {
      if (PASTED.test(statement.head)) document.pasted.push(...pasted(statement));
      else dropped.push(statement.head, ...statement.body);
    }
  }
  for (const [name, entries] of [...maps].sort(([a], [b]) => (a < b ? -1 : 1))) {
    for (const { action, sequence, lines } of entries) {
      document.pasted.push(`route-map ${name} ${action} ${sequence}`, ...lines.map((line) => ` ${line}`), 'exit', '!');
    }
  }
  return dropped;
}

/** @returns whether the block is there and took the lines. */
function mergeInto(document: FrrDocument, { head, body }: LocalStatement): boolean {
  const [, asn, vrf = ''] = /^router bgp (\d+)(?: vrf (\S+))?$/.exec(head) ?? [];
  const router = document.routers.get(vrf);
  if (asn !== undefined) {
    if (router === undefined || String(router.asn) !== asn) return false;
    mergeRouter(router, body);
    return true;
  }
  const [, kind, name = ''] = /^(vrf|router isis|interface) (\S+)$/.exec(head) ?? [];
  const blocks = kind === 'vrf' ? document.vrfs : kind === 'router isis' ? document.isisRouters : document.isisInterfaces;
  if (kind === undefined || !blocks.has(name)) return false;
  addLines(blocks, name, ...body);
  return true;
}

function mergeRouter(router: BgpRouter, body: readonly string[]): void {
  const { lines, families } = routerBody(body);
  router.local.push(...lines);
  for (const { name, lines: added } of families) {
    const present = router.families.get(name as AddressFamilyName);
    if (present === undefined) router.local.push(`address-family ${name}`, ...added.map((line) => ` ${line}`), 'exit-address-family');
    else present.local.push(...added);
  }
}

function pasted({ head, body, end }: LocalStatement): string[] {
  let depth = 1;
  const lines = body.map((line) => {
    if (line === 'exit-address-family') depth = 1;
    const indented = `${' '.repeat(depth)}${line}`;
    if (line.startsWith('address-family ')) depth = 2;
    return indented;
  });
  return [head, ...lines, ...(end === null ? [] : [end, '!'])];
}
