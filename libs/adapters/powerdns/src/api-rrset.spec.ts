import { type ApiRrset, byKey } from './api-rrset.js';

const rrset = (name: string, content: string): ApiRrset => ({
  name,
  type: 'A',
  ttl: 300,
  records: [{ content, disabled: false }],
  comments: [{ account: 'x', content }],
});

describe('record sets by their keys', () => {
  it('are one where names differ in case, with the records and comments of all', () => {
    const found = byKey([rrset('a.example.', '10.0.0.1'), rrset('b.example.', '10.0.0.9'), rrset('A.example.', '10.0.0.2')]);
    expect([...found.keys()]).toEqual(['a.example/a', 'b.example/a']);
    expect(found.get('a.example/a')?.records.map(({ content }) => content)).toEqual(['10.0.0.1', '10.0.0.2']);
    expect(found.get('a.example/a')?.comments).toHaveLength(2);
  });

  it('are put together at once, however often a server says one of them', () => {
    const often = Array.from({ length: 40_000 }, (_, n) => rrset('a.example.', String(n)));
    const begun = performance.now();
    expect(byKey(often).get('a.example/a')?.records).toHaveLength(40_000);
    expect(performance.now() - begun).toBeLessThan(3000);
  });
});
