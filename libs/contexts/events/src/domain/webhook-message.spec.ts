import { parseWebhookBody } from './webhook-message.js';

const nested = (depth: number): string => `{"type":"a.b","data":${'{"x":'.repeat(depth)}1${'}'.repeat(depth)}}`;

describe('the body of a webhook', () => {
  it('is a type, a time and an object', () => {
    expect(parseWebhookBody('{"type":"order.created","timestamp":"2026-01-31T12:00:00+01:00","data":{"order":"A"}}')).toEqual({
      type: 'order.created',
      timestamp: new Date('2026-01-31T11:00:00Z'),
      data: { order: 'A' },
    });
  });

  it('may leave out the time', () => {
    expect(parseWebhookBody('{"type":"order.created","data":{}}').timestamp).toBeNull();
  });

  it('is taken to 32 levels', () => {
    expect(() => parseWebhookBody(nested(31))).not.toThrow();
    expect(() => parseWebhookBody(nested(32))).toThrow(expect.objectContaining({ code: 'INVALID_VALUE' }));
  });

  it('of a hundred thousand levels is refused, not fatal', () => {
    expect(() => parseWebhookBody(nested(100_000))).toThrow(expect.objectContaining({ code: 'INVALID_VALUE' }));
  });

  it.each([
    ['nothing', ''],
    ['half a body', '{"type":"a.b","data":{'],
    ['a byte order mark', '\u{feff}{"type":"a.b","data":{}}'],
    ['NaN', '{"type":"a.b","data":{"n":NaN}}'],
    ['a list', '[]'],
    ['null', 'null'],
    ['a text', '"order.created"'],
    ['no type', '{"data":{}}'],
    ['a type with a newline', '{"type":"a\\nb","data":{}}'],
    ['a type of 200 characters', `{"type":"${'a'.repeat(200)}","data":{}}`],
    ['data that is a list', '{"type":"a.b","data":[]}'],
    ['data that is null', '{"type":"a.b","data":null}'],
    ['a time without a zone', '{"type":"a.b","timestamp":"2026-01-31T12:00:00","data":{}}'],
    ['a time that is a number', '{"type":"a.b","timestamp":1767225600,"data":{}}'],
    ['a key named __proto__', '{"type":"a.b","data":{"x":{"__proto__":{"isAdmin":true}}}}'],
  ])('is refused with %s', (_what, text) => {
    expect(() => parseWebhookBody(text)).toThrow(
      expect.objectContaining({ code: 'INVALID_VALUE', facts: { accepted: expect.any(String) } }),
    );
  });
});
