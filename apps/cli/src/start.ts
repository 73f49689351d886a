// `npm start`: the whole service on one machine, until SIGTERM.
import 'reflect-metadata';
import { ConfigError } from '#platform';
import { type RunningService, startService } from './service.js';

const say = (line: string): void => console.log(line);

async function main(): Promise<void> {
  let isStopping = false;
  const started = startService(say);
  const stop = async (): Promise<void> => {
    if (isStopping) return;
    isStopping = true;
    say('stopping…');
    await started.then((service) => service.stop());
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => void stop().catch(fail));
  print(await started);
}

function print({ url, isEmbedded, operatorToken }: RunningService): void {
  say(`\nTrame is running.
  GraphQL    ${url}/graphql
  Webhooks   ${url}/hooks/{source}
  Health     ${url}/readyz
  Database   ${isEmbedded ? 'embedded PostgreSQL, data in .trame/postgres' : 'yours (DATABASE_URL)'}`);
  say(
    operatorToken
      ? `  Token      ${operatorToken}\n             of the operator, with all scopes; it is shown this once`
      : '  Token      trame token create',
  );
}

function fail(error: unknown): void {
  console.error(error instanceof ConfigError ? error.message : error instanceof Error ? `Trame did not start: ${error.message}` : error);
  process.exit(1);
}

main().catch(fail);
