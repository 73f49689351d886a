import fs from 'node:fs';
import path from 'node:path';

/** The operating system account under which Postgres runs: it refuses to run as root. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** `nobody` on Linux. No account is made for it, yet initdb wants one that has a name. */
const NOBODY: Account = { uid: 65_534, gid: 65_534 };

/**
 * Our own account, where we are not root. As root, the account that owns the data directory already (somebody may have
 * started Trame as himself before), else nobody.
 *
 * @returns undefined when no switch of accounts is needed.
 */
export function postgresAccount(existingDataDirectory: string | undefined): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  if (existingDataDirectory === undefined) return NOBODY;
  const { uid, gid } = fs.statSync(existingDataDirectory);
  return uid === 0 ? NOBODY : { uid, gid };
}

/** Whether an account can pass through a directory and all those above it; access lists (ACL) are not looked at. */
export function canReach(account: Account | undefined, directory: string): boolean {
  if (!account) return true;
  let place = fs.realpathSync(directory);
  for (;;) {
    const { uid, gid, mode } = fs.statSync(place);
    const execute = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
    if ((mode & execute) === 0) return false;
    const above = path.dirname(place);
    if (above === place) return true;
    place = above;
  }
}
