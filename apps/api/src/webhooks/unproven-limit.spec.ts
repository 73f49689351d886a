import { UnprovenLimit } from './unproven-limit.js';

function limit() {
  let now = 0;
  const limited = new UnprovenLimit(() => now);
  const from = (address: string, source = 'portal') => ({ address, source });
  const flood = (address: string, { count = 1000, source = 'portal' } = {}) => {
    for (let n = 0; n < count; n++) limited.unproved(from(address, source));
  };
  return {
    flood,
    wait: (ms: number) => void (now += ms),
    prove: (address: string, source = 'portal') => limited.proved(from(address, source)),
    refused: (address: string, source = 'portal') => limited.refusedFor(from(address, source), false),
    /** It looks like one of that source. */
    plausible: (address: string, source = 'portal') => limited.refusedFor(from(address, source), true),
  };
}

describe('whoever proves nothing', () => {
  it('is heard for a while, then refused, and heard again a second later', () => {
    const { flood, wait, refused } = limit();
    flood('192.0.2.1', { count: 29 });
    expect(refused('192.0.2.1')).toBe(0);
    flood('192.0.2.1');
    expect(refused('192.0.2.1')).toBe(1);
    expect(refused('192.0.2.2')).toBe(0);
    wait(1000);
    expect(refused('192.0.2.1')).toBe(0);
    flood('192.0.2.1', { count: 1 });
    expect(refused('192.0.2.1')).toBe(1);
  });

  it('is not heard more often for making names up', () => {
    const { prove, refused, flood } = limit();
    prove('192.0.2.9');
    for (let n = 0; n < 30; n++) flood('192.0.2.1', { count: 1, source: `nobody-${n}` });
    expect(refused('192.0.2.1', 'nobody-new')).toBe(1);
    expect(refused('192.0.2.1', 'portal')).toBe(0);
  });
});

describe('whoever sends from the address of such a one', () => {
  it('is heard where something was proved of its source lately, if it may be true', () => {
    const { prove, flood, wait, plausible, refused } = limit();
    prove('192.0.2.1');
    flood('192.0.2.1');
    for (let n = 0; n < 1000; n++) expect(plausible('192.0.2.1')).toBe(0);
    expect(refused('192.0.2.1')).toBe(1);
    wait(3_600_000);
    flood('192.0.2.1');
    for (let n = 0; n < 10; n++) plausible('192.0.2.1');
    expect(plausible('192.0.2.1')).toBe(1);
  });

  it('is heard ten times a second if it may be true, though nothing was proved yet, and from the first proof on always', () => {
    const { prove, flood, wait, plausible, refused } = limit();
    flood('192.0.2.1');
    const heard = () => Array.from({ length: 100 }, () => plausible('192.0.2.1')).filter((seconds) => seconds === 0).length;
    expect(heard()).toBe(10);
    wait(500);
    expect(heard()).toBe(5);
    prove('192.0.2.1');
    expect(heard()).toBe(100);
    expect(refused('192.0.2.1', 'another')).toBe(1);
  });

  it('is not heard because of what another source proved from there', () => {
    const { prove, flood, plausible } = limit();
    prove('192.0.2.1', 'one');
    prove('192.0.2.9', 'other');
    flood('192.0.2.1', { source: 'other' });
    for (let n = 0; n < 10; n++) plausible('192.0.2.1', 'other');
    expect([plausible('192.0.2.1', 'one'), plausible('192.0.2.1', 'other')]).toEqual([0, 1]);
  });
});

describe('an address', () => {
  it.each([
    ['2001:db8:1:2::1', '2001:db8:1:2:ffff:0:0:9', true],
    ['2001:DB8:1:2::', '2001:db8:1:2::5', true],
    ['2001:db8::1', '2001:db8:0:0:5::', true],
    ['2001:db8:1:2::1', '2001:db8:1:3::1', false],
    ['::ffff:192.0.2.1', '192.0.2.1', true],
    ['::ffff:192.0.2.1', '::ffff:192.0.2.2', false],
    ['::1', '::2', true],
  ])('%s and %s are one: %s', (one, other, isOne) => {
    const { flood, refused } = limit();
    flood(one);
    expect(refused(other) > 0).toBe(isOne);
  });

  it('is not remembered without end', () => {
    const { flood, refused } = limit();
    flood('192.0.2.1');
    for (let n = 0; n < 10_000; n++) flood(`10.0.${n >> 8}.${n & 255}`, { count: 1 });
    expect(refused('192.0.2.1')).toBe(0);
  });
});
