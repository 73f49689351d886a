// A PostgreSQL that comes with `npm ci`: for people who have none, for the demo and for the tests.
import fs from 'node:fs';
import path from 'node:path';
import { postgresAccount } from './account.js';
import { createCluster, existingCluster, OWNER, openCluster } from './data-directory.js';
import { installedNativeFolder, runnableFolder } from './native-folder.js';
import { Postmaster } from './postmaster.js';
import { releaseDirectory } from './postmaster-pid.js';

export interface EmbeddedPostgresOptions {
  /** Made where it is missing; a cluster that is there already is used again, with its password. */
  readonly directory: string;
  /** Undefined takes any free port. It listens on 127.0.0.1 only. */
  readonly port?: number;
  /** True: what was committed survives a crash of the machine (fsync). False: a crash of Postgres only, for tests. */
  readonly durable: boolean;
  /** Gets what the server writes to its log, line by line. */
  readonly log?: (line: string) => void;
}

export interface EmbeddedPostgres {
  /** Of the database `trame`, as its owner and superuser, with the password. The same after `restart`. */
  readonly url: string;
  readonly port: number;
  /** Of the server process; another one after `restart`. */
  readonly pid: number;
  /** Ends it; a second call does nothing. */
  stop(): Promise<void>;
  /** Kills the server process as a crash would (SIGKILL), and resolves when it is gone. */
  kill9(): Promise<void>;
  /** Stops it where it runs, and starts it on the same data and port. Resolves when it accepts connections. */
  restart(): Promise<void>;
}

/**
 * @throws DomainError EMBEDDED_POSTGRES_UNAVAILABLE where it cannot run on this machine, EMBEDDED_POSTGRES_IN_USE where
 * another process has the directory, EMBEDDED_POSTGRES_FAILED with what Postgres said in all other cases.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const directory = path.resolve(options.directory);
  if (!fs.existsSync(directory)) {
    fs.mkdirSync(directory, { recursive: true });
    fs.chmodSync(directory, 0o711); // The account of Postgres passes through, whatever the umask says.
  }
  const existing = existingCluster(directory);
  const account = postgresAccount(existing);
  const folder = runnableFolder(installedNativeFolder(), account);
  const cluster = existing ?? (await createCluster({ directory, folder, account, durable: options.durable }));
  const { password } = openCluster(cluster);
  const run = { folder, cluster, account, password, durable: options.durable, log: options.log ?? (() => undefined) };
  const start = async (port: number | undefined): Promise<Postmaster> => {
    await releaseDirectory(cluster);
    return Postmaster.start(run, port);
  };
  let postmaster = await start(options.port);
  return {
    url: postmaster.urlOf(OWNER),
    port: postmaster.port,
    get pid() {
      return postmaster.pid;
    },
    stop: () => postmaster.stop(),
    kill9: () => postmaster.kill(),
    async restart() {
      await postmaster.stop();
      postmaster = await start(postmaster.port);
    },
  };
}
