import { createHmac } from 'node:crypto';
import { isSignedByNetBox, parseNetBoxWebhook } from './webhook.js';

const event = (parts: object): string =>
  JSON.stringify({ event: 'updated', timestamp: '2026-05-01T10:00:00+00:00', data: { id: 12, display: 'x' }, ...parts });

describe('an event of NetBox', () => {
  it.each([
    ['4.2', { model: 'prefix', username: 'anna', request_id: 'r-1' }, 'prefix', 'r-1'],
    ['4.5', { object_type: 'ipam.prefix', username: 'anna', request_id: 'r-1' }, 'prefix', 'r-1'],
    ['4.6', { object_type: 'ipam.ipaddress', request_id: 'r-1', request: { id: 'r-2', method: 'PATCH' } }, 'ipAddress', 'r-2'],
    ['4.7', { object_type: 'vpn.l2vpntermination', request: { id: 'r-2' } }, 'l2vpnTermination', 'r-2'],
    ['a script', { object_type: 'ipam.vlan', request: null }, 'vlan', null],
  ])('of %s says which object to read again', (_release, parts, kind, requestId) => {
    expect(parseNetBoxWebhook(event(parts))).toEqual({
      kind,
      remoteId: '12',
      isDelete: false,
      requestId,
      timestamp: '2026-05-01T10:00:00+00:00',
    });
  });

  it('tells a deletion', () => {
    expect(parseNetBoxWebhook(event({ event: 'deleted', model: 'vrf' }))).toMatchObject({ kind: 'vrf', isDelete: true });
  });

  it.each([{ object_type: 'dcim.cable' }, { model: 'rack' }, { event: 'job_started', object_type: 'ipam.prefix' }, {}])(
    '%j is of nothing that is kept',
    (parts) => expect(parseNetBoxWebhook(event(parts))).toBeNull(),
  );

  it.each(['', 'null', '[]', '{"event":"updated"}', '{"event":"updated","timestamp":"t","model":"vrf","data":{"id":"12"}}', '<html>'])(
    '%j is refused',
    (body) => expect(() => parseNetBoxWebhook(body)).toThrow(expect.objectContaining({ code: 'INVALID_VALUE' })),
  );
});

describe('the signature of an event', () => {
  const body = event({ model: 'vrf' });
  const sign = (secret: string) => createHmac('sha512', secret).update(body).digest('hex');

  it('holds under the secret, the older secret too, and over the bytes as they came', () => {
    expect(isSignedByNetBox(body, sign('new'), ['new'])).toBe(true);
    expect(isSignedByNetBox(Buffer.from(body), sign('old'), ['new', 'old'])).toBe(true);
    expect(isSignedByNetBox(`${body} `, sign('new'), ['new'])).toBe(false);
  });

  it.each([undefined, '', 'abc', 'z'.repeat(128), '0'.repeat(128), sign('other'), `${sign('new')}00`])('%s is refused', (signature) => {
    expect(isSignedByNetBox(body, signature, ['new'])).toBe(false);
  });

  it('is not accepted without a secret', () => {
    expect(isSignedByNetBox(body, sign(''), [''])).toBe(false);
    expect(isSignedByNetBox(body, sign('new'), [])).toBe(false);
  });
});
