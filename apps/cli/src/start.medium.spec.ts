import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.js';
import { describeWith } from '../../../test/support/describe-with.js';
import { eventually } from '../../../test/support/eventually.js';

const dist = path.resolve('dist/apps/cli/src');
const missing = ['start.js', 'main.js'].every((file) => fs.existsSync(path.join(dist, file))) ? [] : ['a build (npm run build)'];

/** What `npm start` and `trame` do, as processes of their own. */
describeWith({ missing }, 'the service on one machine', () => {
  let database: TestDatabase;
  let directory: string;
  let port: number;
  let service: ChildProcess;
  let printed = '';

  beforeAll(async () => {
    database = await createTestDatabase();
    directory = fs.mkdtempSync(path.join(os.tmpdir(), 'trame-start-'));
    port = await freePort();
    service = spawn(process.execPath, [path.join(dist, 'start.js')], {
      cwd: directory,
      env: environment({ HTTP_PORT: String(port) }),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    service.stdout?.setEncoding('utf8').on('data', (text: string) => (printed += text));
    await eventually(
      () => printed,
      (text) => text.includes('Trame is running.') && text.includes('shown this once'),
      55_000,
    );
  });
  afterAll(async () => {
    if (service.exitCode === null) {
      service.kill('SIGKILL'); // Its children notice and end.
      await once(service, 'exit');
    }
    await database.drop();
    fs.rmSync(directory, { recursive: true, force: true });
  });

  const environment = (more: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({
    PATH: process.env['PATH'],
    LOG_LEVEL: 'warn',
    DATABASE_URL: database.url,
    ...more,
  });
  const trame = async (...args: string[]): Promise<{ code: number | null; out: string; err: string }> => {
    const child = spawn(process.execPath, [path.join(dist, 'main.js'), ...args], {
      cwd: directory,
      env: environment({ TRAME_TOKEN: operatorToken() }),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [out, err] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, out, err };
  };
  const operatorToken = (): string => /trame_live_\w+/.exec(printed)?.[0] ?? '';
  const tenants = (token = operatorToken()): Promise<Response> =>
    fetch(`http://127.0.0.1:${port}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ query: '{ tenants { nodes { id } } }' }),
    });
  const childPids = (): Record<string, number> => {
    const found: Record<string, number> = {};
    for (const pid of fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      try {
        const status = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
        const parent = Number(status.slice(status.lastIndexOf(')') + 2).split(' ')[1]);
        const name = /apps\/(api|worker)\/src\/main\.js/.exec(fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8'))?.[1];
        if (parent === service.pid && name) found[name] = Number(pid);
      } catch {
        // It ended while we were looking.
      }
    }
    return found;
  };

  it('hands out one token for the operator, and serves with it', async () => {
    expect((await (await tenants()).json()) as unknown).toEqual({ data: { tenants: { nodes: [] } } });
    expect(printed).toContain(`http://127.0.0.1:${port}/graphql`);
  });

  it('keeps its keys for itself', () => {
    expect(fs.statSync(path.join(directory, '.trame/keys.json')).mode & 0o777).toBe(0o600);
  });

  it('is found well by the doctor', async () => {
    const { code, out } = await trame('doctor');
    expect([code, out.split('\n').filter((line) => line.startsWith('PROBLEM'))]).toEqual([0, []]);
  });

  it('makes and revokes tokens', async () => {
    const { code, out } = await trame('token', 'create', '--name', 'portal', '--scope', 'tenant:read', '--days', '1');
    const token = out.trim();
    expect([code, token]).toEqual([0, expect.stringMatching(/^trame_live_\w{12}_\w{49}$/)]);
    expect((await tenants(token)).status).toBe(200);
    expect((await trame('token', 'revoke', token.slice(11, 23))).code).toBe(0);
    await eventually(
      async () => (await tenants(token)).status,
      (status) => status === 401,
      5000,
    );
  });

  it.each([
    [['token', 'create', '--name', 'x', '--scope', 'order:raed'], 1, 'INVALID_VALUE'],
    [['token', 'create', '--name', 'x', '--tenant', 'net_1'], 1, 'NOT_FOUND'],
    [['token', 'create'], 64, '--name'],
    [['doctor', '--frobnicate'], 64, 'unknown option'],
    [['order', 'get', 'ord_00000000000000000000000000'], 1, 'there is no order'],
    [['order', 'watch', 'a\u001b[2J'], 1, '1 to 64 printable'],
  ])('says what was wrong with %j', async (args, code, says) => {
    const result = await trame(...args);
    expect(result.code).toBe(code);
    expect(result.err).toContain(says);
    expect(result.err).not.toMatch(/\bat .*\.js:\d+/);
  });

  it('migrates again without doing anything', async () => {
    expect(await trame('migrate')).toMatchObject({ code: 0, out: 'the schema is up to date\n' });
  });

  it('comes back when its parts are killed', async () => {
    const before = childPids();
    expect(Object.keys(before).sort()).toEqual(['api', 'worker']);
    for (const pid of Object.values(before)) process.kill(pid, 'SIGKILL');
    await eventually(childPids, (now) => ['api', 'worker'].every((name) => now[name] !== undefined && now[name] !== before[name]), 20_000);
    await eventually(
      () =>
        tenants().then(
          (response) => response.status,
          () => 0,
        ),
      (status) => status === 200,
      20_000,
    );
  });

  it('stops everything on SIGTERM, answers what was asked before, and ends with exit code 0', async () => {
    const children = Object.values(childPids());
    const owner = new pg.Client({ connectionString: database.url });
    await owner.connect();
    await owner.query('BEGIN; LOCK TABLE tenant');
    const asked = tenants();
    await eventually(
      async () =>
        (await owner.query<{ n: number }>(`SELECT count(*)::int AS n FROM pg_locks WHERE NOT granted AND relation = 'tenant'::regclass`))
          .rows[0]?.n,
      (waiting) => waiting === 1,
    );
    const startedAt = performance.now(); // What is still there after ten seconds is cut off, which is no stop.
    const ended = once(service, 'exit') as Promise<[number | null]>;
    service.kill('SIGTERM');
    await eventually(
      () => printed,
      (text) => text.includes('stopping'),
    );
    await owner.query('COMMIT');
    await owner.end();
    expect((await asked).status).toBe(200);
    expect((await ended)[0]).toBe(0);
    expect(performance.now() - startedAt).toBeLessThan(8_000);
    for (const pid of children) expect(fs.existsSync(`/proc/${pid}`), String(pid)).toBe(false);
  });
});

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
