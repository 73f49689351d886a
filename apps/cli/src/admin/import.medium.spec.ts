import { addressingEntities } from '#contexts/addressing';
import { type AddressSpaceId, Cidr, type FabricId, type TenantId } from '#engines/kernel';
import { newId, systemScope, type Tx } from '#platform';
import { addressingOn } from '../../../../test/support/addressing.js';
import { commandInProcess, missingForProgram as missing, programItself } from '../../../../test/support/command-in-process.js';
import { describeWith } from '../../../../test/support/describe-with.js';
import { type OpenDatabase, openTestDatabase } from '../../../../test/support/open-database.js';
import { addImport } from './import.command.js';

const KEY = Buffer.alloc(32, 3).toString('base64');

describeWith({ missing }, 'trame import', () => {
  let opened: OpenDatabase;
  const [fabricId, tenantId, spaceId] = [newId<FabricId>(), newId<TenantId>(), newId<AddressSpaceId>()];
  const inSystem = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => opened.db.inTransaction(systemScope('spec'), work);

  beforeAll(async () => {
    opened = await openTestDatabase(addressingEntities);
    await inSystem(async (tx) => {
      await tx.run(
        `INSERT INTO fabric (id, slug, name, asn_scheme, rt_administrator, vtep_pool, anycast_gateway_mac) VALUES ($1, 'f', 'F', 'IBGP', 65051, '172.16.0.0/16', '00:1c:73:00:00:01')`,
        [fabricId],
      );
      await tx.run(`INSERT INTO tenant (id, slug, name) VALUES ($1, 'acme', 'Acme')`, [tenantId]);
      await tx.run(`INSERT INTO address_space (id, fabric_id, slug, name) VALUES ($1, $2, 'default', 'Default')`, [spaceId, fabricId]);
      const ranges = [Cidr.parse('10.20.0.0/16')];
      const lengths = { defaultLength: 24, minLength: 20, maxLength: 28 };
      await addressingOn(opened).pools.create(tx, { spaceId, slug: 'v4', name: 'V4', ranges, ...lengths });
    });
  });
  afterAll(() => opened.close());

  const settings = () => ({ LOG_LEVEL: 'warn', DATABASE_URL: opened.url, TRAME_KEK: KEY, TRAME_TOKEN_PEPPER: KEY });
  const linesOf = (input: readonly object[]): string => input.map((line) => `${JSON.stringify(line)}\n`).join('');
  const prefixes = (): Promise<string[]> =>
    inSystem(async (tx) =>
      (await tx.sql<{ cidr: string }>(`SELECT cidr::text AS cidr FROM prefix WHERE tenant_id IS NOT NULL ORDER BY prefix.cidr`)).map(
        ({ cidr }) => cidr,
      ),
    );

  it('takes over prefixes, which are not offered any more', async () => {
    const rows = ['10.20.0.0/24', '10.20.1.0/24', '10.20.3.0/28'].map((cidr) => ({ cidr, tenant: 'acme', holder: 'legacy' }));
    expect(await programItself(['import', 'prefixes', '--pool', 'v4', '-'], settings(), linesOf(rows))).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^3 prefixes imported/) as string,
    });
    expect(await prefixes()).toEqual(rows.map(({ cidr }) => cidr));
  });

  it('names the line that is wrong, and keeps nothing of the file', async () => {
    const before = await prefixes();
    const good = { cidr: '10.20.8.0/24', tenant: 'acme' };
    const refused = [
      { row: { cidr: '10.20.9.1/24', tenant: 'acme' }, says: 'line 2: INVALID_VALUE' },
      { row: { cidr: '10.20.9.0/24', tenant: 'nobody' }, says: 'line 2: NOT_FOUND' },
      { row: { cidr: '10.20.0.128/25', tenant: 'acme' }, says: 'OVERLAPS' },
    ];
    for (const { row, says } of refused) {
      const { code, err } = await commandInProcess(
        [addImport],
        ['import', 'prefixes', '--pool', 'v4', '-'],
        settings(),
        linesOf([good, row]),
      );
      expect([code, err]).toEqual([1, expect.stringContaining(says)]);
    }
    expect(await prefixes()).toEqual(before);
  });
});
