import { existsSync } from 'node:fs';

export const SERVER_FILE = '/usr/sbin/pdns_server';
/** The package's own copy; the one below /usr/share/doc is stripped from small images. */
export const SCHEMA_FILE = '/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql';

const NEEDED: readonly { readonly file: string; readonly debianPackage: string }[] = [
  { file: SERVER_FILE, debianPackage: 'pdns-server' },
  { file: SCHEMA_FILE, debianPackage: 'pdns-backend-sqlite3' },
  { file: '/usr/bin/sqlite3', debianPackage: 'sqlite3' },
];

/** @returns an empty list where a real PowerDNS can run; otherwise everything that is missing, each in a few words. */
export function missingForPowerDns(): string[] {
  return NEEDED.filter(({ file }) => !existsSync(file)).map(({ file, debianPackage }) => `needs Debian package ${debianPackage} (${file})`);
}
