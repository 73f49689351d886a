import { type Command, Option } from 'commander';
import { askFor } from './ask-for.js';
import { integer, type Output, print, withOutput } from './output.js';

interface Lock {
  readonly id: string;
  readonly scope: string;
  readonly subject: string;
  readonly reason: string;
  readonly heldBy: string;
  readonly until: string;
}

const LOCK = 'id scope subject reason heldBy createdAt until';
const line = ({ id, scope, subject, reason, heldBy, until }: Lock): string =>
  `${id}  ${scope.padEnd(6)} ${subject}  until ${until}  by ${heldBy}: ${reason}`;

export function addLock(program: Command): void {
  const lock = program.command('lock').description('maintenance locks');
  withOutput(lock.command('list'))
    .description('locks that hold now')
    .action(async (options: Output) => {
      const found = await askFor<Lock[]>('maintenanceLocks', `{ maintenanceLocks { ${LOCK} } }`);
      print(options, found, found.map(line));
    });
  withOutput(lock.command('acquire'))
    .addOption(new Option('--scope <scope>', 'what kind of thing').choices(['FABRIC', 'SITE', 'DEVICE', 'TENANT']).makeOptionMandatory())
    .option('--subject <id or slug>', 'which one; the only fabric where it is not given')
    .requiredOption('--reason <text>', 'for whoever waits')
    .option('--seconds <n>', 'how long, a day at most', integer, 3600)
    .description('nothing is pushed to it, or ordered by it, until the lock is released or has ended')
    .action(async (options: Output & { scope: string; subject?: string; reason: string; seconds: number }) => {
      const { scope, subject, reason, seconds: ttlSeconds } = options;
      const document = `mutation ($input: LockInput!) { acquireLock(input: $input) { lock { ${LOCK} } errors { code message path } } }`;
      const { lock: made } = await askFor<{ lock: Lock }>('acquireLock', document, { input: { scope, subject, reason, ttlSeconds } });
      print(options, made, [line(made)]);
    });
  withOutput(lock.command('release'))
    .argument('<lock>', 'its id (lock_…)')
    .action(async (id: string, options: Output) => {
      const document = `mutation ($id: ID!) { releaseLock(id: $id) { lock { ${LOCK} } errors { code message path } } }`;
      const { lock: ended } = await askFor<{ lock: Lock }>('releaseLock', document, { id });
      print(options, ended, [line(ended)]);
    });
}
