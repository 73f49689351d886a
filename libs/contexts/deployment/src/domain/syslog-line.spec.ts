import { hintIn } from './syslog-line.js';

describe('a syslog line', () => {
  it.each([
    ['<189>Nov 21 17:02:03 TEST ConfigAgent: %SYS-5-CONFIG_I: Configured from console by bob on vty7 (10.0.0.7)', 'TEST'],
    ['<189>Nov  1 07:02:03 leaf-1.example Aaa: %SYS-5-CONFIG_SESSION_COMMIT_SUCCESS: User bob committed', 'leaf-1.example'],
    ['<189>1 2026-11-21T17:02:03.123Z pve1 vtysh 4711 - - vty: configure terminal', 'pve1'],
    ['<30>2026-11-21T17:02:03+00:00 192.0.2.7 ifreload[99]: info: executing ifreload -a', '192.0.2.7'],
    ['Nov 21 17:02:03 pve2 ovs-vsctl: ovs|00001|vsctl|INFO|Called as ovs-vsctl add-port', 'pve2'],
  ])('is a hint where somebody was at the configuration: %s', (line, host) => expect(hintIn(line)).toBe(host));

  it.each([
    '<30>Nov 21 17:02:03 pve1 sshd[7]: Accepted publickey for root',
    '<189>1 2026-11-21T17:02:03Z - vtysh - - - configure terminal',
    '<189>1 2026-11-21T17:02:03Z bad$host vtysh - - - x',
    'vtysh',
    '',
    `<13>Nov 21 17:02:03 ${'x'.repeat(300)} vtysh: x`,
  ])('is none where it is about something else, or names nobody: %s', (line) => expect(hintIn(line)).toBeNull());
});
