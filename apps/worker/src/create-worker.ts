import type { DynamicModule, INestApplicationContext, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type JobHandler, OutboxRelay, type Reconciler, ReconcilerRegistry, type Topic } from '#contexts/events';
import { CONFIG, type Config, Database, LOGGER, type Logger, nestLogger, QUEUE_BACKEND, type QueueBackend } from '#platform';
import { JobRunner, resolveHandlers } from './jobs.js';
import { RepeatingTask } from './repeating-task.js';
import { Shift, type Work } from './shift.js';
import { PATIENCE_MS } from './stopping.js';

const RELAY_EVERY_MS = 100;
const LOOK_AT_SCHEMA_EVERY_MS = 1000;

export interface RunningWorker {
  readonly app: INestApplicationContext;
  /** Takes nothing new, lets a push end or abort, closes everything. Within ten seconds unless a handler ignores its signal. */
  stop(): Promise<void>;
}

/** @param root another root module than the product's, for tests of the machinery itself. @throws when a topic has no handler. */
export async function startWorker(root: Type | DynamicModule, patienceMs = PATIENCE_MS): Promise<RunningWorker> {
  const app = await NestFactory.createApplicationContext(root, { abortOnError: false, bufferLogs: true });
  const log = app.get<Logger>(LOGGER);
  app.useLogger(nestLogger(log));
  try {
    const handlers = resolveHandlers(app);
    const shift = new Shift(app.get(Database), () => work(app, handlers, log, patienceMs), log);
    const look = new RepeatingTask({ name: 'schema', everyMs: LOOK_AT_SCHEMA_EVERY_MS, run: () => shift.look() }, log);
    await shift.look();
    look.start(new AbortController().signal);
    return {
      app,
      stop: async () => {
        await Promise.all([look.stop(), shift.end()]);
        await app.close();
      },
    };
  } catch (error) {
    await app.close();
    throw error;
  }
}

function work(app: INestApplicationContext, handlers: ReadonlyMap<Topic, JobHandler>, log: Logger, patienceMs: number): Work {
  const ending = new AbortController();
  const jobs = new JobRunner(app.get<QueueBackend>(QUEUE_BACKEND), handlers, log);
  const reconcilers = reconcilersOf(app);
  const tasks = repeatingTasks(app, reconcilers, log);
  jobs.start(ending.signal);
  for (const task of tasks) task.start(ending.signal);
  log.info('worker.started', { tasks: tasks.length });
  return {
    stop: async (reason) => {
      if (reason) ending.abort(reason);
      const impatience = setTimeout(() => ending.abort(new Error('the process is stopping')), patienceMs);
      await Promise.all([jobs.stop(), ...tasks.map((task) => task.stop())]);
      clearTimeout(impatience);
      // What is under way by itself takes minutes and is in rows: the next worker goes on with it.
      ending.abort(new Error('the process is stopping'));
      await Promise.all(reconcilers.flatMap((reconciler) => reconciler.ended?.() ?? []));
    },
  };
}

const reconcilersOf = (app: INestApplicationContext): readonly Reconciler[] => app.get(ReconcilerRegistry, { strict: false }).all();

/** With TRAME_UNSAFE_DIRECT_ENQUEUE nobody looks for what was lost: that is what it is there to show. */
function repeatingTasks(app: INestApplicationContext, reconcilers: readonly Reconciler[], log: Logger): RepeatingTask[] {
  if (app.get<Config>(CONFIG).TRAME_UNSAFE_DIRECT_ENQUEUE) return [];
  const relay = app.get(OutboxRelay, { strict: false });
  return [{ name: 'outbox-relay', everyMs: RELAY_EVERY_MS, run: () => relay.relayAll() }, ...reconcilers].map(
    (task) => new RepeatingTask(task, log),
  );
}
