import { Cidr, cidrsOverlap, invalidValue } from '#engines/kernel';
import type { Fabric, FabricNode } from '../model/fabric.js';
import { canonical, networkOf, type Prefix, type WrittenIp } from '../model/written.js';
import { bgpRouterId } from '../node/router-id.js';
import { firstTwice } from './first-twice.js';

export function checkFabrics(fabrics: readonly Fabric[]): void {
  for (const fabric of fabrics) {
    checkPrefixes(fabric);
    for (const node of fabric.nodes) checkNode(fabric, node);
    checkTwice(fabric);
  }
  checkTogether(fabrics);
}

function checkPrefixes({ id, prefix4, prefix6 }: Fabric): void {
  if (prefix4 === null && prefix6 === null)
    throw invalidValue(`fabric ${id}: ip_prefix`, 'nothing', 'a prefix for the addresses of its nodes');
}

function checkNode({ id, prefix4, prefix6 }: Fabric, { node, ip4, ip6 }: FabricNode): void {
  for (const [key, prefix, ip] of [
    ['ip', prefix4, ip4],
    ['ip6', prefix6, ip6],
  ] as const) {
    const what = `node ${node} of fabric ${id}: ${key}`;
    if (prefix === null && ip !== null) throw invalidValue(what, ip, `no ${key}, because the fabric has no ${key}_prefix`);
    if (prefix === null) continue;
    if (ip === null) throw invalidValue(what, 'nothing', `an address of ${prefix.text}`);
    if (!Cidr.contains(networkOf(prefix), canonical(ip))) throw invalidValue(what, ip, `an address of ${networkOf(prefix)}`);
  }
}

function checkTwice(fabric: Fabric): void {
  for (const family of ['ip4', 'ip6'] as const) {
    const twice = firstTwice(fabric.nodes, (node) => canonicalOrNull(node[family]));
    if (twice)
      throw invalidValue(
        `node ${twice[1].node} of fabric ${fabric.id}: address`,
        twice[1][family],
        `one of its own: node ${twice[0].node} has this one`,
      );
  }
  if (fabric.protocol !== 'bgp') return;
  const ids = fabric.nodes.map((node) => ({ node: node.node, id: bgpRouterId(node) }));
  const zero = ids.find(({ id }) => id === '0.0.0.0');
  if (zero) throw invalidValue(`node ${zero.node} of fabric ${fabric.id}: router id`, zero.id, 'an address that gives another router id');
  const twice = firstTwice(ids, ({ id }) => id);
  if (twice)
    throw invalidValue(
      `node ${twice[1].node} of fabric ${fabric.id}: router id`,
      twice[1].id,
      `one of its own: node ${twice[0].node} has this one`,
    );
}

function checkTogether(fabrics: readonly Fabric[]): void {
  const prefixes = fabrics.flatMap(({ id, prefix4, prefix6 }) =>
    [prefix4, prefix6].filter((prefix) => prefix !== null).map((prefix) => ({ id, prefix })),
  );
  for (const [at, { id, prefix }] of prefixes.entries()) {
    const before = prefixes.slice(0, at).find((one) => overlap(one.prefix, prefix));
    if (before)
      throw invalidValue(
        `fabric ${id}: prefix`,
        prefix.text,
        `one that does not overlap with ${before.prefix.text} of fabric ${before.id}`,
      );
  }
  const ports = fabrics.flatMap(({ id, nodes }) =>
    nodes.flatMap(({ node, interfaces }) => interfaces.map(({ name }) => ({ id, node, name }))),
  );
  const port = firstTwice(ports, ({ node, name }) => `${node} ${name}`);
  if (port)
    throw invalidValue(
      `node ${port[1].node} of fabric ${port[1].id}: interface`,
      port[1].name,
      `each interface once: fabric ${port[0].id} has it`,
    );
  const area = firstTwice(fabrics, (fabric) => (fabric.protocol === 'ospf' ? areaNumber(fabric.area) : null));
  if (area)
    throw invalidValue(
      `fabric ${area[1].id}: area`,
      'protocol' in area[1] && area[1].protocol === 'ospf' ? area[1].area : '',
      `an area of its own: fabric ${area[0].id} has this one`,
    );
}

const overlap = (a: Prefix, b: Prefix): boolean => cidrsOverlap(networkOf(a), networkOf(b));
const canonicalOrNull = (ip: WrittenIp | null): string | null => (ip === null ? null : canonical(ip));

/** `0.0.0.1` and `1` are the same area. */
function areaNumber(area: string): number {
  return area.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}
