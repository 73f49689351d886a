/** Questions beyond the fixed ones, one a line on the standard input of `verify`; the host answers them as probea, probeb, … in this order. */
import type { Expectations, VerifyReport } from '#contexts/deployment/ports';
import type { Answer, AnswerPart } from './answer.js';
import { frrJson, multicastRoutes } from './frr-report.js';
import { asRecord } from './json-shape.js';

type Check = VerifyReport['checks'][number];

interface Probe {
  readonly line: string;
  readonly judge: (part: AnswerPart | undefined) => Check[];
}

export function encodeProbes(expectations: Expectations): Buffer {
  return Buffer.from(
    probesOf(expectations)
      .map(({ line }) => `${line}\n`)
      .join(''),
  );
}

export function probeChecks(answer: Answer, expectations: Expectations): Check[] {
  return probesOf(expectations).flatMap(({ judge }, position) => judge(answer.get(`probe${letters(position)}`)));
}

const letters = (position: number): string => String(position).replace(/\d/g, (digit) => 'abcdefghij'[Number(digit)] ?? '');

function probesOf({ routes, paths, addresses }: Expectations): readonly Probe[] {
  const ports = new Map<string, string[]>();
  for (const { port, address } of addresses ?? []) ports.set(port, [...(ports.get(port) ?? []), address]);
  return [
    ...(routes === undefined ? [] : [{ line: 'routes', judge: (part: AnswerPart | undefined) => routeChecks(routes, part) }]),
    ...(paths ?? []).map(
      (path): Probe => ({
        line: `ping ${path.to} ${path.octets - (path.to.includes(':') ? 48 : 28)} ${path.from}`,
        judge: (part) => [pathCheck(path, part)],
      }),
    ),
    ...[...ports].map(([port, wanted]): Probe => ({ line: `address ${port}`, judge: (part) => [addressCheck(port, wanted, part)] })),
  ];
}

function routeChecks(expected: NonNullable<Expectations['routes']>, part: AnswerPart | undefined): Check[] {
  const report = frrJson(part);
  const routes = multicastRoutes(report);
  return [...expected].flatMap(([vni, list]) =>
    list.map(({ vtep, rd, target }) => {
      const found = routes.filter((route) => route.vtep === vtep && (route.rd === rd || route.targets.includes(target)));
      const ok = found.some((route) => route.rd === rd && route.targets.includes(target));
      const said =
        report === null
          ? 'bgpd does not answer'
          : found.map((route) => `rd ${route.rd} targets ${route.targets.join(' ') || 'none'}`).join('; ') || 'no route';
      return {
        name: `route of ${vtep} in vni ${vni}`,
        ok,
        message: `VNI ${vni}: expected from ${vtep} rd ${rd} target ${target}, found ${said}`,
      };
    }),
  );
}

function pathCheck({ from, to, octets }: { from: string; to: string; octets: number }, part: AnswerPart | undefined): Check {
  const [received = 'no answer'] = /\d+ received/.exec(part?.text ?? '') ?? [];
  const tooLong = /mtu ?= ?\d+/.exec(part?.text ?? '')?.[0];
  const found = part?.status === 0 ? 'answers' : `${received} of 3${tooLong ? ` (${tooLong})` : ''}`;
  return {
    name: `path ${from} to ${to}`,
    ok: part?.status === 0,
    message: `${to} from ${from} with ${octets} octets in one piece: expected answers, found ${found}`,
  };
}

function addressCheck(port: string, wanted: readonly string[], part: AnswerPart | undefined): Check {
  const report = frrJson(part);
  const entries: unknown[] = Array.isArray(report) ? report : [];
  const found = entries.flatMap((entry) => {
    const list = asRecord(entry)['addr_info'];
    return Array.isArray(list) ? list.map((one) => String(asRecord(one)['local'])) : [];
  });
  return {
    name: `addresses of ${port}`,
    ok: wanted.every((address) => found.includes(address)),
    message: `${port}: expected ${wanted.join(' ')}, found ${found.join(' ') || 'none'}`,
  };
}
