import 'reflect-metadata';
import { ConfigError, createLogger, loadConfig } from '#platform';
import { createApi } from './create-api.js';

const STOP_WITHIN_MS = 10_000;

async function main(): Promise<void> {
  const config = loadConfig();
  const log = createLogger(config.LOG_LEVEL, { process: 'api' });
  const app = await createApi(config);
  let isStopping = false;
  const stop = async (code: number): Promise<void> => {
    if (isStopping) return;
    isStopping = true;
    // No new connections; what is under way may end. Whoever is still busy after that is cut off: clients repeat by their keys.
    setTimeout(() => process.exit(code), STOP_WITHIN_MS).unref();
    await app.close().catch((error: unknown) => log.error('api.stop_failed', { error }));
    process.exit(code);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(0));
  process.on('disconnect', () => void stop(0)); // Whoever started this process is gone.
  process.on('uncaughtException', (error) => {
    log.error('api.uncaught', { error });
    void stop(1);
  });
  process.on('unhandledRejection', (error) => {
    log.error('api.unhandled', { error });
    void stop(1);
  });
  await app.listen(config.HTTP_PORT, config.HTTP_HOST);
  log.info('api.listening', { url: await app.getUrl() });
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof ConfigError ? error.message : error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
});
