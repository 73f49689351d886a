import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';

/** The API knows its schema; the CLI only asks it. */
const WRITE_SCHEMA = fileURLToPath(new URL('../../../api/src/write-schema.js', import.meta.url));

export function addGen(program: Command): void {
  program
    .command('gen')
    .description('write what is generated from the sources: schema.graphql')
    .option('--check', 'fail when a generated file is stale, and write nothing')
    .action(({ check }: { check?: boolean }) => {
      const { status } = spawnSync(process.execPath, [WRITE_SCHEMA, 'schema.graphql', ...(check ? ['--check'] : [])], { stdio: 'inherit' });
      process.exitCode = status ?? 1;
    });
}
