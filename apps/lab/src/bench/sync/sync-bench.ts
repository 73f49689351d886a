/** What keeping another inventory of a hundred thousand objects right takes, when there is nothing to do, and when there is one thing. */
import { readFile } from 'node:fs/promises';
import { openBenchDatabase } from '../bench-database.js';
import { closing } from '../closing.js';
import { Child } from '../http/child.js';
import { type DnsFigures, dnsRound } from './dns-round.js';
import { CLIENTS, type FacadeFigures, facadeRound } from './facade-bench.js';
import type { NetBoxAnswer, NetBoxPlace } from './netbox-message.js';
import { SyncSubject } from './sync-subject.js';

export interface SyncBenchReport extends DnsFigures, FacadeFigures {
  /** That the other inventory has of ours. */
  readonly objects: number;
  readonly exportSeconds: number;
  /** The most that the worker had while it wrote them. */
  readonly exportRssMb: number;
  /** Requests and seconds of a run that finds nothing to do, by a worker that has done nothing else. */
  readonly noopReads: number;
  readonly noopWrites: number;
  readonly seconds: number;
  /**
   * The most that this worker had during that run. It may keep 128 MiB of objects: what is thrown away is then collected soon, and what it needs is seen. Without
   * a limit V8 collects old garbage every 150 MiB or so, whatever there is to do (measured with 30,000 objects: about 65 MiB are in use after each, in the export as well).
   */
  readonly rssMb: number;
  /** How much more that is than what it had before it. */
  readonly rssGrowthMb: number;
  /** The same of a second run of nothing: what the first one left behind. */
  readonly rssGrowthAgainMb: number;
  readonly oneChangeSeconds: number;
}

export interface SyncSizes {
  readonly objects: number;
  readonly facadeRounds: number;
}

const NAMES = 10_000;
const RUN_WITHIN_MS = 1_200_000;
/** Old objects and young ones: with room for many young ones, as it has otherwise, what is old would be collected without end. */
const LITTLE_MEMORY = ['--max-old-space-size=128', '--max-semi-space-size=16'];

export async function runSyncBench(sizes: SyncSizes, say: (line: string) => void): Promise<SyncBenchReport> {
  return closing(async (later) => {
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
    const startWorker = (flags?: readonly string[]): Child =>
      new Child('../../../../worker/src/main.js', { env: { ...process.env, ...subject.environment }, ...(flags && { flags }) });
    const exporter = later(startWorker());
    const targetId = await subject.connectNetBox(place.url, place.token);
    const exporting = watchMemory(exporter.pid);
    const first = await subject.run(targetId, RUN_WITHIN_MS);
    if (first.run.state !== 'SUCCEEDED')
      throw new Error(`the export ended ${first.run.state}: ${first.run.error ?? first.run.guards.join('; ')}`);
    const exportRssMb = await exporting.end();
    await exporter.close();
    say(`${(await ask()).objects} objects there after ${first.seconds.toFixed(1)} s, ${exportRssMb} MiB at most; a run of nothing`);
    const worker = later(startWorker(LITTLE_MEMORY));
    await stillness(async () => (await ask()).reads);
    const before = await settledMb(worker.pid);
    const exported = await ask();
    const memory = watchMemory(worker.pid);
    const noop = await subject.run(targetId, RUN_WITHIN_MS);
    const rssMb = await memory.end();
    const after = await ask();
    say(
      `${after.reads - exported.reads} reads and ${after.writes - exported.writes} writes in ${noop.seconds.toFixed(1)} s, from ${before} to ${rssMb} MiB; once more`,
    );
    const memoryAgain = watchMemory(worker.pid);
    await subject.run(targetId, RUN_WITHIN_MS);
    const rssAgainMb = await memoryAgain.end();
    say(`${rssAgainMb} MiB at most; one change`);
    const since = performance.now();
    const address = await subject.allocateOne();
    while (!(await ask(address)).hasAddress) {
      if (performance.now() - since > 60_000) throw new Error(`${address} is not there after a minute`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const oneChangeSeconds = (performance.now() - since) / 1000;
    await worker.close();
    say(`there after ${oneChangeSeconds.toFixed(2)} s; ${CLIENTS} clients at the façade`);
    const { facadeP99Ms, facadePerSecond } = await facadeRound(subject, sizes.facadeRounds, later);
    const names = Math.min(NAMES, Math.floor(sizes.objects / 2));
    say(`${names} names in a name server`);
    const dns = await dnsRound(subject, names);
    return {
      objects: exported.objects,
      exportSeconds: round(first.seconds),
      exportRssMb,
      noopReads: after.reads - exported.reads,
      noopWrites: after.writes - exported.writes,
      seconds: round(noop.seconds),
      rssMb,
      rssGrowthMb: rssMb - before,
      rssGrowthAgainMb: rssAgainMb - rssMb,
      oneChangeSeconds: round(oneChangeSeconds),
      facadeP99Ms,
      facadePerSecond,
      ...dns,
    };
  });
}

const round = (value: number): number => Math.round(value * 100) / 100;

async function residentMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Math.round(Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024);
}

/** What the worker finds when it starts, such as what it wrote itself in their feed, is read: nothing more is for three seconds. */
async function stillness(reads: () => Promise<number>): Promise<void> {
  let [last, since] = [await reads(), performance.now()];
  for (const deadline = performance.now() + 120_000; performance.now() - since < 3000; ) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    const now = await reads();
    if (now !== last) [last, since] = [now, performance.now()];
    if (performance.now() > deadline) throw new Error('the worker goes on reading for two minutes');
  }
}

/** Of a process that was just started, once it has not grown for three seconds. */
async function settledMb(pid: number): Promise<number> {
  let [least, since] = [await residentMb(pid), performance.now()];
  for (const deadline = performance.now() + 30_000; performance.now() < deadline; ) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    const now = await residentMb(pid);
    if (now > least + 1) [least, since] = [now, performance.now()];
    else if (performance.now() - since > 3000 && now > 50) return now;
  }
  throw new Error('the worker does not come to rest within 30 s');
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
