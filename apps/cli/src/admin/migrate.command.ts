import type { Command } from 'commander';
import { migrateDatabase } from '#platform';
import { localEnvironment } from '../local-settings.js';

export function addMigrate(program: Command): void {
  program
    .command('migrate')
    .description('bring the database of DATABASE_URL to the newest schema')
    .action(async () => {
      const url = localEnvironment()['DATABASE_URL'];
      if (!url) throw new Error('DATABASE_URL is not set and no `npm start` runs here: which database?');
      const done = await migrateDatabase(url);
      console.log(done.length === 0 ? 'the schema is up to date' : `done:\n${done.map((name) => `  ${name}`).join('\n')}`);
    });
}
