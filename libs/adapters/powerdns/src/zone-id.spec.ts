import { zoneId } from './zone-id.js';

describe('zoneId', () => {
  it.each([
    ['cust.example', 'cust.example.'],
    ['20.10.in-addr.arpa', '20.10.in-addr.arpa.'],
    ['0/26.2.0.192.in-addr.arpa', '0=2F26.2.0.192.in-addr.arpa.'],
    ['0-26.2.0.192.in-addr.arpa', '0-26.2.0.192.in-addr.arpa.'],
    ['_tcp.example', '_tcp.example.'],
    ['a=b?c#d.example', 'a=3Db=3Fc=23d.example.'],
    ['../x', '..=2Fx.'],
    ['', '=2E'],
  ])('of %j is %s', (zone, id) => expect(zoneId(zone)).toBe(id));
});
