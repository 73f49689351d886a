import fc from 'fast-check';
import { MARK_CHARACTERS, marksExpression, parseMark, printMark } from './mark-text.js';

const SEED = 20_261_121;
const id = fc.stringMatching(/^[a-z]{2,4}_[0-9a-z]{26}(-net_[0-9a-z]{26})?$/);
const slug = fc.option(fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,61}[a-z0-9]$/), { nil: null });

it('is read as it was written', () => {
  fc.assert(
    fc.property(id, slug, fc.boolean(), (mark, tenantSlug, isDeprecated) => {
      const text = { id: mark, slug: tenantSlug, isDeprecated };
      expect(parseMark(printMark(text))).toEqual(text);
    }),
    { seed: SEED },
  );
});

it('fits into the column that an administrator is asked for', () => {
  expect(printMark({ id: `ten_${'0'.repeat(26)}`, slug: 'x'.repeat(63), isDeprecated: true }).length).toBeLessThanOrEqual(MARK_CHARACTERS);
});

it.each([null, '', '  '])('is none in %j', (text) => {
  expect(parseMark(text)).toBeNull();
});

it('is looked for as a whole, whatever stands behind it', () => {
  const body = /^\/(.*)\/$/.exec(marksExpression(['vrf_1', 'vld_1-net.1']))?.[1] ?? '';
  const expression = new RegExp(body);
  const found = ['vrf_1', 'vrf_1 deprecated', 'vld_1-net.1', 'vrf_10', 'x vrf_1', 'vld_1-netx1'].filter((text) => expression.test(text));
  expect(found).toEqual(['vrf_1', 'vrf_1 deprecated', 'vld_1-net.1']);
});
