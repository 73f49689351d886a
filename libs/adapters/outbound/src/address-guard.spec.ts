import { forbiddenAddress } from './address-guard.js';

describe('forbiddenAddress', () => {
  const never = [
    '0.0.0.0',
    '0.1.2.3',
    '169.254.169.254',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    'fe80::1',
    'fe80::1%eth0',
    'ff02::1',
    'fd00:ec2::254',
    '::ffff:169.254.169.254',
    '64:ff9b::a9fe:a9fe',
    '2002:a9fe:a9fe::1',
    '64:ff9b:1::a9fe:a9fe',
    'not-an-address',
    '',
    '127.0.0.1.',
  ];
  it.each(never)('refuses %s for everybody', (address) => {
    expect(forbiddenAddress(address, 'PRIVATE')).not.toBeNull();
    expect(forbiddenAddress(address, 'PUBLIC')).not.toBeNull();
  });

  const operatorOnly = [
    '127.0.0.1',
    '127.255.255.254',
    '10.20.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.100.1',
    '100.64.0.1',
    '198.19.255.255',
    '203.0.113.7',
    '::1',
    'fd12:3456::1',
    '2001:db8::1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '64:ff9b::7f00:1',
    '64:ff9b::192.168.0.1',
    '2002:7f00:1::',
    '2002:c0a8:0101::1',
    '2001:10::1',
  ];
  it.each(operatorOnly)('allows %s to an operator and not to a customer', (address) => {
    expect(forbiddenAddress(address, 'PRIVATE')).toBeNull();
    expect(forbiddenAddress(address, 'PUBLIC')).not.toBeNull();
  });

  const everybody = [
    '1.1.1.1',
    '172.32.0.1',
    '100.128.0.1',
    '169.253.255.255',
    '2606:4700::1111',
    '64:ff9b::101:101',
    '2002:101:101::1',
    '::ffff:8.8.8.8',
  ];
  it.each(everybody)('allows %s to everybody', (address) => {
    expect(forbiddenAddress(address, 'PUBLIC')).toBeNull();
  });

  it('judges a hidden address exactly like the plain one, whatever it is', () => {
    for (let i = 0; i < 2000; i++) {
      const octets = [i * 37, i * 101, i * 7, i].map((n) => n % 256);
      const plain = octets.join('.');
      const hex = octets.map((n) => n.toString(16).padStart(2, '0')).join('');
      const [high, low] = [hex.slice(0, 4), hex.slice(4)];
      for (const hidden of [`::ffff:${plain}`, `64:ff9b::${high}:${low}`, `2002:${high}:${low}::1`]) {
        for (const reach of ['PUBLIC', 'PRIVATE'] as const)
          expect([hidden, forbiddenAddress(hidden, reach)]).toEqual([hidden, forbiddenAddress(plain, reach)]);
      }
    }
  });
});
