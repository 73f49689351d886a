/** The part of interfaces.d/sdn that the fabrics add at its end: with a family, and not sorted into the rest. */
import type { Fabric, FabricInterface, FabricNode } from '../model/fabric.js';
import type { WrittenIp } from '../model/written.js';

export interface FabricStanza {
  readonly head: string;
  readonly options: readonly string[];
}

export function fabricStanzas(fabrics: readonly Fabric[], node: string): readonly FabricStanza[] {
  return fabrics.flatMap((fabric) => {
    const own = fabric.nodes.find((one) => one.node === node);
    return own === undefined ? [] : [...dummy(fabric, own), ...own.interfaces.flatMap((port) => stanzasOf(fabric, own, port))];
  });
}

function dummy({ id }: Fabric, { ip4, ip6 }: FabricNode): FabricStanza[] {
  const name = `dummy_${id}`;
  return [
    ...(ip4 === null ? [] : [inet(name, `${ip4}/32`, ['link-type dummy', 'ip-forward 1'])]),
    ...(ip6 === null ? [] : [inet6(name, `${ip6}/128`, ['link-type dummy'])]),
  ];
}

/** An interface without an address of its own borrows the one of the node. A BGP fabric has none on its interfaces (RFC 5549). */
function stanzasOf(fabric: Fabric, node: FabricNode, { name, ip4, ip6 }: FabricInterface): FabricStanza[] {
  if (fabric.protocol === 'bgp') return [{ head: `${name} inet manual`, options: ['ip-forward 1', 'ip6-forward 1', 'accept-ra 0'] }];
  const own4 = ip4?.text ?? borrowed(node.ip4, 32);
  const own6 = ip6?.text ?? borrowed(node.ip6, 128);
  return [...(own4 === null ? [] : [inet(name, own4, ['ip-forward 1'])]), ...(own6 === null ? [] : [inet6(name, own6, [])])];
}

const borrowed = (ip: WrittenIp | null, length: number): string | null => (ip === null ? null : `${ip}/${length}`);
const inet = (name: string, address: string, options: readonly string[]): FabricStanza => ({
  head: `${name} inet static`,
  options: [`address ${address}`, ...options],
});
const inet6 = (name: string, address: string, options: readonly string[]): FabricStanza => ({
  head: `${name} inet6 static`,
  options: [`address ${address}`, ...options],
});
