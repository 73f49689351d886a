import { type Config, createLogger, createQueueBackend, Database } from '#platform';
import { type Check, textOf } from './check.js';

/** Does the database answer, and is its schema ours? */
export async function checkDatabase(config: Config): Promise<Check> {
  const what = 'database';
  let db: Database;
  try {
    db = await Database.connect(config.DATABASE_URL, 2, [], createLogger('silent'));
  } catch (error) {
    return { what, problem: `${textOf(error)} (a new database needs \`trame migrate\` first)` };
  }
  try {
    const pending = await db.pendingMigrations();
    if (!pending) return { what, problem: 'it does not answer' };
    return pending.length === 0 ? { what } : { what, problem: `${pending.length} migrations are missing; run \`trame migrate\`` };
  } finally {
    await db.close();
  }
}

export async function checkQueue(config: Config): Promise<Check> {
  const backend = createQueueBackend(config.DATABASE_URL, config.REDIS_URL);
  const what = `queue in ${backend.kind}`;
  const queue = backend.queue('doctor');
  queue.on('error', () => undefined); // Told by the answer below.
  const late = new Promise<never>((_resolve, reject) => setTimeout(() => reject(new Error('it does not answer within 3 s')), 3000).unref());
  try {
    await Promise.race([queue.getJobCounts(), late]);
    return { what };
  } catch (error) {
    return { what, problem: textOf(error) };
  } finally {
    await Promise.race([queue.close(), late]).catch(() => undefined);
    await backend.close();
  }
}
