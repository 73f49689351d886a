import { Webhook } from 'standardwebhooks';
import { Secret } from '#platform';
import { isPlausibleWebhook, proveWebhook } from './webhook-proof.js';

const SECRET = new Secret(`whsec_${Buffer.alloc(32, 1).toString('base64')}`);
const OTHER = new Secret(`whsec_${Buffer.alloc(32, 2).toString('base64')}`);
const NOW = new Date('2026-03-01T12:00:00.000Z');
const BODY = Buffer.from('{"type":"a.b","data":{}}');

const signature = (id: string, at: Date, body: Buffer | string, secret = SECRET): string => new Webhook(secret.reveal()).sign(id, at, body);
const seconds = (at: Date): string => String(Math.floor(at.getTime() / 1000));
const signed = (over: { id?: string; at?: Date; body?: Buffer; secret?: Secret } = {}) => {
  const { id = 'msg_1', at = NOW, body = BODY, secret = SECRET } = over;
  return { 'webhook-id': id, 'webhook-timestamp': seconds(at), 'webhook-signature': signature(id, at, body, secret) };
};
const ago = (s: number): Date => new Date(NOW.getTime() - s * 1000);

describe('the proof of a webhook', () => {
  it('is its signature under the secret', () => {
    expect(proveWebhook(signed(), BODY, [SECRET], NOW)).toEqual({ messageId: 'msg_1', sentAt: NOW });
  });

  it('may be under either of two secrets while one is rotated', () => {
    expect(proveWebhook(signed({ secret: OTHER }), BODY, [SECRET, OTHER], NOW)).toBeDefined();
    expect(proveWebhook(signed({ secret: OTHER }), BODY, [SECRET], NOW)).toBeUndefined();
  });

  it('may be one of several signatures', () => {
    const headers = signed();
    expect(
      proveWebhook({ ...headers, 'webhook-signature': `v1,AAAA v1a,BBBB ${headers['webhook-signature']}` }, BODY, [SECRET], NOW),
    ).toBeDefined();
  });

  it('holds for five minutes, before and after', () => {
    for (const age of [300, -300]) expect(proveWebhook(signed({ at: ago(age) }), BODY, [SECRET], NOW), String(age)).toBeDefined();
    for (const age of [301, -301, 86_400]) expect(proveWebhook(signed({ at: ago(age) }), BODY, [SECRET], NOW), String(age)).toBeUndefined();
  });

  it.each(['', 'a.b', 'a b', 'x'.repeat(65), 'ä', '../etc', 'a:b'])('does not hold for the id %j, even if it was signed', (id) => {
    expect(proveWebhook(signed({ id }), BODY, [SECRET], NOW)).toBeUndefined();
  });

  it('does not hold for a body that was changed by a blank', () => {
    expect(proveWebhook(signed(), Buffer.concat([BODY, Buffer.from(' ')]), [SECRET], NOW)).toBeUndefined();
  });

  it('does not hold when bytes move between the id and the body', () => {
    const at = seconds(NOW);
    const headers = signed({ id: 'msg', body: Buffer.from(`${at}.${BODY.toString()}`) });
    expect(signature(`msg.${at}`, NOW, BODY)).toBe(headers['webhook-signature']); // The same bytes are signed.
    expect(proveWebhook({ ...headers, 'webhook-id': `msg.${at}` }, BODY, [SECRET], NOW)).toBeUndefined();
  });

  it('is of the bytes, not of the text they look like', () => {
    const replaced = Buffer.from('{"type":"a.b","data":{"x":"\u{fffd}"}}');
    const invalid = Buffer.from(replaced.toString('latin1').replace('ï¿½', '\xff'), 'latin1');
    expect(invalid.toString('utf8')).toBe(replaced.toString('utf8'));
    expect(proveWebhook(signed({ body: replaced }), replaced, [SECRET], NOW)).toBeDefined();
    expect(proveWebhook(signed({ body: replaced }), invalid, [SECRET], NOW)).toBeUndefined();
  });

  it.each(['webhook-id', 'webhook-timestamp', 'webhook-signature'])('needs %s', (name) => {
    expect(proveWebhook({ ...signed(), [name]: undefined }, BODY, [SECRET], NOW)).toBeUndefined();
    expect(proveWebhook({ ...signed(), [name]: ['a', 'b'] }, BODY, [SECRET], NOW)).toBeUndefined();
  });

  it.each(['1772366400abc', '1.7e9', ' 1772366400', '-1', '0', '99999999999999'])('does not read the timestamp %j', (timestamp) => {
    expect(proveWebhook({ ...signed(), 'webhook-timestamp': timestamp }, BODY, [SECRET], NOW)).toBeUndefined();
  });

  it.each(['', 'v1', 'v1,', 'v1a,AAAA', 'v2,AAAA', 'v1,AAAA'])('is not the signature %j', (text) => {
    expect(proveWebhook({ ...signed(), 'webhook-signature': text }, BODY, [SECRET], NOW)).toBeUndefined();
  });
});

describe('headers of a webhook', () => {
  it('are plausible without a secret where they have the form and the age of those that are proved', () => {
    expect(isPlausibleWebhook(signed({ at: ago(300) }), NOW)).toBe(true);
    expect(isPlausibleWebhook({ ...signed(), 'webhook-signature': `v2,x ${signed()['webhook-signature']}` }, NOW)).toBe(true);
  });

  it.each([
    ['no id', { 'webhook-id': undefined }],
    ['another id', { 'webhook-id': 'msg.1' }],
    ['no time', { 'webhook-timestamp': undefined }],
    ['no number for a time', { 'webhook-timestamp': 'now' }],
    ['another age', { 'webhook-timestamp': seconds(ago(301)) }],
    ['no signature', { 'webhook-signature': undefined }],
    ['a short one', { 'webhook-signature': 'v1,AAAA' }],
    ['another version', { 'webhook-signature': signed()['webhook-signature'].replace('v1', 'v2') }],
  ])('are not with %s', (_what, over) => {
    expect(isPlausibleWebhook({ ...signed(), ...over }, NOW)).toBe(false);
  });
});
