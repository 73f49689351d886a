/** What addresses cost through the façade that speaks NetBox: everything (API, Postgres, clients) on this machine, commits waiting for the disk. */
import { readFile } from 'node:fs/promises';
import { freePort } from '../../powerdns/free-port.js';
import { openBenchDatabase } from '../bench-database.js';
import { closing } from '../closing.js';
import { Child } from '../http/child.js';
import { percentile } from '../statistics.js';
import { judge, type Verdict } from '../thresholds.js';
import { loadFacade } from './facade-load.js';
import { SyncSubject } from './sync-subject.js';

export const CLIENTS = 16;
/** Of what there is beside it. */
const OBJECTS = 20_000;
const CLOCK_TICKS = 100;

export interface FacadeFigures {
  readonly facadeP99Ms: number;
  readonly facadePerSecond: number;
}

export interface FacadeBenchReport extends FacadeFigures {
  readonly facadeP50Ms: number;
  /** Processor time of the API. */
  readonly facadeApiMs: number;
  readonly requests: number;
}

export async function runFacadeBench(each: number, say: (line: string) => void): Promise<FacadeBenchReport> {
  return closing(async (later) => {
    const database = later(await openBenchDatabase(process.env['DATABASE_URL']));
    const subject = later(await SyncSubject.open(database.url));
    say(`${OBJECTS} addresses of others`);
    await subject.fill(OBJECTS);
    say(`${CLIENTS} clients, ${each} addresses each`);
    return facadeRound(subject, each, later);
  });
}

/** @param each addresses of each client. @param later closes the process of the API in the end. */
export async function facadeRound(subject: SyncSubject, each: number, later: (child: Child) => Child): Promise<FacadeBenchReport> {
  const port = await freePort();
  const api = later(new Child('../../../../api/src/main.js', { env: { ...process.env, ...subject.environment, HTTP_PORT: String(port) } }));
  const url = `http://127.0.0.1:${port}`;
  for (const deadline = performance.now() + 30_000; !(await isReady(url)); await new Promise((resolve) => setTimeout(resolve, 50)))
    if (performance.now() > deadline) throw new Error('the API is not ready after 30 s');
  const token = await subject.facade();
  const [worked, since] = [await processorMs(api.pid), performance.now()];
  const times = await loadFacade(url, token, CLIENTS, each);
  const [seconds, requests] = [(performance.now() - since) / 1000, CLIENTS * each];
  return {
    facadeP99Ms: round(percentile(times, 0.99)),
    facadeP50Ms: round(percentile(times, 0.5)),
    facadePerSecond: Math.round(requests / seconds),
    facadeApiMs: round(((await processorMs(api.pid)) - worked) / requests),
    requests,
  };
}

export const facadeVerdicts = ({ facadeP99Ms }: FacadeBenchReport): Verdict[] =>
  judge({ facadeP99Ms }, [{ figure: 'facadeP99Ms', asked: 'Façade allocation p99 ≤ 50 ms with 16 clients.', atMost: 50 }]);

export const facadeTable = (report: FacadeBenchReport): string =>
  [
    `façade, ${CLIENTS} clients, ${report.requests} addresses: p50 ${report.facadeP50Ms} ms, p99 ${report.facadeP99Ms} ms, ${report.facadePerSecond} a second; the API worked ${report.facadeApiMs} ms for each`,
    ...facadeVerdicts(report).map(
      ({ figure, measured, atMost, holds, asked }) => `${holds ? 'holds' : 'MISSED'}  ${figure} ${measured} (≤ ${atMost})  ${asked}`,
    ),
    '',
  ].join('\n');

const isReady = (url: string): Promise<boolean> =>
  fetch(`${url}/readyz`).then(
    ({ ok }) => ok,
    () => false, // Not listening yet.
  );

const round = (value: number): number => Math.round(value * 100) / 100;

async function processorMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number);
  return (((user ?? 0) + (system ?? 0)) * 1000) / CLOCK_TICKS;
}
