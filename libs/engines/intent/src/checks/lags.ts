/**
 * Aggregated links. A LAG whose ends disagree does not fail: it carries some of the flows, or loops. Both ends are made of one record; what the
 * record cannot say is what a host calls its bond, and what the legs of several switches carry.
 */
import { compareNatural, type DeviceId } from '#engines/kernel';
import type { FabricIndex } from '../fabric-index.js';
import { error, type Finding, listed } from '../finding.js';
import { groupBy } from '../group-by.js';
import type { DeviceFacts, HostBondFacts, LagEnd, LagFacts, OvsPortFacts } from '../snapshot.js';

export function checkLags(index: FabricIndex): Finding[] {
  const lags = index.snapshot.lags ?? [];
  return [...lags.flatMap((lag) => check(index, lag)), ...ends(index, lags), ...segments(index, lags)];
}

const pathOf = (index: FabricIndex, { ends: [first] }: LagFacts): string => `lags.${first ? nameOf(index, first) : 'empty'}`;
const nameOf = (index: FabricIndex, { deviceId, name }: LagEnd): string => `${index.device.get(deviceId)?.slug ?? deviceId} ${name}`;
const idsOf = ({ ends: list }: LagFacts): DeviceId[] => list.map(({ deviceId }) => deviceId);

function check(index: FabricIndex, lag: LagFacts): Finding[] {
  const path = pathOf(index, lag);
  const { switches, hanging } = sides(index, lag);
  const problems = [
    ...lag.ends.flatMap((end) => endProblems(index, lag, end)),
    ...countProblems(index, lag),
    ...(switches.length > 1 ? pairProblems(index, lag, switches) : []),
    ...(lag.segment !== null && switches.length === 1 && hanging
      ? [`add the other switch of the segment to ${nameOf(index, hanging)}, or take the segment from it: one switch alone needs none`]
      : []),
  ];
  return [
    ...problems.map((problem) => error('LAG_INVALID', path, problem, idsOf(lag))),
    ...(switches.length > 1 ? legs(index, lag, switches) : []),
  ];
}

/** All but one are switches of one segment or pair; the other is the one that is no EOS switch, or the last. */
function sides(index: FabricIndex, { ends: list }: LagFacts): { switches: readonly LagEnd[]; hanging: LagEnd | undefined } {
  const others = list.filter(({ deviceId }) => index.device.get(deviceId)?.platform !== 'ARISTA_EOS');
  const hanging = others.length === 1 ? others[0] : list.at(-1);
  return { switches: list.filter((end) => end !== hanging), hanging };
}

function countProblems(index: FabricIndex, lag: LagFacts): string[] {
  const { switches, hanging } = sides(index, lag);
  if (!hanging || switches.length === 0) return ['give each aggregated link two ends or more'];
  const members = switches.reduce((sum, end) => sum + end.members.length, 0);
  const isUnknown = hanging.members.length === 0 && index.device.get(hanging.deviceId)?.platform === 'EXTERNAL';
  if (members === hanging.members.length || isUnknown) return [];
  const others = listed(switches.map((end) => nameOf(index, end)));
  return [`connect all members of ${nameOf(index, hanging)}: it has ${hanging.members.length}, and ${others} together ${members}`];
}

function endProblems(index: FabricIndex, lag: LagFacts, end: LagEnd): string[] {
  const device = index.device.get(end.deviceId);
  if (!device) return [];
  const name = nameOf(index, end);
  const ports = new Set(device.ports.map((port) => String(port.name)));
  const missing = end.members.filter((member) => !ports.has(member));
  const twice = end.members.filter((member, i) => end.members.indexOf(member) !== i);
  return [
    ...(end.members.length === 0 && device.platform !== 'EXTERNAL' ? [`give ${name} a member`] : []),
    ...(missing.length > 0 ? [`add port ${listed(missing)} to ${device.slug}, or choose members of ${name} that it has`] : []),
    ...(twice.length > 0 ? [`name ${listed([...new Set(twice)])} once in ${name}`] : []),
    ...switchName(device, end),
    ...(device.platform === 'DEBIAN_FRR' ? bondProblems(device, lag, end) : []),
  ];
}

/** EOS: 1…2000 on every release; Comware numbers from 1 to 1024 at least. */
function switchName({ platform, slug }: DeviceFacts, { name }: LagEnd): string[] {
  const [word, last] = platform === 'ARISTA_EOS' ? ['Port-Channel', 2000] : platform === 'HP_COMWARE' ? ['Bridge-Aggregation', 1024] : [];
  if (word === undefined || last === undefined) return [];
  const number = Number(name.startsWith(word) ? name.slice(word.length) : Number.NaN);
  return Number.isInteger(number) && number >= 1 && number <= last ? [] : [`call ${name} of ${slug} ${word}1 to ${word}${last}`];
}

/** What negotiates nothing with the switch needs no LAG there: on the switch these are plain ports. */
const STATIC_MODES: readonly string[] = ['balance-xor', 'balance-rr'];

function bondProblems({ slug, host, openvswitch }: DeviceFacts, { mode }: LagFacts, end: LagEnd): string[] {
  const bond = host?.bonds.find(({ name }) => String(name) === end.name);
  if (bond) return [...modeProblem(slug, mode, bond), ...memberProblem(slug, end, bond.members)];
  const port = (openvswitch?.bridges ?? []).flatMap(({ ports }) => ports).find(({ name }) => String(name) === end.name);
  if (port) {
    const members = port.interfaces.map(({ name }) => name);
    return [...ovsModeProblem(slug, mode, port), ...memberProblem(slug, end, members)];
  }
  return []; // The compiler makes the bond.
}

