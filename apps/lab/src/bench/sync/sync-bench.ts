/** What keeping another inventory of a hundred thousand objects right takes, when there is nothing to do, and when there is one thing. */
import { readFile } from 'node:fs/promises';
import { freePort } from '../../powerdns/free-port.js';
import { openBenchDatabase } from '../bench-database.js';
import { Child } from '../http/child.js';
import { percentile } from '../statistics.js';
import { type DnsFigures, dnsRound } from './dns-round.js';
import { loadFacade } from './facade-load.js';
import type { NetBoxAnswer, NetBoxPlace } from './netbox-message.js';
import { SyncSubject } from './sync-subject.js';

export interface SyncBenchReport extends DnsFigures {
  /** That the other inventory has of ours. */
  readonly objects: number;
  readonly exportSeconds: number;
  /** Requests, seconds and memory of the worker for a run that finds nothing to do. */
  readonly noopReads: number;
  readonly noopWrites: number;
  readonly seconds: number;
  readonly rssMb: number;
  /** How much more than before the export. */
  readonly rssGrowthMb: number;
  readonly oneChangeSeconds: number;
  readonly facadeP99Ms: number;
  readonly facadePerSecond: number;
}

export interface SyncSizes {
  readonly objects: number;
  readonly facadeRounds: number;
}

const CLIENTS = 16;
const NAMES = 10_000;
const RUN_WITHIN_MS = 1_200_000;

export async function runSyncBench(sizes: SyncSizes, say: (line: string) => void): Promise<SyncBenchReport> {
  const closers: (() => Promise<void>)[] = [];
  const later = <T extends { close(): Promise<void> }>(one: T): T => {
    closers.unshift(() => one.close());
    return one;
  };
  try {
    const database = later(await openBenchDatabase(process.env['DATABASE_URL']));
    const subject = later(await SyncSubject.open(database.url));
    const netbox = later(new Child('../sync/netbox-process.js'));
    const place = await netbox.answer<NetBoxPlace>();
    const ask = async (address?: string): Promise<NetBoxAnswer> => {
      const answer = netbox.answer<NetBoxAnswer>();
      netbox.send(address === undefined ? {} : { address });
      return answer;
    };
    say(`${sizes.objects} objects of ours`);
    await subject.fill(sizes.objects);
    const worker = later(new Child('../../../../worker/src/main.js', { env: { ...process.env, ...subject.environment } }));
    const targetId = await subject.connectNetBox(place.url, place.token);
    const before = await residentMb(worker.pid);
    const first = await subject.run(targetId, RUN_WITHIN_MS);
    if (first.run.state !== 'SUCCEEDED')
      throw new Error(`the export ended ${first.run.state}: ${first.run.error ?? first.run.guards.join('; ')}`);
    const exported = await ask();
    say(`${exported.objects} objects there after ${first.seconds.toFixed(1)} s; a run of nothing`);
    const memory = watchMemory(worker.pid);
    const noop = await subject.run(targetId, RUN_WITHIN_MS);
    const rssMb = await memory.end();
    const after = await ask();
    say(`${after.reads - exported.reads} reads and ${after.writes - exported.writes} writes in ${noop.seconds.toFixed(1)} s; one change`);
    const since = performance.now();
    const address = await subject.allocateOne();
    while (!(await ask(address)).hasAddress) {
      if (performance.now() - since > 60_000) throw new Error(`${address} is not there after a minute`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const oneChangeSeconds = (performance.now() - since) / 1000;
    await worker.close();
    say(`there after ${oneChangeSeconds.toFixed(2)} s; ${CLIENTS} clients at the façade`);
    const facade = await facadeRound(subject, sizes.facadeRounds, later);
    const names = Math.min(NAMES, Math.floor(sizes.objects / 2));
    say(`${names} names in a name server`);
    const dns = await dnsRound(subject, names);
    return {
      objects: exported.objects,
      exportSeconds: round(first.seconds),
      noopReads: after.reads - exported.reads,
      noopWrites: after.writes - exported.writes,
      seconds: round(noop.seconds),
      rssMb,
      rssGrowthMb: rssMb - before,
      oneChangeSeconds: round(oneChangeSeconds),
      ...facade,
      ...dns,
    };
  } finally {
    for (const close of closers) await close();
  }
}

async function facadeRound(
  subject: SyncSubject,
  each: number,
  later: (child: Child) => Child,
): Promise<Pick<SyncBenchReport, 'facadeP99Ms' | 'facadePerSecond'>> {
  const port = await freePort();
  later(new Child('../../../../api/src/main.js', { env: { ...process.env, ...subject.environment, HTTP_PORT: String(port) } }));
  const url = `http://127.0.0.1:${port}`;
  for (const deadline = performance.now() + 30_000; !(await isReady(url)); await new Promise((resolve) => setTimeout(resolve, 50)))
    if (performance.now() > deadline) throw new Error('the API is not ready after 30 s');
  const since = performance.now();
  const times = await loadFacade(url, await subject.facade(), CLIENTS, each);
  const seconds = (performance.now() - since) / 1000;
  return { facadeP99Ms: round(percentile(times, 0.99)), facadePerSecond: Math.round((CLIENTS * each) / seconds) };
}

const isReady = (url: string): Promise<boolean> =>
  fetch(`${url}/readyz`).then(
    ({ ok }) => ok,
    () => false, // Not listening yet.
  );

const round = (value: number): number => Math.round(value * 100) / 100;

async function residentMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Math.round(Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024);
}

/** The most that a process has at once, looked at every 200 ms. */
function watchMemory(pid: number): { end(): Promise<number> } {
  let most = 0;
  const look = async (): Promise<void> => {
    most = Math.max(most, await residentMb(pid));
  };
  const timer = setInterval(() => void look(), 200);
  return {
    end: async () => {
      clearInterval(timer);
      await look();
      return most;
    },
  };
}
