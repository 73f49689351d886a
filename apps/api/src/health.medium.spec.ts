import supertest from 'supertest';
import { createTestDatabase } from '../../../test/support/database.js';
import { testConfig } from '../../../test/support/world.js';
import { createApi } from './create-api.js';

describe('health of the API', () => {
  it('is alive and ready on a migrated database', async () => {
    const { url, drop } = await createTestDatabase();
    const app = await createApi(testConfig(url));
    try {
      await supertest(app.getHttpServer()).get('/healthz').expect(200, { status: 'ok' });
      await supertest(app.getHttpServer()).get('/readyz').expect(200, { status: 'ok', database: true, schema: true });
    } finally {
      await app.close();
      await drop();
    }
  });
});
