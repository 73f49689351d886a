import { Cidr } from '#engines/kernel';
import { hostRange } from './subnet-layout.js';

describe('addresses that hosts may have', () => {
  it.each([
    ['10.20.0.0/24', '10.20.0.1', '10.20.0.254'],
    ['10.20.0.0/30', '10.20.0.1', '10.20.0.2'],
    ['10.20.0.0/31', '10.20.0.0', '10.20.0.1'],
    ['10.20.0.7/32', '10.20.0.7', '10.20.0.7'],
    ['2001:db8::/64', '2001:db8::1', '2001:db8::ffff:ffff:ffff:ffff'],
    ['2001:db8::/127', '2001:db8::', '2001:db8::1'],
    ['2001:db8::9/128', '2001:db8::9', '2001:db8::9'],
  ])('%s: %s to %s', (cidr, first, last) => {
    expect(hostRange(Cidr.parse(cidr))).toEqual({ first, last });
  });
});
