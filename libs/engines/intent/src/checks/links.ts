/** Routed links of the underlay. */
import { Cidr, Ip } from '#engines/kernel';
import type { FabricIndex } from '../fabric-index.js';
import { error, type Finding } from '../finding.js';
import { groupBy } from '../group-by.js';
import type { LinkFacts } from '../snapshot.js';

export function checkLinks(index: FabricIndex): Finding[] {
  return [...index.snapshot.links.flatMap((link) => ends(index, link)), ...ports(index)];
}

function ends(index: FabricIndex, link: LinkFacts): Finding[] {
  const [a, b] = link.ends;
  const name = nameOf(index, link);
  const path = `links.${name}`;
  const ids = [a.deviceId, b.deviceId];
  return [
    ...(a.deviceId === b.deviceId ? [error('LINK_INVALID', path, `connect ${name} to two devices: both ends are the same`, ids)] : []),
    ...addresses(link).map((problem) => error('LINK_INVALID', path, problem, ids)),
    ...[a, b].flatMap(({ deviceId, port }) => {
      const device = index.device.get(deviceId);
      if (!device || device.ports.some(({ name }) => name === port)) return [];
      return [error('LINK_INVALID', path, `add port ${port} to ${device.slug}, or choose one that it has`, [deviceId])];
    }),
  ];
}

function addresses({ prefix, ends }: LinkFacts): string[] {
  return ends.flatMap(({ address }) => {
    if (prefix === null)
      return address === null ? [] : [`give the link a prefix, or take ${address} from its end: an unnumbered link has no addresses`];
    if (address === null) return [`give both ends of ${prefix} an address, or neither a prefix`];
    return Cidr.contains(prefix, address) && !isReserved(prefix, address)
      ? []
      : [`choose a host address of ${prefix} instead of ${address}`];
  });
}

/** The prefix of a link; an unnumbered one is called after its ends. */
function nameOf(index: FabricIndex, { prefix, ends }: LinkFacts): string {
  return prefix ?? ends.map(({ deviceId, port }) => `${index.device.get(deviceId)?.slug ?? deviceId} ${port}`).join(' – ');
}

function ports(index: FabricIndex): Finding[] {
  const all = index.snapshot.links.flatMap((link) => link.ends.map((end) => ({ ...end, prefix: nameOf(index, link) })));
  return [...groupBy(all, ({ deviceId, port }) => `${deviceId} ${port}`).values()].flatMap((uses) => {
    const [first] = uses;
    if (!first || uses.length < 2) return [];
    const name = index.device.get(first.deviceId)?.slug ?? first.deviceId;
    const message = `give each link a port of its own: ${uses.map(({ prefix }) => prefix).join(' and ')} share ${name} ${first.port}`;
    return [error('PORT_CLASH', `devices.${name}.ports.${first.port}`, message, [first.deviceId])];
  });
}

/** Network and broadcast address of an IPv4 prefix; a /31 has neither (RFC 3021). */
export function isReserved(prefix: Cidr, address: Ip): boolean {
  const { first, last } = Cidr.bounds(prefix);
  const value = Ip.toBigInt(address);
  if (Cidr.family(prefix) === 4) return Cidr.length(prefix) <= 30 && (value === first || value === last);
  return Cidr.length(prefix) <= 126 && value === first; // subnet-router anycast, RFC 4291 §2.6.1
}
