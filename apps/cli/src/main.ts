#!/usr/bin/env node
import 'reflect-metadata';
import { Command, CommanderError } from 'commander';
import { isDomainError } from '#engines/kernel';
import { addDoctor } from './admin/doctor.command.js';
import { addFabric } from './admin/fabric/fabric.command.js';
import { addGen } from './admin/gen.command.js';
import { addImport } from './admin/import.command.js';
import { addMigrate } from './admin/migrate.command.js';
import { addPortal } from './admin/portal.command.js';
import { addSecrets } from './admin/secrets.command.js';
import { addToken } from './admin/token.command.js';
import { addAllocate, addBind, addRelease } from './commands/allocate.command.js';
import { addOrder } from './commands/order.command.js';
import { addPool } from './commands/pool.command.js';
import { printable } from './printable.js';

/** EX_USAGE of sysexits.h: the command was not understood, as opposed to understood and failed. */
const USAGE = 64;

const program = new Command('trame').description('Source of truth of an EVPN/VXLAN fabric').exitOverride().showHelpAfterError();
for (const add of [
  addOrder,
  addAllocate,
  addBind,
  addRelease,
  addPool,
  addToken,
  addMigrate,
  addGen,
  addDoctor,
  addImport,
  addFabric,
  addPortal,
  addSecrets,
])
  add(program);
process.stdout.on('error', () => process.exit(0)); // The reader of a pipe has seen enough.

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : USAGE; // Commander has said what was wrong.
  } else {
    const code = isDomainError(error) ? `${error.code}: ` : '';
    console.error(printable(`${code}${error instanceof Error ? error.message : String(error)}`));
    process.exitCode = 1;
  }
}
