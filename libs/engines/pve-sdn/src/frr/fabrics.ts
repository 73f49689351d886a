/** The part of frr.conf that the fabrics ask for. Route maps give what is learned the node's address in the fabric as its source. */
import { Ip } from '#engines/kernel';
import type { BgpFabric, Fabric, FabricNode, OpenFabric, OspfFabric, Redistribution } from '../model/fabric.js';
import type { SdnConfig } from '../model/sdn-config.js';
import { canonical, type Prefix, type WrittenIp } from '../model/written.js';
import { bgpRouterId } from '../node/router-id.js';
import { addLines, family, type FrrDocument, router } from './frr-document.js';

const FIRST_SEQUENCE = 100;
const SEQUENCE_STEP = 10;
const LAST_SEQUENCE = 65_535;

export function addFabrics(document: FrrDocument, { fabrics }: SdnConfig, node: string): void {
  let sequence = FIRST_SEQUENCE; // one counter over all fabrics and families
  const next = (): number => {
    sequence += SEQUENCE_STEP;
    return sequence - SEQUENCE_STEP;
  };
  const net = netOf(fabrics, node);
  for (const fabric of fabrics) {
    const own = fabric.nodes.find((one) => one.node === node);
    if (own === undefined) continue;
    if (fabric.protocol === 'openfabric') addOpenFabric(document, fabric, own, net);
    else if (fabric.protocol === 'ospf') addOspf(document, fabric, own);
    else addBgpFabric(document, fabric, node);
    addSources(document, fabric, own, next);
  }
  closeBgpMaps(document, fabrics, node);
}

/** The NET of a node is the same in all of its OpenFabric fabrics: the address in the first of them. */
function netOf(fabrics: readonly Fabric[], node: string): string {
  const first = fabrics
    .filter(({ protocol }) => protocol === 'openfabric')
    .flatMap(({ nodes }) => nodes.filter((one) => one.node === node))[0];
  const ip = first?.ip4 ?? first?.ip6;
  return ip ? `49.0001.${systemId(ip)}.00` : '';
}

/** 10.255.0.21 → 0102.5500.0021; of an IPv6 address the last three groups. */
function systemId(ip: WrittenIp): string {
  const address = canonical(ip);
  const digits =
    Ip.family(address) === 4
      ? address
          .split('.')
          .map((octet) => octet.padStart(3, '0'))
          .join('')
      : (Ip.toBigInt(address) & 0xffff_ffff_ffffn).toString(16).padStart(12, '0');
  return `${digits.slice(0, 4)}.${digits.slice(4, 8)}.${digits.slice(8)}`;
}

function addOpenFabric(document: FrrDocument, fabric: OpenFabric, { ip4, ip6, interfaces }: FabricNode, net: string): void {
  const { id, helloSeconds, csnpSeconds } = fabric;
  const families = (has4: boolean, has6: boolean): string[] => [
    ...(has4 ? [`ip router openfabric ${id}`] : []),
    ...(has6 ? [`ipv6 router openfabric ${id}`] : []),
  ];
  addLines(document.openfabricRouters, id, `net ${net}`);
  addLines(document.openfabricInterfaces, `dummy_${id}`, ...families(ip4 !== null, ip6 !== null), 'openfabric passive');
  for (const port of interfaces) {
    addLines(
      document.openfabricInterfaces,
      port.name,
      ...families((port.ip4 ?? ip4) !== null, (port.ip6 ?? ip6) !== null),
      ...(helloSeconds === null ? [] : [`openfabric hello-interval ${helloSeconds}`]),
      ...(port.helloMultiplier === null ? [] : [`openfabric hello-multiplier ${port.helloMultiplier}`]),
      ...(csnpSeconds === null ? [] : [`openfabric csnp-interval ${csnpSeconds}`]),
    );
  }
}

/** All OSPF fabrics of a node are areas of one router. */
function addOspf(document: FrrDocument, { id, area, redistribute }: OspfFabric, { ip4, interfaces }: FabricNode): void {
  if (document.ospfRouter.length === 0 && ip4 !== null) document.ospfRouter.push(`ospf router-id ${ip4}`);
  document.ospfRouter.push(...redistribute.map(redistributeLine).filter((line) => !document.ospfRouter.includes(line)));
  addLines(document.ospfInterfaces, `dummy_${id}`, `ip ospf area ${area}`, 'ip ospf passive');
  for (const port of interfaces) {
    const type = port.networkType ?? (port.ip4 === null ? 'point-to-point' : null); // an unnumbered link has two ends
    addLines(document.ospfInterfaces, port.name, `ip ospf area ${area}`, ...(type === null ? [] : [`ip ospf network ${type}`]));
  }
}

