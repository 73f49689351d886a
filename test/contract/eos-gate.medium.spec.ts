/** What a session may change: judged with every text that is rendered, on a switch that has its own view of every command. */
import { compileFabric } from '#engines/intent';
import { scenarios } from '#engines/intent/testing';
import { remediate } from '#engines/reconcile';
import { renderDevice } from '#engines/rendering';
import { trespasses } from '#adapters/eos/testing';
import { loadConfig } from '../../apps/lab/src/eos-simulator/config/load-config.js';
import { printConfig } from '../../apps/lab/src/eos-simulator/config/print-config.js';
import { typeCommands } from '../../apps/lab/src/eos-simulator/config/type-commands.js';

const HARDWARE = { ethernetPorts: 64 };
const RELEASE = '4.34.0F';
/** What others have on the switch; no rendered text says anything of it. */
const OTHERS = `management api http-commands
   no shutdown
   vrf MGMT
      no shutdown
!
username jo privilege 15 role network-admin nopassword
!
ntp server 192.0.2.123
!
vlan 3990
   name by-hand
!
vrf instance MGMT
!
interface Ethernet63
   description by hand
   switchport access vlan 3990
!
interface Management1
   vrf MGMT
   ip address 192.0.2.10/24
!
ip route vrf MGMT 0.0.0.0/0 192.0.2.1
!
ip prefix-list BY-HAND
   seq 10 permit 198.51.100.0/24
`;

const texts: ReadonlyMap<string, string> = new Map(
  Object.entries(scenarios)
    .map(([scenario, make]) => ({ scenario, snapshot: make() }))
    .filter(({ snapshot }) => snapshot.devices.some(({ platform }) => platform === 'ARISTA_EOS'))
    .flatMap(({ scenario, snapshot }) =>
      compileFabric(snapshot)
        .devices.flatMap(renderDevice)
        .filter(({ format }) => format === 'eos')
        .map(({ device, content }): [string, string] => [content, `${scenario}/${device}`]),
    ),
);
const print = (text: string): string => printConfig(loadConfig(text, HARDWARE), RELEASE);

function outcome(before: string, commands: readonly string[]): { running: string; predicted: string } {
  const config = loadConfig(before, HARDWARE);
  const running = printConfig(config, RELEASE);
  typeCommands(config, commands);
  return { running, predicted: printConfig(config, RELEASE) };
}

describe('the gate before a commit', () => {
  it.each([...texts].map(([text, name]) => ({ name, text })))('lets $name come and go', ({ text }) => {
    const come = outcome(OTHERS, remediate({ running: print(OTHERS), previous: '', desired: text }));
    expect(trespasses({ ...come, desired: text, previous: [] })).toEqual([]);
    const go = outcome(come.predicted, remediate({ running: come.predicted, previous: text, desired: '' }));
    expect(trespasses({ ...go, desired: '', previous: [text] })).toEqual([]);
    expect(go.predicted).toBe(print(OTHERS));
  });

  it('lets each text take the place of the one before', () => {
    const all = [...texts.keys()];
    for (const [i, text] of all.entries()) {
      const before = all[(i + 1) % all.length] as string;
      const running = outcome(OTHERS, remediate({ running: print(OTHERS), previous: '', desired: before })).predicted;
      const change = outcome(running, remediate({ running, previous: before, desired: text }));
      expect(trespasses({ ...change, desired: text, previous: [before] })).toEqual([]);
    }
  });

  const OURS = 'vlan 100\n   name ours\n!\ninterface Ethernet1\n   description ours\n   switchport access vlan 100\n';
  it.each([
    ['a VLAN of others', ['no vlan 3990'], ['vlan 3990 (would be removed)', 'vlan 3990 / name by-hand (would be removed)']],
    ['a name of others', ['vlan 3990', 'name mine'], ['vlan 3990 / name mine (would be changed)']],
    ['a port of others', ['interface Ethernet63', 'no description'], ['interface Ethernet63 / description by hand (would be removed)']],
    ['a line nobody asked for', ['ntp server 192.0.2.66'], ['ntp server 192.0.2.66 (would be added)']],
    [
      'a list of others',
      ['ip prefix-list BY-HAND', 'no seq 10'],
      ['ip prefix-list BY-HAND / seq 10 permit 198.51.100.0/24 (would be removed)'],
    ],
    ['the management port', ['interface Management1', 'shutdown'], ['interface Management1 / shutdown (would be added)']],
    [
      'the way back of management',
      ['no ip route vrf MGMT 0.0.0.0/0 192.0.2.1'],
      ['ip route vrf MGMT 0.0.0.0/0 192.0.2.1 (would be removed)'],
    ],
    ['the door itself', ['management api http-commands', 'shutdown'], ['management api http-commands / no shutdown (would be removed)']],
  ])('stops a session that touches %s', (_, commands, words) => {
    const change = outcome(OTHERS, [...remediate({ running: print(OTHERS), previous: '', desired: OURS }), ...commands]);
    expect(trespasses({ ...change, desired: OURS, previous: [] })).toEqual(words);
  });

  it('stops what would touch the management even where our own text asks for it', () => {
    const text = 'vrf instance MGMT\n   description ours\n!\nip route vrf MGMT 0.0.0.0/0 192.0.2.66\n';
    const change = outcome(OTHERS, ['ip route vrf MGMT 0.0.0.0/0 192.0.2.66']);
    expect(trespasses({ ...change, desired: text, previous: [] })).toEqual(['ip route vrf MGMT 0.0.0.0/0 192.0.2.66 (would be added)']);
  });
});