function modeProblem(slug: string, mode: LagFacts['mode'], { name, mode: own }: HostBondFacts): string[] {
  if (mode === 'LACP')
    return own === '802.3ad'
      ? []
      : [`set ${name} of ${slug} to 802.3ad, or the aggregated link to what ${own} is: the switch waits for LACP`];
  if (own === '802.3ad')
    return [`set the aggregated link of ${name} of ${slug} to LACP: 802.3ad uses one member only when the switch does not answer`];
  return STATIC_MODES.includes(own)
    ? []
    : [`take the aggregated link from ${name} of ${slug}, or set it to balance-xor: with ${own} the ports of the switch stay apart`];
}

function ovsModeProblem(slug: string, mode: LagFacts['mode'], { name, bond }: OvsPortFacts): string[] {
  const lacp = bond?.lacp ?? 'off';
  if (mode === 'LACP') return lacp === 'off' ? [`let ${name} of ${slug} speak LACP: the switch waits for it`] : [];
  return lacp === 'off' ? [] : [`set the aggregated link of ${name} of ${slug} to LACP: Open vSwitch waits for it`];
}

function memberProblem(slug: string, end: LagEnd, own: readonly string[]): string[] {
  const isSame = own.length === end.members.length && own.every((member) => (end.members as readonly string[]).includes(member));
  return isSame
    ? []
    : [`name the same members of ${end.name} of ${slug} twice: the host says ${listed(own)}, the link ${listed(end.members)}`];
}

/** Several switches look like one only in a segment or as an MLAG pair. */
function pairProblems(index: FabricIndex, lag: LagFacts, switches: readonly LagEnd[]): string[] {
  const names = listed(switches.map((end) => nameOf(index, end)));
  const ids = new Set(switches.map(({ deviceId }) => deviceId));
  const foreign = switches.filter(({ deviceId }) => index.device.get(deviceId)?.platform !== 'ARISTA_EOS');
  const pair = (index.snapshot.mlags ?? []).find(({ members }) => members.every(({ deviceId }) => ids.has(deviceId)));
  const isPair = pair !== undefined && switches.length === 2;
  const numbers = new Set(switches.map(({ name }) => /\d+$/.exec(name)?.[0]));
  return [
    ...(ids.size < switches.length ? [`let the legs ${names} end on different switches`] : []),
    ...(foreign.length > 0
      ? [`end ${listed(foreign.map((end) => nameOf(index, end)))} on EOS switches: only they share a LAG by MLAG or Ethernet segment`]
      : []),
    ...(lag.segment === null && !isPair && foreign.length === 0
      ? [`give ${names} an Ethernet segment, or make their switches an MLAG pair: otherwise the frames of one come back by the other`]
      : []),
    ...(lag.segment !== null && isPair ? [`take the segment from ${names}: their switches are an MLAG pair already`] : []),
    ...(isPair && numbers.size > 1 ? [`give ${names} one number: it is their MLAG id`] : []),
  ];
}

/** What one leg carries and another does not is lost whenever the hash, or a broken cable, sends it there. */
function legs(index: FabricIndex, lag: LagFacts, switches: readonly LagEnd[]): Finding[] {
  const [first, ...others] = switches.map((end) => ({ end, carries: carried(index, end) }));
  if (!first) return [];
  return others.flatMap(({ end, carries }) => {
    const differing = [...new Set([...first.carries, ...carries])].filter((entry) => first.carries.has(entry) !== carries.has(entry));
    if (differing.length === 0) return [];
    const message = `let ${nameOf(index, first.end)} and ${nameOf(index, end)} carry the same: only one of them has ${listed(differing.sort(compareNatural))}`;
    return [error('LAG_MISMATCH', pathOf(index, lag), message, idsOf(lag))];
  });
}

function carried(index: FabricIndex, { deviceId, name }: LagEnd): ReadonlySet<string> {
  const here = (index.attachmentsOfDevice.get(deviceId) ?? []).filter(({ port }) => port === name);
  return new Set(
    here.map(({ networkId, tagging }) => {
      const slug = index.network.get(networkId)?.slug ?? networkId;
      return `${slug} (${tagging.toLowerCase()}, VLAN ${index.vlan(deviceId, networkId) ?? 'missing'})`;
    }),
  );
}

function ends(index: FabricIndex, lags: readonly LagFacts[]): Finding[] {
  const all = lags.flatMap((lag) => lag.ends.map((end) => ({ lag, key: nameOf(index, end) })));
  return [...groupBy(all, ({ key }) => key)].flatMap(([key, uses]) => {
    if (uses.length < 2) return [];
    const message = `keep one of the ${uses.length} aggregated links that end at ${key}`;
    return [
      error(
        'LAG_INVALID',
        `lags.${key}`,
        message,
        uses.flatMap(({ lag }) => idsOf(lag)),
      ),
    ];
  });
}

/** RFC 7432 §5: an ESI is unique in the network; two LAGs with one look like one device with all their ports. */
function segments(index: FabricIndex, lags: readonly LagFacts[]): Finding[] {
  const marked = lags.flatMap((lag) => (lag.segment === null ? [] : [{ lag, segment: lag.segment }]));
  return [...groupBy(marked, ({ segment }) => segment)].flatMap(([segment, uses]) => {
    if (uses.length < 2) return [];
    const names = uses.map(({ lag }) => pathOf(index, lag).slice('lags.'.length)).sort(compareNatural);
    const message = `give each of ${listed(names)} its own Ethernet segment: they share ${segment}`;
    return [
      error(
        'DUPLICATE_SEGMENT',
        `segments.${segment}`,
        message,
        uses.flatMap(({ lag }) => idsOf(lag)),
      ),
    ];
  });
}
