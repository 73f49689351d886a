import { Ip, reverseName } from '#engines/kernel';

it.each([
  ['10.20.0.5', '5.0.20.10.in-addr.arpa'],
  ['2001:db8::1', '1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa'],
])('the PTR record of %s is owned by %s', (ip, name) => {
  expect(reverseName(Ip.parse(ip))).toBe(name);
});
