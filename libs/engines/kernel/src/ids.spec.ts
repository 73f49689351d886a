import fc from 'fast-check';
import { decodeId, encodeId, ID_PREFIXES, type IdKind } from '#engines/kernel';

const uuid = fc.uuid();
const kind = fc.constantFrom(...(Object.keys(ID_PREFIXES) as IdKind[]));

describe('a public id', () => {
  it('is the id of one object of one kind', () => {
    fc.assert(
      fc.property(kind, uuid, (noun, id) => {
        const text = encodeId(noun, id);
        expect(text).toMatch(new RegExp(`^${ID_PREFIXES[noun]}_[0-9a-hjkmnp-tv-z]{26}$`));
        expect(decodeId(noun, text)).toBe(id);
      }),
    );
  });

  it('sorts like the UUIDs behind it, so that newer objects come last', () => {
    fc.assert(
      fc.property(uuid, uuid, (a, b) => {
        expect(encodeId('network', a) < encodeId('network', b)).toBe(a < b);
      }),
    );
  });

  it('of another kind, or one that cannot exist, is answered like one that does not exist', () => {
    const tenant = encodeId('tenant', '018f0000-0000-7000-8000-000000000001');
    for (const text of [
      tenant,
      '',
      'net_',
      `net_${'z'.repeat(26)}`,
      `net_${'u'.repeat(26)}`,
      '018f0000-0000-7000-8000-000000000001',
      `net_${'0'.repeat(27)}`,
    ]) {
      expect(() => decodeId('network', text)).toThrow(expect.objectContaining({ code: 'NOT_FOUND', message: 'there is no such network' }));
    }
  });
});
