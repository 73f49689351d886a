// Somebody restores an old copy of the NetBox, and two fifths of its prefixes are gone: product H5, step 4. API, worker and command line are processes.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { encodeId } from '#engines/kernel';
import { ChaosDatabase } from '../../apps/lab/src/chaos/chaos-database.js';
import { administrate, type DemoWorld } from '../../apps/lab/src/demo/administration.js';
import { type Stack, startStack } from '../../apps/lab/src/demo/stack.js';
import { TrameClient } from '../../apps/lab/src/demo/trame-client.js';
import { demoInventory } from '../../apps/lab/src/fabrics/demo-inventory.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { describeWith } from '../support/describe-with.js';
import { eventually } from '../support/eventually.js';
import { KeptNetBox, type KeptObject, type SeenRun } from '../support/kept-netbox.js';

const PROGRAM = resolve('dist/apps/cli/src/main.js');
const PREFIXES = 'ipam/prefixes';
const HEALTH = '{ connector(slug: "netbox") { health { ok message circuit lagSeconds } } }';
const ALLOCATE = 'mutation ($input: AllocatePrefixInput!) { allocatePrefix(input: $input) { allocations { id } errors { code message } } }';
const GUARDS = ['prefix: 8 of 22 rows are missing there, 20 % may be', 'prefix: 8 of 20 of ours are missing there, 20 % may be'];
const endpoint = { address: '127.0.0.1', port: 9, username: 'nobody', secret: 'nothing' };