function addBgpFabric(document: FrrDocument, fabric: BgpFabric, name: string): void {
  const { id, bfd, redistribute, routeMapOut } = fabric;
  const node = fabric.nodes.find((one) => one.node === name);
  if (node === undefined) return;
  const bgp = router(document, '', { asn: node.asn, routerId: () => bgpRouterId(node), settings: ['no bgp default ipv4-unicast'] });
  bgp.neighbors.push(
    `neighbor ${id} peer-group`,
    `neighbor ${id} remote-as external`,
    ...(bgp.asn === node.asn ? [] : [`neighbor ${id} local-as ${node.asn} no-prepend replace-as`]),
    ...(bfd ? [`neighbor ${id} bfd`] : []),
    ...node.interfaces.map((port) => `neighbor ${port.name} interface peer-group ${id}`),
  );
  for (const { ip, length, afi, map } of [
    { ip: node.ip4, length: 32, afi: 'ipv4 unicast', map: 'pve_bgp' },
    { ip: node.ip6, length: 128, afi: 'ipv6 unicast', map: 'pve_bgp6' },
  ] as const) {
    if (ip === null) continue;
    const unicast = family(bgp, afi);
    unicast.networks.push(`network ${canonical(ip)}/${length}`);
    unicast.neighbors.push(
      `neighbor ${id} activate`,
      `neighbor ${id} soft-reconfiguration inbound`,
      `neighbor ${id} route-map ${map}_${id}_in in`,
      ...(routeMapOut === null ? [] : [`neighbor ${id} route-map ${routeMapOut} out`]),
    );
    unicast.redistribute.push(...redistribute.map(redistributeLine));
  }
}

/** What a fabric announces gets the address of the node in it as its source; on BGP only such routes come in. */
function addSources(document: FrrDocument, fabric: Fabric, { ip4, ip6 }: FabricNode, next: () => number): void {
  for (const { ip, prefix, word, six } of [
    { ip: ip4, prefix: fabric.prefix4, word: 'ip', six: '' },
    { ip: ip6, prefix: fabric.prefix6, word: 'ipv6', six: '6' },
  ] as const) {
    if (ip === null || prefix === null) continue;
    const map = `pve_${fabric.protocol}${six}`;
    const list = `pve_${fabric.protocol}_${fabric.id}_ip${six}s`;
    const match = `match ${word} address ${fabric.routeFilter === null ? list : `prefix-list ${fabric.routeFilter}`}`;
    if (fabric.routeFilter === null)
      addLines(document.accessLists, list, `${six && 'ipv6 '}access-list ${list} permit ${canonicalText(prefix)}`);
    addNumbered(document, map, next(), [match, `set src ${canonical(ip)}`]);
    if (fabric.protocol === 'bgp') {
      const call = fabric.routeMapIn === null ? [] : [`call ${fabric.routeMapIn}`];
      addNumbered(document, `${map}_${fabric.id}_in`, 10, [match, ...call]);
    }
    const before = document.protocolMaps.get(fabric.protocol);
    document.protocolMaps.set(fabric.protocol, { ...before, [word]: map });
  }
}

/** BGP carries more than the fabric: what no entry matches keeps its own source. */
function closeBgpMaps(document: FrrDocument, fabrics: readonly Fabric[], node: string): void {
  if (!fabrics.some(({ protocol, nodes }) => protocol === 'bgp' && nodes.some((one) => one.node === node))) return;
  for (const map of ['pve_bgp', 'pve_bgp6']) if (document.routeMaps.has(map)) addNumbered(document, map, LAST_SEQUENCE, []);
}

function addNumbered({ routeMaps }: FrrDocument, map: string, sequence: number, lines: readonly string[]): void {
  routeMaps.set(map, [...(routeMaps.get(map) ?? []), { action: 'permit', sequence, lines }]);
}

const redistributeLine = ({ source, metric, routeMap }: Redistribution): string =>
  `redistribute ${source}${metric === null ? '' : ` metric ${metric}`}${routeMap === null ? '' : ` route-map ${routeMap}`}`;

/** Addresses in canonical text, host bits as they were written. */
const canonicalText = ({ address, length }: Prefix): string => `${canonical(address)}/${length}`;
