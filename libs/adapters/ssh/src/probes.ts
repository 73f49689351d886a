/** Questions beyond the fixed ones, one a line on the standard input of `verify`; the host answers them as probea, probeb, … in this order. */
import { invalidValue } from '#engines/kernel';
import type { ExpectedPrefix, ExpectedRoute, Expectations, ProofQuestion, VerifyCheck } from '#contexts/deployment/ports';
import type { Answer, AnswerPart } from './answer.js';
import { type EvpnRoute, evpnRoutes, frrDocuments, frrJson, localMacs } from './frr-report.js';
import { asRecord } from './json-shape.js';

interface Probe {
  readonly line: string;
  readonly judge: (part: AnswerPart | undefined) => VerifyCheck[];
}

/** As many are named in one line: vtysh answers one after the other, some 10 ms each. */
const MOST_RDS = 400;

export function encodeProbes(expectations: Expectations): Buffer {
  return Buffer.from(
    probesOf(expectations)
      .map(({ line }) => `${line}\n`)
      .join(''),
  );
}

export function probeChecks(answer: Answer, expectations: Expectations): VerifyCheck[] {
  return probesOf(expectations).flatMap(({ judge }, position) => judge(answer.get(`probe${letters(position)}`)));
}

export const MACS_PROBE = Buffer.from('macs\n');

/** @returns null when zebra does not answer: no answer is not "no guest". */
export function macsOf(answer: Answer, vnis: readonly number[]): ReadonlyMap<number, readonly string[]> | null {
  const report = frrJson(answer.get('probea'));
  if (report === null) return null;
  return new Map(vnis.map((vni) => [vni, localMacs(report, vni)]));
}

const letters = (position: number): string => String(position).replace(/\d/g, (digit) => 'abcdefghij'[Number(digit)] ?? '');

function probesOf(expectations: Expectations): readonly Probe[] {
  const ports = new Map<string, string[]>();
  for (const { port, address } of expectations.addresses ?? []) ports.set(port, [...(ports.get(port) ?? []), address]);
  return [
    ...routeProbes(expectations),
    ...(expectations.paths ?? []).map(
      (path): Probe => ({
        line: `ping ${path.to} ${path.octets - (path.to.includes(':') ? 48 : 28)} ${path.from}`,
        judge: (part) => [pathCheck(path, part)],
      }),
    ),
    ...[...ports].map(([port, wanted]): Probe => ({ line: `address ${port}`, judge: (part) => [addressCheck(port, wanted, part)] })),
  ];
}

/** Only routes of the RDs that are expected are read: a whole table may be hundreds of megabytes. */
function routeProbes({ routes = NONE, macs = NONE, prefixes = NONE }: Expectations): readonly Probe[] {
  const rds = [...new Set([routes, macs, prefixes].flatMap((lists) => [...lists.values()].flat().map(({ rd }) => rd)))].sort();
  if (rds.length === 0) return [];
  const judge = (found: readonly EvpnRoute[] | null): VerifyCheck[] => [
    ...checks(routes, 'ROUTES', (route) => `route of ${route.vtep}`, isMulticast, found),
    ...checks(
      macs,
      'MACS',
      ({ mac, vtep }) => `${mac} behind ${vtep}`,
      (route, { mac }) => route.type === 2 && route.mac === mac,
      found,
    ),
    ...checks(prefixes, 'PREFIXES', ({ prefix, vtep }) => `${prefix} of ${vtep}`, isPrefix, found),
  ];
  if (rds.length > MOST_RDS) throw invalidValue('route distinguishers to ask for', rds.length, `at most ${MOST_RDS} at once`);
  const ask = (part: AnswerPart | undefined): VerifyCheck[] => judge(frrDocuments(part)?.flatMap(evpnRoutes) ?? null);
  return [{ line: `rds ${rds.join(' ')}`, judge: ask }];
}

const NONE: ReadonlyMap<number, readonly never[]> = new Map();
const isMulticast = (route: EvpnRoute, { vtep }: ExpectedRoute): boolean => route.type === 3 && route.address === vtep;
const isPrefix = (route: EvpnRoute, { prefix }: ExpectedPrefix): boolean =>
  route.type === 5 && `${route.address}/${route.length}` === prefix;

/** One check for each expected route. */
function checks<Expected extends ExpectedRoute>(
  expected: ReadonlyMap<number, readonly Expected[]>,
  question: ProofQuestion,
  nameOf: (route: Expected) => string,
  isIt: (route: EvpnRoute, wanted: Expected) => boolean,
  learned: readonly EvpnRoute[] | null,
): VerifyCheck[] {
  return [...expected].flatMap(([vni, list]) =>
    list.map((wanted) => {
      const found = (learned ?? []).filter((route) => route.rd === wanted.rd && isIt(route, wanted));
      const ok = found.some(({ targets }) => targets.includes(wanted.target));
      const seen =
        learned === null
          ? 'bgpd does not answer'
          : found.map((route) => `rd ${route.rd} targets ${route.targets.join(' ') || 'none'}`).join('; ') || 'no route';
      const name = nameOf(wanted);
      return {
        name: `${name} in vni ${vni}`,
        ok,
        message: `VNI ${vni}: expected ${name} rd ${wanted.rd} target ${wanted.target}, found ${seen}`,
        about: { question, subject: String(vni), expected: `${name}: rd ${wanted.rd} target ${wanted.target}`, seen: `${name}: ${seen}` },
      };
    }),
  );
}

function pathCheck({ from, to, octets }: { from: string; to: string; octets: number }, part: AnswerPart | undefined): VerifyCheck {
  const [received = 'no answer'] = /\d+ received/.exec(part?.text ?? '') ?? [];
  const tooLong = /mtu ?= ?\d+/.exec(part?.text ?? '')?.[0];
  const ok = part?.status === 0;
  const found = ok ? 'answers' : `${received} of 3${tooLong ? ` (${tooLong})` : ''}`;
  return {
    name: `path ${from} to ${to}`,
    ok,
    message: `${to} from ${from} with ${octets} octets in one piece: expected answers, found ${found}`,
    about: { question: 'PATH_MTU', subject: to, expected: `${to} answers to ${octets} octets in one piece`, seen: `${to}: ${found}` },
  };
}

function addressCheck(port: string, wanted: readonly string[], part: AnswerPart | undefined): VerifyCheck {
  const report = frrJson(part);
  const entries: unknown[] = Array.isArray(report) ? report : [];
  const found = entries.flatMap((entry) => {
    const list = asRecord(entry)['addr_info'];
    return Array.isArray(list) ? list.map((one) => String(asRecord(one)['local'])) : [];
  });
  const isDown = entries.some((entry) => {
    const { flags } = asRecord(entry);
    return Array.isArray(flags) && !flags.includes('UP');
  });
  const seen = `${found.join(' ') || 'none'}${isDown ? ' (down)' : ''}`;
  return {
    name: `addresses of ${port}`,
    ok: !isDown && wanted.every((address) => found.includes(address)),
    message: `${port}: expected ${wanted.join(' ')}, found ${seen}`,
    about: { question: 'GATEWAY', subject: port, expected: wanted.join(' '), seen },
  };
}
