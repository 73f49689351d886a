import { eventually } from '../../../../test/support/eventually.js';
import { createWorld, type World } from '../../../../test/support/world.js';
import { AuditService, InboundSourceService } from '#contexts/events';
import { FabricService, SecretService } from '#contexts/fabric';
import { type DeviceId, Slug } from '#engines/kernel';
import { Database, Envelope, KeyRotation, Secret, SealedColumns, systemScope, type Tx } from '#platform';

let world: World;
let secrets: SecretService;
beforeAll(async () => {
  world = await createWorld();
  secrets = world.app.get(SecretService, { strict: false });
});
afterAll(() => world.close());

const inTx = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => world.db.inTransaction(systemScope('spec'), work);
const set = (name: string, value: string) => inTx((tx) => secrets.set(tx, world.fabricId, name, new Secret(value)));
const revision = async (): Promise<number> => (await inTx((tx) => world.app.get(FabricService).settings(tx, world.fabricId))).revision;
const device = (slug: string): DeviceId => world.deviceIds.get(slug) as DeviceId;
const audit = (action: string) =>
  inTx((tx) => tx.sql<{ actor: string; detail: object }>('SELECT actor, detail FROM audit_entry WHERE action = $1 ORDER BY id', [action]));
const key = (byte: number): Secret => new Secret(Buffer.alloc(32, byte).toString('base64'));
const PRESENT = 3; // test/support/world.ts

describe('secrets that configurations name', () => {
  it('are set, listed without their value, and opened for a push', async () => {
    const before = await revision();
    expect(await set('overlay', 'hunter2')).toMatchObject({ name: 'overlay', version: 1, setBy: 'spec' });
    expect(JSON.stringify(await inTx((tx) => secrets.list(tx)))).not.toContain('hunter2');
    const opened = await inTx((tx) => secrets.open(tx, world.fabricId, ['overlay', 'nothing']));
    expect([...opened].map(([name, { version, secret }]) => [name, version, secret.reveal()])).toEqual([['overlay', 1, 'hunter2']]);
    expect(await revision()).toBe(before + 1);
    expect(await audit('secret.set')).toEqual([{ actor: 'spec', detail: { name: 'overlay', version: 1 } }]);
  });

  it('are another version only when their value is another', async () => {
    await set('twice', 'hunter2');
    const before = await revision();
    expect(await set('twice', 'hunter2')).toMatchObject({ version: 1 });
    expect(await revision()).toBe(before);
    expect(await set('twice', 'hunter3')).toMatchObject({ version: 2 });
    expect(await inTx((tx) => secrets.versions(tx, world.fabricId))).toEqual(new Map(Object.entries({ overlay: 1, twice: 2 })));
  });

  it('may be set by two people for the first time at the same moment: one after the other', async () => {
    let later: Promise<{ version: number }> | undefined;
    await inTx(async (tx) => {
      await secrets.set(tx, world.fabricId, 'contested', new Secret('first'));
      later = set('contested', 'second');
      await eventually(
        () => inTx((other) => other.one<{ n: number }>('SELECT count(*)::int AS n FROM pg_locks WHERE NOT granted')),
        (answer) => (answer?.n ?? 0) > 0,
      );
    });
    expect(await later).toMatchObject({ version: 2 });
    const opened = await inTx((tx) => secrets.open(tx, world.fabricId, ['contested']));
    expect(opened.get('contested')?.secret.reveal()).toBe('second');
  });

  it.each([
    ['a name', 'with blank', 'hunter2'],
    ['a name', '', 'hunter2'],
    ['a value', 'fine', 'two words'],
    ['a value', 'fine', ''],
    ['a value', 'fine', 'x'.repeat(81)],
    ['a value', 'fine', 'line\nline'],
  ])('are refused for %s that no device could take, without saying it again', async (_what, name, value) => {
    const refusal: unknown = await set(name, value).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'INVALID_VALUE' });
    if (value !== '') expect(JSON.stringify(refusal) + String(refusal)).not.toContain(value);
  });
});

