/** Pairs of EOS switches. Each says the other's address; a pair that is wired wrongly splits, and both halves go on by themselves. */
import { Cidr, Ip } from '#engines/kernel';
import type { FabricIndex } from '../fabric-index.js';
import { error, type Finding, listed } from '../finding.js';
import { groupBy } from '../group-by.js';
import type { MlagFacts, MlagMember } from '../snapshot.js';
import { isReserved } from './links.js';

export function checkMlags(index: FabricIndex): Finding[] {
  const mlags = index.snapshot.mlags ?? [];
  return [...mlags.flatMap((mlag) => check(index, mlag)), ...repeated(index, mlags)];
}

const slugOf = (index: FabricIndex, { deviceId }: MlagMember): string => index.device.get(deviceId)?.slug ?? deviceId;

function check(index: FabricIndex, mlag: MlagFacts): Finding[] {
  const problems = [
    ...domainProblem(mlag),
    ...mlag.members.flatMap((member) => memberProblems(index, member)),
    ...pairProblems(index, mlag),
  ];
  return problems.map((problem) =>
    error(
      'MLAG_INVALID',
      `mlags.${mlag.domain}`,
      problem,
      mlag.members.map(({ deviceId }) => deviceId),
    ),
  );
}

const domainProblem = ({ domain }: MlagFacts): string[] =>
  /^[A-Za-z0-9._-]{1,32}$/.test(domain) ? [] : ['name the MLAG domain with 1 to 32 letters, digits, dots, dashes and underscores'];

function memberProblems(index: FabricIndex, member: MlagMember): string[] {
  const device = index.device.get(member.deviceId);
  if (!device) return [];
  const ports = new Set<string>(device.ports.map(({ name }) => name));
  const missing = member.peerLinkMembers.filter((port) => !ports.has(port));
  const uses = (index.attachmentsOfDevice.get(device.id) ?? []).filter(({ port }) => port === member.peerLink);
  return [
    ...(device.platform === 'ARISTA_EOS' ? [] : [`pair ${device.slug} with nobody, or make it ARISTA_EOS: MLAG is Arista's`]),
    ...(/^Port-Channel[1-9]\d{0,3}$/.test(member.peerLink)
      ? []
      : [`make the peer link of ${device.slug} a Port-Channel, not ${member.peerLink}`]),
    ...(member.peerLinkMembers.length === 0 ? [`give the peer link of ${device.slug} a member`] : []),
    ...(missing.length > 0 ? [`add port ${listed(missing)} to ${device.slug}, or choose members of its peer link that it has`] : []),
    ...(uses.length > 0
      ? [`attach networks of ${device.slug} elsewhere than to ${member.peerLink}: the peer link carries all VLANs already`]
      : []),
  ];
}

function pairProblems(index: FabricIndex, { domain, members: [a, b], sharedVtep }: MlagFacts): string[] {
  const names = `${slugOf(index, a)} and ${slugOf(index, b)}`;
  if (a.deviceId === b.deviceId) return [`pair ${slugOf(index, a)} with another switch than itself`];
  const family = index.snapshot.fabric.underlayFamily;
  const own = [a, b].map(({ deviceId }) => index.device.get(deviceId)?.vtep?.address);
  return [
    ...addressProblem(a, b, names),
    ...(sharedVtep !== undefined && Ip.family(sharedVtep) !== family
      ? [`share an IPv${family} VTEP in ${domain}, like the rest of the fabric`]
      : []),
    ...(sharedVtep !== undefined && own.includes(sharedVtep)
      ? [`share another VTEP address than ${sharedVtep}: one of ${names} has it alone`]
      : []),
  ];
}

/** One subnet of two: EOS takes the peer's address and asks the SVI of the peer VLAN for it. */
function addressProblem(a: MlagMember, b: MlagMember, names: string): string[] {
  const bits = Ip.family(a.address) === 4 ? 32 : 128;
  if (
    a.prefixLength !== b.prefixLength ||
    a.prefixLength < bits - 2 ||
    a.prefixLength >= bits ||
    Ip.family(a.address) !== Ip.family(b.address)
  )
    return [`put the peer addresses of ${names} into one /${bits - 1} or /${bits - 2}`];
  if (a.address === b.address) return [`give each of ${names} its own peer address: both have ${a.address}`];
  const drop = BigInt(bits - a.prefixLength);
  const prefix = Cidr.parse(`${Ip.fromBigInt(Ip.family(a.address), (Ip.toBigInt(a.address) >> drop) << drop)}/${a.prefixLength}`);
  if (!Cidr.contains(prefix, b.address)) return [`put the peer addresses of ${names} into one subnet: ${b.address} is not in ${prefix}`];
  const reserved = [a.address, b.address].find((address) => isReserved(prefix, address));
  return reserved === undefined ? [] : [`choose another peer address than ${reserved} for ${names}: it is no host address of ${prefix}`];
}

function repeated(index: FabricIndex, mlags: readonly MlagFacts[]): Finding[] {
  const idsOf = (list: readonly MlagFacts[]) => list.flatMap(({ members }) => members.map(({ deviceId }) => deviceId));
  const domains = [...groupBy(mlags, ({ domain }) => domain)].flatMap(([domain, uses]) =>
    uses.length < 2
      ? []
      : [error('MLAG_INVALID', `mlags.${domain}`, `give each of the ${uses.length} pairs called ${domain} its own domain`, idsOf(uses))],
  );
  const placed = mlags.flatMap((mlag) => mlag.members.map((member) => ({ mlag, slug: slugOf(index, member) })));
  const devices = [...groupBy(placed, ({ slug }) => slug)].flatMap(([slug, uses]) => {
    const pairs = [...new Set(uses.map(({ mlag }) => mlag))];
    if (pairs.length < 2) return [];
    const message = `leave ${slug} in one of the pairs ${listed(pairs.map(({ domain }) => domain))}`;
    return [error('MLAG_INVALID', `devices.${slug}.mlag`, message, idsOf(pairs))];
  });
  return [...domains, ...devices];
}
