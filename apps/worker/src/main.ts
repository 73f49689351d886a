import 'reflect-metadata';
import { ConfigError, createLogger, loadConfig } from '#platform';
import { type RunningWorker, startWorker } from './create-worker.js';
import { STOP_WITHIN_MS } from './stopping.js';
import { WorkerModule } from './worker.module.js';

async function main(): Promise<void> {
  const config = loadConfig();
  const log = createLogger(config.LOG_LEVEL, { process: 'worker' });
  let worker: RunningWorker | undefined;
  let isStopping = false;
  const stop = async (code: number): Promise<void> => {
    if (isStopping) return;
    isStopping = true;
    // Whoever is still busy then is cut off: leases run out, devices revert by themselves, timers of another worker go on.
    setTimeout(() => process.exit(code), STOP_WITHIN_MS).unref();
    await worker?.stop().catch((error: unknown) => log.error('worker.stop_failed', { error }));
    process.exit(code);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(0));
  process.on('disconnect', () => void stop(0)); // Whoever started this process is gone.
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      log.error('worker.uncaught', { error });
      void stop(1); // Its state cannot be trusted any more; a supervisor starts another one.
    });
  }
  worker = await startWorker(WorkerModule.forRoot(config));
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof ConfigError ? error.message : error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
});