describe('the credential of a device', () => {
  const access = (slug: string) => inTx((tx) => world.app.get(FabricService).access(tx, device(slug)));

  it('is replaced, alone or with the user name, and the next connection has it', async () => {
    await inTx((tx) => secrets.setCredential(tx, device('test'), { username: null, secret: new Secret('new password') }));
    expect(await access('test')).toMatchObject({ username: 'root' });
    expect((await access('test')).secret.reveal()).toBe('new password');
    await inTx((tx) => secrets.setCredential(tx, device('test'), { username: 'trame', secret: new Secret('newer') }));
    expect(await access('test')).toMatchObject({ username: 'trame' });
    expect((await access('test')).secret.reveal()).toBe('newer');
    expect(JSON.stringify(await audit('device.credential_set'))).not.toContain('newer');
    expect(await audit('device.credential_set')).toHaveLength(2);
  });

  it('of a host is a key', async () => {
    const refused = inTx((tx) => secrets.setCredential(tx, device('pve1'), { username: null, secret: new Secret('password') }));
    await expect(refused).rejects.toMatchObject({ code: 'INVALID_VALUE', facts: { path: ['sshPrivateKey'] } });
    expect((await access('pve1')).secret.reveal()).toBe('s');
  });
});

describe('another key', () => {
  const columns = (): SealedColumns => world.app.get(SealedColumns);
  const rotation = (envelope: Envelope): KeyRotation => new KeyRotation(world.app.get(Database), envelope, columns());
  const record = (tx: Tx, table: string, ids: readonly string[]): Promise<void> =>
    world.app
      .get(AuditService, { strict: false })
      .append(tx, { tenantId: null, action: 'secrets.resealed', subjectKind: 'fabric', subjectId: world.fabricId, detail: { table, ids } });

  it('is wanted of every column that holds sealed secrets', async () => {
    const found = await inTx((tx) =>
      tx.sql<{ name: string }>(
        `SELECT c.relname || '.' || a.attname AS name FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
          WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attname LIKE 'sealed%' AND a.attnum > 0 ORDER BY 1`,
      ),
    );
    const known = columns()
      .all()
      .map(({ table, column }) => `${table}.${column}`);
    // Name servers are known to the worker, and not to this world.
    expect([...known, 'sync_target.sealed_hook_secret', 'sync_target.sealed_secret'].sort()).toEqual(found.map(({ name }) => name));
  });

  it('seals everything anew, goes on where it was interrupted, and says what no key opens', async () => {
    await inTx((tx) =>
      world.app.get(InboundSourceService, { strict: false }).create(tx, { slug: Slug.parse('portal'), tenantId: world.tenantId }),
    );
    await set('for-rotation', 'canary-1');
    const lost = await set('lost', 'canary-2');
    await inTx((tx) =>
      tx.run('UPDATE secret SET sealed = $1 WHERE name = $2', [new Envelope(key(9)).seal('x', new Secret('?')), lost.name]),
    );
    const next = new Envelope(key(8), [key(PRESENT)]);
    let batches = 0;
    const dying = rotation(next).run('spec', async (...batch) => {
      if (++batches === 2) throw new Error('killed here');
      await record(...batch);
    });
    await expect(dying).rejects.toThrow('killed here');
    const done = await audit('secrets.resealed');
    expect(done).toHaveLength(1);
    const report = await rotation(next).run('spec', record);
    expect(report.unreadable).toEqual([expect.stringMatching(/^secret [0-9a-f-]{36}$/)]);
    expect(report.resealed).toBeGreaterThan(0);
    expect(await rotation(next).run('spec', record)).toEqual({ resealed: 0, unreadable: report.unreadable });
    // Only the new key is needed now, for every row but the lost one.
    const alone = new Envelope(key(8));
    const rows = await inTx((tx) => tx.sql<{ id: string; sealed: Buffer; name: string }>('SELECT id, sealed, name FROM secret'));
    for (const { id, sealed, name } of rows) {
      if (name !== 'lost') expect(alone.open(`secret/${id}`, sealed).reveal()).not.toBe('');
    }
    const credentials = await inTx((tx) => tx.sql<{ id: string; sealed: Buffer }>('SELECT device_id AS id, sealed FROM device_credential'));
    expect(credentials.map(({ id, sealed }) => alone.open(`device/${id}/secret`, sealed).reveal()).sort()).toEqual(['newer', 's', 's']);
    const [portal] = await inTx((tx) =>
      tx.sql<{ id: string; sealed: Buffer[] }>('SELECT id, sealed_secrets AS sealed FROM inbound_source'),
    );
    expect(portal?.sealed.map((one) => alone.open(`inbound_source/${portal.id}/secret`, one).reveal())).toEqual([
      expect.stringMatching(/^whsec_/),
    ]);
  });
});
