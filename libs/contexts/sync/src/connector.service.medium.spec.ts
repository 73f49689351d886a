import { openSyncRunnerHost, type SyncRunnerHost } from '../../../../test/support/sync-runner-world.js';
import { type ConnectorService, SyncRunService } from '#contexts/sync';
import { OperatorAct } from '#contexts/events';
import type { SyncTargetId } from '#engines/kernel';
import { Envelope, Secret, newId } from '#platform';

let host: SyncRunnerHost;
let world: Awaited<ReturnType<SyncRunnerHost['world']>>;
let connectors: ConnectorService;
beforeAll(async () => {
  host = await openSyncRunnerHost();
});
beforeEach(async () => {
  world = await host.world();
  ({ connectors } = world);
});
afterAll(() => host.close());

const settings = { app: 'trame', sections: ['Customers'] };
const made = { kind: 'PHPIPAM', slug: 'ipam', url: 'https://ipam.example/app', secret: new Secret('canary'), settings } as const;
const page = { first: 10, after: null };

describe('a connector', () => {
  it('to an inventory observes until somebody says otherwise, and has nothing to tell before it was read', async () => {
    expect(await connectors.create(made, 'operator')).toMatchObject({
      slug: 'ipam',
      kind: 'PHPIPAM',
      mode: 'OBSERVE',
      adoption: 'PROPOSE',
      onRemoteGone: 'RECREATE',
      graceSeconds: 86_400,
      enabled: true,
      version: 1,
      fabricId: null,
      health: { ok: true, message: 'nothing was read there yet', lagSeconds: null, circuit: 'CLOSED', apiVersion: null },
    });
  });

  it('says first what waits for a person, and then what else is wrong', async () => {
    const { id } = await connectors.create(made, 'operator');
    await world.sql(`UPDATE sync_target SET last_error = 'one of its names is somebody else''s' WHERE id = $1`, [id]);
    await world.sql(
      `INSERT INTO sync_run (id, target_id, state, trigger, phase, guards) VALUES ($1, $2, 'BLOCKED_BY_GUARD', 'TIMER', 'ENDED', ARRAY['26 would be deleted'])`,
      [newId(), id],
    );
    const message = "a run was stopped and waits for a person: 26 would be deleted; one of its names is somebody else's";
    expect((await connectors.byId(id)).health).toMatchObject({ ok: false, message });
  });

  it('whose complete runs fail says that the next one begins at once where somebody has just changed it', async () => {
    const { id } = await connectors.create(made, 'operator');
    await world.sql(
      `UPDATE sync_target SET scan_failures = 2, scan_failing_since = now(), scan_error = 'refused', last_error = 'refused' WHERE id = $1`,
      [id],
    );
    const { health } = await connectors.update(id, 1, { mode: 'WRITE' }, 'operator');
    expect(health).toMatchObject({ ok: false, failingScans: { count: 2, nextAt: expect.any(Date) as Date } });
  });

  it('keeps its secret sealed, bound to its own row, and shows it to nobody', async () => {
    const { id } = await connectors.create(made, 'operator');
    const other = await connectors.create({ ...made, slug: 'other', url: 'https://other.example' }, 'operator');
    const [row] = await world.sql<{ sealed: Buffer }>('SELECT sealed_secret AS sealed FROM sync_target WHERE id = $1', [id]);
    const envelope = world.app.get(Envelope);
    expect(envelope.open(`sync-target/${id}/secret`, row!.sealed).reveal()).toBe('canary');
    expect(() => envelope.open(`sync-target/${other.id}/secret`, row!.sealed)).toThrow(
      expect.objectContaining({ code: 'SECRET_UNREADABLE' }),
    );
    const seen = [await connectors.list(page), await world.sql('SELECT detail FROM audit_entry')];
    expect(JSON.stringify(seen)).not.toContain('canary');
  });

  it('is changed by whoever has read its present version', async () => {
    const { id } = await connectors.create(made, 'operator');
    const changed = await connectors.update(id, 1, { mode: 'WRITE', authority: { tenant: { description: 'THEM' } } }, 'operator');
    expect(changed).toMatchObject({ version: 2, mode: 'WRITE', authority: { tenant: { description: 'THEM' } }, url: made.url });
    await expect(connectors.update(id, 1, { enabled: false }, 'operator')).rejects.toMatchObject({
      code: 'VERSION_CONFLICT',
      facts: { currentVersion: 2 },
    });
    await expect(connectors.update(newId<SyncTargetId>(), 1, {}, 'operator')).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  it('goes to another server only with the secret for that one: nobody is sent the secret of the one before', async () => {
    const { id } = await connectors.create(made, 'operator');
    await expect(connectors.update(id, 1, { url: 'https://elsewhere.example/app' }, 'operator')).rejects.toMatchObject({
      code: 'INVALID_VALUE',
      facts: { accepted: expect.stringContaining('the secret as well') as string },
    });
    expect(await connectors.update(id, 1, { url: 'https://ipam.example/other' }, 'operator')).toMatchObject({ version: 2 });
    const moved = await connectors.update(id, 2, { url: 'https://elsewhere.example/app', secret: new Secret('another') }, 'operator');
    expect(moved).toMatchObject({ version: 3, url: 'https://elsewhere.example/app' });
  });

  it('keeps its settings where others are refused, and names what nobody knows', async () => {
    const change = { settings: { device: { role: 'leaf', type: 'vtep' } } };
    const refused = connectors.update(world.targetId, 1, change, 'operator');
    await expect(refused).rejects.toMatchObject({ code: 'INVALID_VALUE', message: expect.stringMatching(/device "type" is not valid/) });
    expect(await connectors.byId(world.targetId)).toMatchObject({ version: 1, settings: {} });
  });

  it('is made once, whoever says it twice with one key, and a name is had by one', async () => {
    const act = () => OperatorAct.of('key-1', 'createConnector', { slug: 'ipam' });
    const first = await connectors.create(made, 'operator', act());
    expect((await connectors.create(made, 'operator', act())).id).toBe(first.id);
    await expect(connectors.create(made, 'operator')).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    expect(await connectors.list(page)).toHaveLength(2);
  });

  it('is the only one of its place that is switched on: two would both make and delete the same objects', async () => {
    const { id } = await connectors.create(made, 'operator');
    const twin = { ...made, slug: 'twin', url: 'https://IPAM.example/app/' };
    await expect(connectors.create(twin, 'operator')).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
      message: expect.stringContaining('another connector keeps the objects') as string,
    });
    const off = await connectors.create({ ...twin, enabled: false }, 'operator');
    await expect(connectors.update(off.id, 1, { enabled: true }, 'operator')).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    const own = { ...twin, slug: 'own', settings: { app: 'trame', sections: ['1'], markColumn: 'custom_second' } };
    expect(await connectors.create(own, 'operator')).toMatchObject({ slug: 'own' });
    await connectors.update(id, 1, { enabled: false }, 'operator');
    expect(await connectors.update(off.id, 1, { enabled: true }, 'operator')).toMatchObject({ enabled: true });
  });

  it.each([
    ['url', { url: 'https://user:secret@ipam.example' }, 'without user and password'],
    [
      'url',
      { kind: 'POWERDNS' as const, url: 'http://127.0.0.1:8081/api/v1/servers/localhost' },
      'which is added here: http://127.0.0.1:8081',
    ],
    ['authority', { authority: { cable: {} } }, 'tenant, routeTarget'],
    ['authority', { authority: { tenant: { colour: 'US' as const } } }, 'name, slug'],
    ['tlsSpkiSha256', { tlsPins: ['short'] }, '44 characters'],
    ['graceSeconds', { graceSeconds: -1 }, 'a number from 0'],
    ['slug', { slug: 'Not A Slug' }, 'a-z'],
    ['settings', { settings: {} }, 'app (the id of an app)'],
    ['settings', { kind: 'NETBOX' as const, settings: { device: { role: 'leaf', type: 'vtep' } } }, 'device { role, deviceType, site? }'],
  ])('with impossible %s is refused, with what would be accepted', async (field, wrong, accepted) => {
    await expect(connectors.create({ ...made, ...wrong }, 'operator')).rejects.toMatchObject({
      code: 'INVALID_VALUE',
      facts: { path: [field], accepted: expect.stringContaining(accepted) },
    });
  });
});

describe('a run', () => {
  it('of a connector that is switched off, or that is none, is refused', async () => {
    const runs = world.app.get(SyncRunService);
    const { id } = await connectors.create({ ...made, enabled: false }, 'operator');
    await expect(runs.start({ targetId: id }, 'operator')).rejects.toMatchObject({ code: 'INVALID_STATE' });
    await expect(runs.start({ targetId: world.targetId, maxDeleteRatio: 2 }, 'operator')).rejects.toMatchObject({ code: 'INVALID_VALUE' });
    expect(await runs.runsOf(id, page)).toEqual([]);
  });

  it('that is asked for twice with one key is one, and both are told of it', async () => {
    const runs = world.app.get(SyncRunService);
    const act = () => OperatorAct.of('key-2', 'startSync', { targetId: world.targetId });
    const first = await runs.start({ targetId: world.targetId }, 'operator', act());
    expect((await runs.start({ targetId: world.targetId }, 'operator', act())).id).toBe(first.id);
    expect(await world.sql(`SELECT 1 FROM audit_entry WHERE action = 'sync.started' AND subject_id = $1`, [first.id])).toHaveLength(1);
  });
});
