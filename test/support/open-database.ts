import { createLogger, Database, type EntityList } from '#platform';
import { createTestDatabase } from './database.js';

export interface OpenDatabase {
  readonly db: Database;
  readonly url: string;
  close(): Promise<void>;
}

/** A migrated database of its own with a pool on it. */
export async function openTestDatabase(entities: EntityList, poolSize = 20): Promise<OpenDatabase> {
  const { url, drop } = await createTestDatabase();
  const db = await Database.connect(url, poolSize, entities, createLogger('silent'));
  return {
    db,
    url,
    close: async () => {
      await db.close();
      await drop();
    },
  };
}
