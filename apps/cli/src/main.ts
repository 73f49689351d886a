#!/usr/bin/env node
import 'reflect-metadata';
import { Command } from 'commander';
import { tellFailure } from './tell-failure.js';

const program = new Command('trame').description('Source of truth of an EVPN/VXLAN fabric').exitOverride().showHelpAfterError();
/** What is asked for is loaded, and nothing else: a command that only asks the API starts in a quarter of a second, one with a database in one and a half. */
const GROUPS: readonly { readonly names: readonly string[]; readonly load: () => Promise<readonly ((program: Command) => void)[]> }[] = [
  { names: ['order'], load: async () => [(await import('./commands/order.command.js')).addOrder] },
  {
    names: ['allocate', 'bind', 'release'],
    load: async () => {
      const { addAllocate, addBind, addRelease } = await import('./commands/allocate.command.js');
      return [addAllocate, addBind, addRelease];
    },
  },
  { names: ['pool'], load: async () => [(await import('./commands/pool.command.js')).addPool] },
  { names: ['address'], load: async () => [(await import('./commands/address.command.js')).addAddress] },
  { names: ['subnet'], load: async () => [(await import('./commands/subnet.command.js')).addSubnet] },
  { names: ['plan'], load: async () => [(await import('./commands/plan.command.js')).addPlan] },
  { names: ['external'], load: async () => [(await import('./commands/external.command.js')).addExternal] },
  { names: ['lock'], load: async () => [(await import('./commands/lock.command.js')).addLock] },
  { names: ['drift'], load: async () => [(await import('./commands/drift.command.js')).addDrift] },
  { names: ['verify'], load: async () => [(await import('./commands/verify.command.js')).addVerify] },
  { names: ['sync'], load: async () => [(await import('./commands/sync.command.js')).addSync] },
  { names: ['token'], load: async () => [(await import('./admin/token.command.js')).addToken] },
  { names: ['migrate'], load: async () => [(await import('./admin/migrate.command.js')).addMigrate] },
  { names: ['gen'], load: async () => [(await import('./admin/gen.command.js')).addGen] },
  { names: ['doctor'], load: async () => [(await import('./admin/doctor.command.js')).addDoctor] },
  { names: ['import'], load: async () => [(await import('./admin/import.command.js')).addImport] },
  { names: ['fabric'], load: async () => [(await import('./admin/fabric/fabric.command.js')).addFabric] },
  { names: ['portal'], load: async () => [(await import('./admin/portal.command.js')).addPortal] },
  { names: ['facade'], load: async () => [(await import('./admin/facade.command.js')).addFacade] },
  { names: ['secrets'], load: async () => [(await import('./admin/secrets.command.js')).addSecrets] },
];

const [, , asked = ''] = process.argv;
const known = GROUPS.filter(({ names }) => names.includes(asked));
for (const { load } of known.length > 0 ? known : GROUPS) for (const add of await load()) add(program); // without one of them: for help, and for suggestions
process.stdout.on('error', () => process.exit(0)); // The reader of a pipe has seen enough.

try {
  await program.parseAsync();
} catch (error) {
  tellFailure(error);
}
