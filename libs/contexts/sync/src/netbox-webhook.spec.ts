import { createHmac } from 'node:crypto';
import { INVENTORY_KINDS } from './inventory/kinds.js';
import { isSignedByNetBox, parseNetBoxWebhook } from './netbox-webhook.js';

const event = (parts: object): string =>
  JSON.stringify({ event: 'updated', timestamp: '2026-05-01T10:00:00+00:00', data: { id: 12, display: 'x' }, ...parts });

describe('an event of NetBox', () => {
  it.each([
    ['4.2', { model: 'prefix', username: 'anna', request_id: 'r-1' }, 'prefix'],
    ['4.5', { object_type: 'ipam.prefix', username: 'anna', request_id: 'r-1' }, 'prefix'],
    ['4.6', { object_type: 'ipam.ipaddress', request: { id: 'r-2', method: 'PATCH' } }, 'ipAddress'],
    ['4.7', { object_type: 'vpn.l2vpntermination', request: { id: 'r-2' } }, 'l2vpnTermination'],
    ['a script', { object_type: 'ipam.vlan', request: null }, 'vlan'],
    ['a deletion', { event: 'deleted', model: 'vrf' }, 'vrf'],
  ])('of %s says which object to read again', (_release, parts, kind) => {
    expect(parseNetBoxWebhook(event(parts))).toEqual({ kind, remoteId: '12' });
  });

  it('may be of each type of the inventory', () => {
    const models = 'tenant routetarget vrf vlangroup vlan l2vpn l2vpntermination prefix iprange asn device interface ipaddress'.split(' ');
    expect(models.map((model) => parseNetBoxWebhook(event({ model }))?.kind)).toEqual([...INVENTORY_KINDS]);
  });

  it.each([
    { object_type: 'dcim.cable' },
    { object_type: 'someplugin.device' },
    { model: 'rack' },
    { event: 'job_started', object_type: 'ipam.prefix' },
    {},
  ])('%j is of nothing that is kept', (parts) => expect(parseNetBoxWebhook(event(parts))).toBeNull());

  it.each(['', 'null', '[]', '{"event":"updated"}', '{"event":"updated","timestamp":"t","model":"vrf","data":{"id":"12"}}', '<html>'])(
    '%j is refused',
    (body) => expect(() => parseNetBoxWebhook(body)).toThrow(expect.objectContaining({ code: 'INVALID_VALUE' })),
  );
});

describe('the signature of an event', () => {
  const body = event({ model: 'vrf' });
  const sign = (secret: string) => createHmac('sha512', secret).update(body).digest('hex');

  it('holds under the secret, and over the bytes as they came', () => {
    expect(isSignedByNetBox(body, sign('new'), 'new')).toBe(true);
    expect(isSignedByNetBox(Buffer.from(body), sign('new').toUpperCase(), 'new')).toBe(true);
    expect(isSignedByNetBox(`${body} `, sign('new'), 'new')).toBe(false);
  });

  it.each([undefined, '', 'abc', 'z'.repeat(128), '0'.repeat(128), sign('other'), `${sign('new')}00`])('%s is refused', (signature) => {
    expect(isSignedByNetBox(body, signature, 'new')).toBe(false);
  });

  it('is not accepted without a secret', () => expect(isSignedByNetBox(body, sign(''), '')).toBe(false));
});
