import { openApi, type TestApi } from '../../../test/support/api.js';

let api: TestApi;
beforeAll(async () => {
  api = await openApi({ env: { TRUST_PROXY: '192.0.2.7,127.0.0.0/8' } });
});
afterAll(() => api.close());

describe('behind a reverse proxy that is believed', () => {
  it('links of the IPAM API are those that its clients use', async () => {
    const { body } = await api.http().get('/netbox/api/').set({ 'x-forwarded-proto': 'https', 'x-forwarded-host': 'ipam.example' });
    expect(body).toEqual({ ipam: 'https://ipam.example/netbox/api/ipam/' });
  });

  it('who proves nothing shuts out only itself, whatever it says of whom it came through', async () => {
    const send = async (forwardedFor: string) =>
      (await api.http().post('/hooks/nobody').set({ 'x-forwarded-for': forwardedFor, 'content-type': 'application/json' }).send('{}'))
        .status;
    for (let n = 0; n < 40; n++) await send(`203.0.113.${n}, 198.51.100.1`);
    expect(await send('203.0.113.99, 198.51.100.1')).toBe(429);
    expect(await send('198.51.100.2')).toBe(404);
  });
});
