import { hostileTexts, timesAsLong, usualText } from '../../../../test/support/hostile-texts.js';
import { masked } from './masked.js';

describe('what a cluster says, as it may be kept', () => {
  it.each([
    [' ip ospf message-digest-key 1 md5 hunter2', ' ip ospf message-digest-key ***'],
    ['+ isis password clear hunter2', '+ isis password ***'],
    ['+ domain-password md5 hunter2', '+ domain-password ***'],
    ['-neighbor 192.0.2.1 password hunter2', '-neighbor 192.0.2.1 password ***'],
    ['+\tkey-string hunter2', '+\tkey-string ***'],
    ['+PrivateKey = hunter2', '+PrivateKey ***'],
    ['+snmp-server community hunter2 ro', '+snmp-server community ***'],
    ['+\twireguard-private-key: "hunter2"', '+\twireguard-private-key:***'],
  ])('has no secret: %s', (line, kept) => {
    expect(masked(`auto vmbr0\n${line}\niface vmbr0\n`)).toBe(`auto vmbr0\n${kept}\niface vmbr0\n`);
  });

  it('has all else', () => {
    const text = '+auto v10001\n+iface v10001\n+\tbridge_ports vxlan_v10001\n+\tmtu 1450\n';
    expect(masked(text)).toBe(text);
  });

  it.each(hostileTexts(20_000))('is read in the time of any other text: %s', (_what, text) => {
    expect(timesAsLong(masked, text, usualText(text.length))).toBeLessThan(50);
  });
});
