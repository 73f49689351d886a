import { Fqdn, Ip } from '#engines/kernel';
import { unpublishedLines, withheldWords } from './run-lines.js';

const withheld = (count: number, reason: 'TOO_LONG' | 'OF_ANOTHER_TENANT' = 'OF_ANOTHER_TENANT') =>
  Array.from({ length: count }, (_, n) => ({
    called: `h${n}.dmz.cust.example`,
    address: Ip.parse(n === 0 ? '2001:db8::1' : '10.0.0.1'),
    reason,
  }));
const outside = (count: number) =>
  Array.from({ length: count }, (_, n) => ({
    name: Fqdn.parse(`o${n}.example`),
    address: Ip.parse('10.0.0.1'),
    missing: 'FORWARD_ZONE' as const,
  }));

describe('what is published nowhere', () => {
  it('is a line of a run with what it would be and why it is not, of no zone', () => {
    expect(unpublishedLines({ outside: outside(1), withheld: withheld(2) }, 300)).toEqual([
      {
        zone: '',
        verb: 'CREATE',
        key: 'o0.example/a',
        after: { ttl: 300, records: ['10.0.0.1'] },
        reason: 'no zone of the connector holds this name',
      },
      {
        zone: '',
        verb: 'CREATE',
        key: 'h0.dmz.cust.example/aaaa',
        after: { ttl: 300, records: ['2001:db8::1'] },
        reason: 'another tenant has this name',
      },
      {
        zone: '',
        verb: 'CREATE',
        key: 'h1.dmz.cust.example/a',
        after: { ttl: 300, records: ['10.0.0.1'] },
        reason: 'another tenant has this name',
      },
    ]);
  });

  it('is shown as far as a person reads it, and counted beyond', () => {
    const lines = unpublishedLines({ outside: outside(205), withheld: withheld(203, 'TOO_LONG') }, 300);
    expect(lines).toHaveLength(402);
    expect([lines[200]?.key, lines[401]?.key]).toEqual(['5 more', '3 more']);
  });
});

describe('the words of a connector about names that are withheld', () => {
  it('are none where none is, and name the first', () => {
    expect(withheldWords([])).toEqual([]);
    expect(withheldWords(withheld(1, 'TOO_LONG'))).toEqual([
      'names are withheld: h0.dmz.cust.example of 2001:db8::1 (with the prefix of its subnet the name is longer than 253 octets)',
    ]);
    expect(withheldWords(withheld(7))[0]).toMatch(/h4\.dmz\.cust\.example of 10\.0\.0\.1 \(another tenant has this name\) and 2 more$/);
  });
});
