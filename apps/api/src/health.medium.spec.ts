import pg from 'pg';
import { openApi, type TestApi } from '../../../test/support/api.js';

describe('health of the API', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await openApi();
  });
  afterAll(() => api.close());

  it('is alive and ready on a migrated database', async () => {
    await api.http().get('/healthz').expect(200, { status: 'ok' });
    await api.http().get('/readyz').expect(200, { status: 'ok', database: true, schema: true });
  });

  it('is alive but not ready while the database is away', async () => {
    await api.wire.cut();
    await api.http().get('/healthz').expect(200);
    await api.http().get('/readyz').expect(503, { status: 'unavailable', database: false, schema: false });
    await api.wire.mend();
    await api.http().get('/readyz').expect(200);
  });

  it('is not ready on a schema that lacks a migration', async () => {
    const client = new pg.Client({ connectionString: api.databaseUrl });
    await client.connect();
    await client.query('DELETE FROM schema_migration WHERE id = (SELECT max(id) FROM schema_migration)');
    await client.end();
    await api.http().get('/readyz').expect(503, { status: 'unavailable', database: true, schema: false });
  });
});
