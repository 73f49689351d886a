/** An underlay: a routing protocol between the nodes, and one address per node that everything else is reached by. */
import type { Prefix, WrittenIp } from './written.js';

export type FabricProtocol = 'openfabric' | 'ospf' | 'bgp';

export type Fabric = OpenFabric | OspfFabric | BgpFabric;

interface FabricOfAnyProtocol<Node extends FabricNode> {
  /** At most 8 characters: `dummy_<fabric>`. */
  readonly id: string;
  readonly prefix4: Prefix | null;
  readonly prefix6: Prefix | null;
  /** Name of a prefix list that says which routes get the node's address as their source (9.2). */
  readonly routeFilter: string | null;
  /** In byte order of the node's name. */
  readonly nodes: readonly Node[];
}

export interface OpenFabric extends FabricOfAnyProtocol<FabricNode> {
  readonly protocol: 'openfabric';
  readonly helloSeconds: number | null;
  readonly csnpSeconds: number | null;
}

export interface OspfFabric extends FabricOfAnyProtocol<FabricNode> {
  readonly protocol: 'ospf';
  /** A number or a dotted quad, as written. */
  readonly area: string;
  readonly redistribute: readonly Redistribution[];
}

export interface BgpFabric extends FabricOfAnyProtocol<BgpFabricNode> {
  readonly protocol: 'bgp';
  readonly bfd: boolean;
  readonly redistribute: readonly Redistribution[];
  readonly routeMapIn: string | null;
  readonly routeMapOut: string | null;
}

export interface FabricNode {
  readonly node: string;
  readonly ip4: WrittenIp | null;
  readonly ip6: WrittenIp | null;
  /** In the order of the file. */
  readonly interfaces: readonly FabricInterface[];
}

export interface BgpFabricNode extends FabricNode {
  readonly asn: number;
  readonly role: 'internal' | 'external';
}

export interface FabricInterface {
  readonly name: string;
  readonly ip4: Prefix | null;
  readonly ip6: Prefix | null;
  readonly helloMultiplier: number | null;
  readonly networkType: string | null;
}

export interface Redistribution {
  readonly source: string;
  readonly metric: number | null;
  readonly routeMap: string | null;
}
