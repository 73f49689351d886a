import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

type Environment = Readonly<Record<string, string | undefined>>;

/** The package's own copy; the one below /usr/share/doc is stripped from small images. It is the same from 4.7 to 5.1. */
export const SCHEMA_FILE = '/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql';

/** The package's own, or what TRAME_PDNS_SERVER names: another release, or what starts one, called as pdns_server is. */
export const serverFile = (environment: Environment = process.env): string => environment['TRAME_PDNS_SERVER'] || '/usr/sbin/pdns_server';

/**
 * @returns an empty list where a real PowerDNS can run; otherwise everything that is missing, each in a few words.
 * @throws Error where one was named and cannot run: nobody who names a release wants to hear of the simulator.
 */
export function missingForPowerDns(environment: Environment = process.env): string[] {
  const needed = [
    { file: serverFile(environment), debianPackage: 'pdns-server' },
    { file: SCHEMA_FILE, debianPackage: 'pdns-backend-sqlite3' },
    { file: '/usr/bin/sqlite3', debianPackage: 'sqlite3' },
  ];
  const missing = needed
    .filter(({ file }) => !existsSync(file))
    .map(({ file, debianPackage }) => `needs Debian package ${debianPackage} (${file})`);
  if (environment['TRAME_PDNS_SERVER'] && missing.length > 0) throw new Error(`TRAME_PDNS_SERVER cannot run here: ${missing.join('; ')}`);
  return missing;
}

const releases = new Map<string, string>();

/** Of the server that `startPowerDns` starts, as it says it: `4.9.17`. @throws Error where it says none. */
export function pdnsRelease(environment: Environment = process.env): string {
  const file = serverFile(environment);
  const known = releases.get(file);
  if (known !== undefined) return known;
  const { stdout, stderr, error } = spawnSync(file, ['--version'], { encoding: 'utf8', timeout: 10_000 });
  const [, release] = /PowerDNS Authoritative Server (\S+)/.exec(`${stdout}${stderr}`) ?? [];
  if (release === undefined) throw new Error(`${file} does not say its release: ${error?.message ?? `${stdout}${stderr}`}`);
  releases.set(file, release);
  return release;
}
