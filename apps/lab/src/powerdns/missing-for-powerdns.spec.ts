import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { missingForPowerDns, pdnsRelease } from './missing-for-powerdns.js';

describe('a pdns_server that was named', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'trame-pdns-named-'));
  });
  afterAll(() => rm(directory, { recursive: true }));
  const named = async (name: string, text: string) => {
    const file = join(directory, name);
    await writeFile(file, `#!/bin/sh\n${text}\n`);
    await chmod(file, 0o755);
    return { TRAME_PDNS_SERVER: file };
  };

  it('is not replaced by the simulator where it is not there', () => {
    const environment = { TRAME_PDNS_SERVER: join(directory, 'nowhere') };
    expect(() => missingForPowerDns(environment)).toThrow(/TRAME_PDNS_SERVER cannot run here: .*nowhere/);
  });

  it('says its release among other words, or nothing is run against it', async () => {
    const says = `echo 'Nov 22 10:55:30 Loading libgsqlite3backend.so'; echo 'PowerDNS Authoritative Server 5.1.5 (C) PowerDNS.COM BV' >&2`;
    expect(pdnsRelease(await named('pdns', says))).toBe('5.1.5');
    const silent = await named('other', 'echo no shared library; exit 127');
    expect(() => pdnsRelease(silent)).toThrow('does not say its release: no shared library');
  });
});
