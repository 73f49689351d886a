import { runMigrations as migrateQueueSchema } from 'bullmq';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { migrations } from '../../../../migrations/index.js';
import { QUEUE_SCHEMA } from '../queue/queue-backend.js';

/** Two processes that start at once must not migrate at once. The number is arbitrary and ours. */
const MIGRATION_LOCK = 7_261_534;

/** Brings an empty or older database to the head: our tables, then the queue's own schema. Idempotent. */
export async function migrateDatabase(url: string): Promise<readonly string[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined); // Reported by the query that fails.
  await client.connect();
  const source = new DataSource({
    type: 'postgres',
    url,
    migrations,
    migrationsTransactionMode: 'each',
    migrationsTableName: 'schema_migration',
    poolSize: 2,
  });
  try {
    await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await source.initialize();
    const done = await source.runMigrations();
    await migrateQueueSchema(client, QUEUE_SCHEMA);
    return done.map((migration) => migration.name);
  } finally {
    if (source.isInitialized) await source.destroy();
    await client.end();
  }
}
