/** How loopbacks become reachable: one protocol for the fabric, in values that FRR and EOS both take. */
import { Cidr, type Ip, isDomainError, Ip as IpParser } from '#engines/kernel';
import type { FabricIndex } from '../fabric-index.js';
import { error, type Finding, listed } from '../finding.js';
import { bfdProblem } from './sessions.js';

export function checkUnderlay(index: FabricIndex): Finding[] {
  const { fabric } = index.snapshot;
  const { underlay } = fabric;
  if (!underlay) return [];
  const problems = [
    ...areaProblem(underlay),
    ...(underlay.protocol === 'OSPF' && fabric.underlayFamily === 6
      ? ['take IS-IS below an IPv6 fabric: OSPF is version 2 here, and carries IPv4 only']
      : []),
    ...(underlay.bfd ? [bfdProblem(underlay.bfd)] : []).filter((problem) => problem !== null),
  ];
  return [
    ...problems.map((problem) => error('UNDERLAY_INVALID', 'fabric.underlay', problem, [fabric.id])),
    ...(underlay.protocol === 'OPENFABRIC' ? withoutOpenFabric(index) : []),
    ...(underlay.protocol === 'BGP' && underlay.loopbacks && underlay.loopbacks.length > 0 ? filtered(index, underlay.loopbacks) : []),
  ];
}

/** ISO 10589 §7.1.1: one octet of authority and at most twelve of area in front of the six of the system. */
function areaProblem({ protocol, area }: { readonly protocol: string; readonly area: string | null }): string[] {
  if (area === null || protocol === 'BGP') return [];
  if (protocol === 'OSPF') return isAddress(area) ? [] : [`write the OSPF area as 0.0.0.0, not ${area}`];
  return /^[0-9a-fA-F]{2}(?:\.[0-9a-fA-F]{4}){1,6}$/.test(area) ? [] : [`write the area as 49.0001, not ${area}`];
}

function isAddress(text: string): boolean {
  try {
    return IpParser.family(IpParser.parse(text)) === 4;
  } catch (cause) {
    if (isDomainError(cause)) return false;
    throw cause;
  }
}

function withoutOpenFabric(index: FabricIndex): Finding[] {
  return index.snapshot.devices.flatMap(({ id, slug, platform }) => {
    if (platform !== 'ARISTA_EOS' || !index.linkEndsOfDevice.has(id)) return [];
    const message = `take IS-IS as protocol of the underlay, or the links from ${slug}: EOS speaks no OpenFabric`;
    return [error('UNDERLAY_INVALID', `devices.${slug}`, message, [id])];
  });
}

/** Routes of the underlay are taken only if they are hosts of these prefixes: a VTEP elsewhere is announced and heard by nobody. */
function filtered(index: FabricIndex, loopbacks: readonly Cidr[]): Finding[] {
  const heard = (address: Ip): boolean => loopbacks.some((prefix) => Cidr.contains(prefix, address));
  const refuse = (name: string, id: string, address: Ip): Finding =>
    error(
      'UNDERLAY_INVALID',
      `devices.${name}.vtep`,
      `add a prefix of loopbacks that has ${address} of ${name}, or move the VTEP into ${listed(loopbacks)}: no peer takes its route otherwise`,
      [id],
    );
  return [
    ...index.snapshot.devices.flatMap(({ id, slug, vtep }) => (vtep && !heard(vtep.address) ? [refuse(slug, id, vtep.address)] : [])),
    ...(index.snapshot.mlags ?? []).flatMap(({ domain, sharedVtep, members }) =>
      sharedVtep !== undefined && !heard(sharedVtep) ? [refuse(`the pair ${domain}`, members[0].deviceId, sharedVtep)] : [],
    ),
  ];
}
