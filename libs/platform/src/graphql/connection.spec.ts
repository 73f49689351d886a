import { keyset, toConnection } from './index.js';

const rows = (from: number, count: number): { id: string; slug: string }[] =>
  Array.from({ length: count }, (_, i) => ({ id: `00000000-0000-7000-8000-${String(from + i).padStart(12, '0')}`, slug: `s${from + i}` }));
const page = (first: number, after: string | null = null) => keyset({ first, after }, ['text', 'uuid']);
const connect = (found: ReturnType<typeof rows>, of: ReturnType<typeof page>) =>
  toConnection(
    found,
    of,
    (row) => [row.slug, row.id],
    (row) => row.slug,
  );

describe('a page', () => {
  it('ends where it was asked to, and knows whether there is more', () => {
    expect(connect(rows(1, 3), page(2))).toMatchObject({ nodes: ['s1', 's2'], pageInfo: { hasNextPage: true, hasPreviousPage: false } });
    expect(connect(rows(1, 2), page(2))).toMatchObject({ nodes: ['s1', 's2'], pageInfo: { hasNextPage: false } });
  });

  it('is followed by the page after its last cursor', () => {
    const { pageInfo, edges } = connect(rows(1, 3), page(2));
    expect(pageInfo.endCursor).toBe(edges[1]?.cursor);
    expect(page(2, pageInfo.endCursor).after).toEqual(['s2', rows(2, 1)[0]?.id]);
    expect(connect(rows(3, 1), page(2, pageInfo.endCursor)).pageInfo.hasPreviousPage).toBe(true);
  });

  it('may be empty', () => {
    expect(connect([], page(20))).toEqual({
      edges: [],
      nodes: [],
      pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
    });
  });

  it.each([0, -1, 1.5, 101, Number.NaN])('has not %d rows', (first) => {
    expect(() => page(first)).toThrow(expect.objectContaining({ code: 'INVALID_VALUE', message: expect.stringContaining('1 to 100') }));
  });

  const cursor = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  it.each([
    '',
    'x',
    cursor({}),
    cursor(['a']),
    cursor(['a', 'b', 'c']),
    cursor(['a', 1]),
    cursor(['a', 'not-a-uuid']),
    cursor(['a\0', rows(1, 1)[0]?.id]),
    cursor(['x'.repeat(513), rows(1, 1)[0]?.id]),
  ])('does not begin after the cursor %j', (after) => {
    expect(() => page(2, after)).toThrow(
      expect.objectContaining({ code: 'INVALID_VALUE', facts: expect.objectContaining({ accepted: 'a cursor of this query' }) }),
    );
  });
});
