/** fabrics.cfg: a section `<protocol>_fabric: <fabric>`, and one `<protocol>_node: <fabric>_<node>` for each node of it. */
import { invalidValue } from '#engines/kernel';
import type {
  BgpFabric,
  BgpFabricNode,
  Fabric,
  FabricInterface,
  FabricNode,
  FabricProtocol,
  OpenFabric,
  OspfFabric,
  Redistribution,
} from '../model/fabric.js';
import { LARGEST_ASN } from '../model/limits.js';
import { FABRIC_ID, INTERFACE_NAME, LIST_ID, NODE_NAME, OSPF_AREA } from './forms.js';
import { inByteOrder } from '../model/in-byte-order.js';

import type { Section } from './section-config.js';
import { SectionReader } from './section-reader.js';

const PROTOCOLS: readonly FabricProtocol[] = ['openfabric', 'ospf', 'bgp'];
const ACCEPTED_TYPES = PROTOCOLS.flatMap((protocol) => [`${protocol}_fabric`, `${protocol}_node`]).join(', ');
const SOURCES = ['bgp', 'connected', 'isis', 'kernel', 'openfabric', 'ospf', 'static'] as const;
const NETWORK_TYPES = ['broadcast', 'non-broadcast', 'point-to-point', 'point-to-multipoint'] as const;

export function parseFabrics(sections: readonly Section[]): readonly Fabric[] {
  const typed = sections.map((section) => {
    const [, protocol, part] = /^(.+)_(fabric|node)$/.exec(section.type) ?? [];
    const known = PROTOCOLS.find((one) => one === protocol);
    if (known === undefined) throw invalidValue(`type of fabric ${section.id}`, section.type, ACCEPTED_TYPES);
    return { section, protocol: known, isNode: part === 'node' };
  });
  const fabrics = typed.filter(({ isNode }) => !isNode);
  const nodes = typed.filter(({ isNode }) => isNode).map((one) => ({ ...one, ...ownerOf(one.section) }));
  for (const { section, protocol, fabric } of nodes) {
    if (fabrics.some((one) => one.section.id === fabric && one.protocol === protocol)) continue;
    throw invalidValue(
      'node of a fabric',
      section.id,
      `<fabric>_<node> of a fabric that is there with ${protocol}_fabric, and ${fabric} is not`,
    );
  }
  return fabrics
    .map(({ section, protocol }) =>
      fabricOf(
        section,
        protocol,
        nodes.filter(({ fabric }) => fabric === section.id),
      ),
    )
    .sort(inByteOrder(({ id }) => id));
}

interface NodeSection {
  readonly section: Section;
  readonly node: string;
}

function ownerOf({ id }: Section): { fabric: string; node: string } {
  const at = id.indexOf('_');
  const [fabric, node] = [id.slice(0, at), id.slice(at + 1)];
  if (at < 0 || !FABRIC_ID.pattern.test(fabric) || !NODE_NAME.pattern.test(node))
    throw invalidValue('node of a fabric', id, '<fabric>_<node>');
  return { fabric, node };
}

function fabricOf(section: Section, protocol: FabricProtocol, sections: readonly NodeSection[]): Fabric {
  if (!FABRIC_ID.pattern.test(section.id)) throw invalidValue('fabric', section.id, FABRIC_ID.accepted);
  const reader = new SectionReader('fabric', section);
  const any = {
    id: section.id,
    prefix4: ofFamily(reader, 'ip_prefix', reader.prefix('ip_prefix'), 4),
    prefix6: protocol === 'ospf' ? null : ofFamily(reader, 'ip6_prefix', reader.prefix('ip6_prefix'), 6),
    routeFilter: reader.text('route_filter', LIST_ID),
  };
  const fabric =
    protocol === 'openfabric'
      ? openfabric(reader, any, sections)
      : protocol === 'ospf'
        ? ospf(reader, any, sections)
        : bgp(reader, any, sections);
  reader.finish();
  return fabric;
}