describeWith({ missing: existsSync(PROGRAM) ? [] : ['a build (npm run build)'] }, 'a NetBox that lost two fifths of its prefixes', () => {
  let directory: string;
  let database: TestDatabase;
  let rows: ChaosDatabase;
  let stack: Stack;
  let world: DemoWorld;
  let client: TrameClient;
  let netbox: KeptNetBox;
  let bringBack: () => void;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'trame-restore-'));
    database = await createTestDatabase();
    rows = new ChaosDatabase(database.url);
    stack = await startStack({ directory, databaseUrl: database.url });
    world = await administrate(stack.config, demoInventory({ pve1: endpoint, pve2: endpoint, test: endpoint }), null);
    client = new TrameClient(stack.apiUrl);
    await allocate(19);
    netbox = await KeptNetBox.connect(client, world.operatorToken, { graceSeconds: 0 });
  });
  afterAll(async () => {
    await netbox?.close();
    await stack?.stop();
    await rows?.close();
    await database?.drop();
    await rm(directory, { recursive: true, force: true });
  });

  let serial = 0;
  const allocate = (count: number): Promise<unknown> => {
    const input = {
      pool: encodeId('prefixPool', world.prefixPoolId),
      tenant: encodeId('tenant', world.tenantId),
      idempotencyKey: `p-${++serial}`,
      count,
    };
    return client.graphql(world.operatorToken, ALLOCATE, { input });
  };
  const health = async () =>
    (await client.graphql<{ connector: { health: { ok: boolean; message: string } } }>(world.operatorToken, HEALTH)).connector.health;
  const prefixes = (): KeptObject[] => netbox.ours().filter(({ path }) => path === PREFIXES);
  const texts = (of: readonly KeptObject[]): string[] => of.map(({ mark, values }) => `${mark} ${String(values['prefix'])}`).sort();
  const told = (type: string): Promise<{ body: Record<string, unknown> }[]> =>
    rows.rows('SELECT body FROM event WHERE type = $1 ORDER BY xid, cursor', [type]);
  /** As `pg_restore` does: without a word. @returns what is gone. */
  const lose = (): readonly KeptObject[] => {
    const all = prefixes();
    const gone = all.slice(0, Math.ceil(all.length * 0.4));
    bringBack = netbox.simulator.state.lose(
      PREFIXES,
      gone.map(({ id }) => id),
    );
    netbox.simulator.requests.length = 0;
    return gone;
  };
  const ended = (id: string): Promise<SeenRun> =>
    eventually(
      () => netbox.run(id),
      ({ state }) => state !== 'RUNNING',
    );
  const written = (): string[] => netbox.simulator.requests.filter((line) => !/^(?:GET|OPTIONS|HEAD) /.test(line));
  const trame = (...args: string[]): Promise<{ code: number; out: string; err: string }> =>
    new Promise((done) => {
      const env = { PATH: process.env['PATH'], TRAME_URL: stack.apiUrl, TRAME_TOKEN: world.operatorToken };
      execFile(process.execPath, [PROGRAM, 'sync', ...args], { env }, (error, out, err) =>
        done({ code: Number(error?.code ?? 0), out, err }),
      );
    });

  it('is not written to: the run is stopped with its reason, and nothing is made again or deleted, there or here', async () => {
    const before = prefixes();
    expect(before).toHaveLength(20); // Nineteen, and the pool.
    const here = await rows.rows('SELECT id, cidr, state FROM prefix ORDER BY id');
    const others = netbox.ofOthers();
    lose();
    const run = await netbox.sync();
    // Two of the rows are of others.
    expect(run).toMatchObject({ state: 'BLOCKED_BY_GUARD', guards: GUARDS });
    expect(await netbox.sync()).toMatchObject({ state: 'BLOCKED_BY_GUARD', guards: run.guards }); // Looking twice makes it no truer.
    expect(written()).toEqual([]);
    expect(texts(prefixes())).toEqual(texts(before.slice(8)));
    expect(netbox.ofOthers()).toEqual(others);
    expect(await rows.rows('SELECT id, cidr, state FROM prefix ORDER BY id')).toEqual(here);
  });

  it('is told of, once: as an event of the connector, in the audit, in the log, by its health, and on the command line', async () => {
    const last = await netbox.lastRun();
    const says = { connector: netbox.connector, slug: 'netbox', guards: last?.guards, digest: last?.digest };
    expect((await told('sync.stopped')).map(({ body }) => body)).toMatchObject([says]);
    expect(await rows.rows(`SELECT actor, detail FROM audit_entry WHERE action = 'sync.stopped' ORDER BY id DESC LIMIT 1`)).toMatchObject([
      { actor: 'sync', detail: says },
    ]);
    const log = (await readFile(join(stack.logDirectory, 'worker.log'), 'utf8'))
      .split('\n')
      .filter((line) => line.includes('sync.stopped'));
    expect(log.map((line) => JSON.parse(line) as object)).toMatchObject([{ target: 'netbox', guards: says.guards }]);
    expect(await health()).toMatchObject({
      ok: false,
      message: expect.stringContaining(`a run was stopped and waits for a person: ${GUARDS[0]}`) as string,
    });
    expect(await trame('list', '--exit-code')).toMatchObject({ code: 2, out: expect.stringContaining('waits for a person') as string });
    expect((await trame('runs', 'netbox', '--first', '1')).out).toContain(`  ! ${GUARDS.join('\n  ! ')}\n  digest ${says.digest}`);
  });

  it('goes on by itself when it is repaired, and nothing is made twice', async () => {
    const before = prefixes().length;
    bringBack();
    netbox.simulator.requests.length = 0;
    expect(await netbox.sync()).toMatchObject({ state: 'SUCCEEDED', guards: [], counts: { created: 0, updated: 0, deleted: 0 } });
    expect(prefixes()).toHaveLength(before + 8);
    expect(written()).toEqual([]);
    expect(await told('sync.resumed')).toMatchObject([{ body: { slug: 'netbox' } }]);
    expect(await health()).toMatchObject({ ok: true, message: 'works' });
    expect(await trame('list', '--exit-code')).toMatchObject({ code: 0 });
  });

  it('gets them again, each once, when a person says that they are really gone; a change of ours waits for nobody meanwhile', async () => {
    const before = texts(prefixes());
    const lost = lose();
    const run = await netbox.sync();
    expect(run.state).toBe('BLOCKED_BY_GUARD');
    await allocate(1);
    await eventually(prefixes, (all) => all.length === 13);
    expect(texts(prefixes())).toEqual(expect.not.arrayContaining(texts(lost)));
    expect((await health()).ok).toBe(false);
    expect(await trame('approve', run.id, 'another')).toMatchObject({ code: 1 });
    expect(await trame('approve', run.id, run.digest)).toMatchObject({ code: 0 });
    expect(await ended(run.id)).toMatchObject({ state: 'SUCCEEDED', counts: { created: 8 } });
    expect(await health()).toMatchObject({ ok: true });
    expect(texts(prefixes())).toEqual(expect.arrayContaining(before));
    expect(prefixes()).toHaveLength(21);
    expect(await netbox.sync()).toMatchObject({ state: 'SUCCEEDED', counts: { created: 0, updated: 0, deleted: 0 } });
    expect(await told('sync.resumed')).toHaveLength(2);
  });
});
