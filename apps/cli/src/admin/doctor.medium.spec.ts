import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { commandInProcess } from '../../../../test/support/command-in-process.js';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { describeWith } from '../../../../test/support/describe-with.js';
import { addDoctor } from './doctor.command.js';

const program = path.resolve('dist/apps/cli/src/main.js');
const missing = fs.existsSync(program) ? [] : ['a build (npm run build)'];
const KEY = Buffer.alloc(32, 3).toString('base64');

interface Answer {
  readonly ok: boolean;
  readonly checks: readonly {
    readonly ok: boolean;
    readonly what: string;
    readonly problem?: string;
    readonly invariant?: {
      readonly says: string;
      readonly violations: number;
      readonly first: readonly { readonly subject: string; readonly what: string }[];
      readonly repairedRows?: number;
    };
  }[];
}

describeWith({ missing }, 'trame doctor', () => {
  let database: TestDatabase;
  let client: pg.Client;

  beforeAll(async () => {
    database = await createTestDatabase();
    client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await client.query(`
      SET ROLE trame_system;
      INSERT INTO number_space (id, kind) VALUES ('01900000-0000-7000-8000-000000000001', 'ASN');
      INSERT INTO number_pool (id, space_id, slug, name, kind) VALUES ('01900000-0000-7000-8000-000000000002', '01900000-0000-7000-8000-000000000001', 'asn', 'ASN', 'ASN');
      INSERT INTO number_pool_range (pool_id, space_id, first, last) VALUES ('01900000-0000-7000-8000-000000000002', '01900000-0000-7000-8000-000000000001', 64512, 65534);
      SELECT number_rebuild('01900000-0000-7000-8000-000000000002');`);
  });
  afterAll(async () => {
    await client.end();
    await database.drop();
  });

  const settings = () => ({ LOG_LEVEL: 'silent', DATABASE_URL: database.url, TRAME_KEK: KEY, TRAME_TOKEN_PEPPER: KEY });
  const problemsIn = (out: string): string[] => out.split('\n').filter((line) => line.startsWith('PROBLEM'));
  async function doctor(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
    const { code, out } = await commandInProcess([addDoctor], ['doctor', ...args], { ...settings(), ...env });
    return { code, out, problems: problemsIn(out) };
  }
  /** The program itself. */
  async function ownProcess(): Promise<{ code: number | null; out: string; problems: string[] }> {
    const child = spawn(process.execPath, [program, 'doctor'], {
      env: { PATH: process.env['PATH'], ...settings(), LOG_LEVEL: 'warn' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, out, problems: problemsIn(out) };
  }
  const doctorJson = async (...args: string[]): Promise<{ code: number | null; answer: Answer }> => {
    const { code, out } = await doctor(['--json', ...args]);
    return { code, answer: JSON.parse(out) as Answer };
  };
  const broken = (answer: Answer) => answer.checks.filter((check) => !check.ok).map((check) => check.what);

  it('finds a sound database well, invariant by invariant', async () => {
    const { code, out, problems } = await ownProcess();
    expect([code, problems]).toEqual([0, []]);
    for (const name of ['configuration', 'database', 'queue in postgres', 'numbering.never-twice', 'numbering.nothing-lost'])
      expect(out.split('\n')).toContain(`ok       ${name}`);
    expect(await doctorJson()).toMatchObject({ code: 0, answer: { ok: true } });
  });

  it('names what is wrong and where, repairs what is derived when it is asked to, and looks again', async () => {
    await client.query('DELETE FROM free_number WHERE first = 64512');
    const { code, out, problems } = await doctor();
    expect([code, problems]).toEqual([1, ['PROBLEM  numbering.nothing-lost: 1 violation']]);
    expect(out).toMatch(/pool_[0-9a-z]{26}: 64512-65534 is neither free nor allocated nor excluded/);
    expect(out).toContain('trame doctor --repair');
    const json = await doctorJson();
    expect(json.code).toBe(1);
    expect(json.answer.ok).toBe(false);
    expect(json.answer.checks.filter((check) => !check.ok)).toEqual([
      {
        ok: false,
        what: 'numbering.nothing-lost',
        problem: '1 violation',
        invariant: {
          says: 'Every configured value of a pool is free, allocated or excluded.',
          violations: 1,
          isAll: true,
          first: [{ subject: expect.stringMatching(/^pool_/) as string, what: '64512-65534 is neither free nor allocated nor excluded' }],
          remedy: expect.stringContaining('--repair') as string,
          isRepairable: true,
        },
      },
    ]);
    const repaired = await doctor(['--repair']);
    expect([repaired.code, repaired.problems]).toEqual([0, []]);
    expect(repaired.out).toMatch(/^ok {7}numbering\.nothing-lost \(repaired: \d+ rows made anew\)$/m);
    expect((await client.query('SELECT first, last FROM free_number')).rows).toEqual([{ first: '64512', last: '65534' }]);
    expect((await client.query(`SELECT actor, action FROM audit_entry`)).rows).toEqual([{ actor: 'doctor', action: 'invariant.repaired' }]);
    expect(await doctorJson()).toMatchObject({ code: 0, answer: { ok: true } });
  });

  it('leaves what only a person can decide as it is, and stays at exit code 1', async () => {
    await client.query(`INSERT INTO tenant (id, slug, name) VALUES ('01900000-0000-7000-8000-000000000003', 't', 'T')`);
    await client.query(
      `INSERT INTO number_allocation (id, space_id, pool_id, tenant_id, value, key)
       VALUES ('01900000-0000-7000-8000-000000000004', '01900000-0000-7000-8000-000000000001', '01900000-0000-7000-8000-000000000002', '01900000-0000-7000-8000-000000000003', 1, 'k')`,
    );
    const { code, answer } = await doctorJson('--repair');
    expect([code, broken(answer)]).toEqual([1, ['numbering.allocations-configured']]);
    expect((await client.query('SELECT value FROM number_allocation')).rows).toEqual([{ value: '1' }]);
    await client.query('DELETE FROM number_allocation');
  });

  it('says what could not be asked, and goes on with the others', async () => {
    await client.query('RESET ROLE; ALTER TABLE number_pool_exclusion RENAME TO hidden');
    try {
      const { code, problems, out } = await doctor();
      expect(code).toBe(1);
      expect(problems).toContain('PROBLEM  numbering.nothing-lost: it could not be asked: relation "number_pool_exclusion" does not exist');
      expect(out.split('\n')).toContain('ok       numbering.hint-true');
    } finally {
      await client.query('ALTER TABLE hidden RENAME TO number_pool_exclusion');
    }
  });

  it('asks nothing of a database that it cannot reach or that has another schema', async () => {
    const unreachable = await doctor([], { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' });
    expect(unreachable.code).toBe(1);
    expect(unreachable.problems[0]).toMatch(/^PROBLEM {2}database: /);
    expect(unreachable.out).not.toContain('numbering.');
    await client.query(`DELETE FROM schema_migration WHERE name LIKE 'Invariants%'`);
    const old = await doctor();
    expect([old.code, old.problems]).toEqual([1, ['PROBLEM  database: 1 migrations are missing; run `trame migrate`']]);
    expect(old.out).not.toContain('numbering.');
  });
});
