import { UnprovenLimit } from './unproven-limit.js';

function limit() {
  let now = 0;
  const of = new UnprovenLimit(() => now);
  const flood = (address: string, count = 1000) => {
    for (let n = 0; n < count; n++) of.unproved(address);
  };
  return { of, flood, wait: (ms: number) => void (now += ms) };
}

describe('whoever proves nothing', () => {
  it('is heard for a while, then refused, and heard again a second later', () => {
    const { of, flood, wait } = limit();
    flood('192.0.2.1', 29);
    expect(of.refusedFor('192.0.2.1')).toBe(0);
    flood('192.0.2.1');
    expect(of.refusedFor('192.0.2.1')).toBe(1);
    expect(of.refusedFor('192.0.2.2')).toBe(0);
    wait(1000);
    expect(of.refusedFor('192.0.2.1')).toBe(0);
    of.unproved('192.0.2.1');
    expect(of.refusedFor('192.0.2.1')).toBe(1);
  });

  it('is heard all the same where something was proved lately: everybody behind a proxy has one address', () => {
    const { of, flood, wait } = limit();
    of.proved('192.0.2.1');
    flood('192.0.2.1');
    expect(of.refusedFor('192.0.2.1')).toBe(0);
    wait(3_600_000);
    flood('192.0.2.1');
    expect(of.refusedFor('192.0.2.1')).toBe(1);
  });

  it.each([
    ['2001:db8:1:2::1', '2001:db8:1:2:ffff:0:0:9', true],
    ['2001:DB8:1:2::', '2001:db8:1:2::5', true],
    ['2001:db8::1', '2001:db8:0:0:5::', true],
    ['2001:db8:1:2::1', '2001:db8:1:3::1', false],
    ['::ffff:192.0.2.1', '192.0.2.1', true],
    ['::ffff:192.0.2.1', '::ffff:192.0.2.2', false],
    ['::1', '::2', true],
  ])('%s and %s are one: %s', (one, other, isOne) => {
    const { of, flood } = limit();
    flood(one);
    expect(of.refusedFor(other) > 0).toBe(isOne);
  });

  it('is not remembered without end', () => {
    const { of, flood } = limit();
    flood('192.0.2.1');
    for (let n = 0; n < 10_000; n++) of.unproved(`10.0.${n >> 8}.${n & 255}`);
    expect(of.refusedFor('192.0.2.1')).toBe(0);
  });
});