type AnyFabric = Pick<OpenFabric, 'id' | 'prefix4' | 'prefix6' | 'routeFilter'>;

function openfabric(reader: SectionReader, any: AnyFabric, sections: readonly NodeSection[]): OpenFabric {
  return {
    ...any,
    protocol: 'openfabric',
    helloSeconds: reader.integer('hello_interval', 1, 600),
    csnpSeconds: reader.integer('csnp_interval', 1, 600),
    nodes: nodesOf(sections, (node) => nodeOf(node, 'openfabric')),
  };
}

function ospf(reader: SectionReader, any: AnyFabric, sections: readonly NodeSection[]): OspfFabric {
  return {
    ...any,
    protocol: 'ospf',
    area: reader.required('area', reader.text('area', OSPF_AREA)),
    redistribute: reader.parts('redistribute', redistribution),
    nodes: nodesOf(sections, (node) => nodeOf(node, 'ospf')),
  };
}

function bgp(reader: SectionReader, any: AnyFabric, sections: readonly NodeSection[]): BgpFabric {
  return {
    ...any,
    protocol: 'bgp',
    bfd: reader.flag('bfd'),
    redistribute: reader.parts('redistribute', redistribution),
    routeMapIn: reader.text('route_map_in', LIST_ID),
    routeMapOut: reader.text('route_map_out', LIST_ID),
    nodes: nodesOf(sections, bgpNode),
  };
}

function nodesOf<T extends FabricNode>(sections: readonly NodeSection[], read: (node: NodeReader) => T): readonly T[] {
  return sections
    .map(({ section, node }) => {
      const reader = new SectionReader('node of fabric', section);
      const result = read({ reader, node });
      reader.finish();
      return result;
    })
    .sort(inByteOrder((one) => one.node));
}

interface NodeReader {
  readonly reader: SectionReader;
  readonly node: string;
}

function nodeOf({ reader, node }: NodeReader, protocol: FabricProtocol): FabricNode {
  return {
    node,
    ip4: ofFamily(reader, 'ip', reader.ip('ip'), 4),
    ip6: protocol === 'ospf' ? null : ofFamily(reader, 'ip6', reader.ip('ip6'), 6),
    interfaces: reader.parts('interfaces', (part) => interfaceOf(part, protocol)),
  };
}

function bgpNode(node: NodeReader): BgpFabricNode {
  const { reader } = node;
  return {
    ...nodeOf(node, 'bgp'),
    asn: reader.required('asn', reader.integer('asn', 1, LARGEST_ASN)),
    role: reader.oneOf('role', ['internal', 'external']) ?? 'internal',
  };
}

function interfaceOf(part: SectionReader, protocol: FabricProtocol): FabricInterface {
  const hasAddress = protocol !== 'bgp'; // BGP fabrics are unnumbered
  return {
    name: part.required('name', part.text('name', INTERFACE_NAME)),
    ip4: hasAddress ? ofFamily(part, 'ip', part.prefix('ip'), 4) : null,
    ip6: protocol === 'openfabric' ? ofFamily(part, 'ip6', part.prefix('ip6'), 6) : null,
    helloMultiplier: protocol === 'openfabric' ? part.integer('hello_multiplier', 2, 100) : null,
    networkType: protocol === 'ospf' ? part.oneOf('network_type', NETWORK_TYPES) : null,
  };
}

function redistribution(part: SectionReader): Redistribution {
  return {
    source: part.required('source', part.oneOf('source', SOURCES)),
    metric: part.integer('metric', 0, 16_777_214),
    routeMap: part.text('route-map', LIST_ID) ?? part.text('route_map', LIST_ID),
  };
}

function ofFamily<T extends string | { readonly text: string }>(
  reader: SectionReader,
  key: string,
  value: T | null,
  family: 4 | 6,
): T | null {
  if (value === null) return null;
  const text = typeof value === 'string' ? value : value.text;
  if (text.includes(':') !== (family === 6)) throw reader.refused(key, text, `an IPv${family} address`);
  return value;
}
