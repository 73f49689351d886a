import { compileFabric, type DeviceIntent, deviceIntent } from '#engines/intent';
import { demoSnapshot, scenarios } from '#engines/intent/testing';
import type { Label } from '#engines/kernel';
import { exportArtefacts } from './index.js';

const intent = deviceIntent(compileFabric(scenarios['external-as-data']?.() ?? demoSnapshot()), 'sonic1');
const files = (device: DeviceIntent) => new Map(exportArtefacts(device).map(({ path, text }) => [path, text.join('\n')]));
const variables = (device: DeviceIntent): Record<string, unknown> =>
  JSON.parse(files(device).get('host_vars/sonic1.json') ?? '') as Record<string, unknown>;

describe('what is exported', () => {
  it('is the whole intent, which comes back as it was', () => {
    expect(JSON.parse(files(intent).get('trame/intent.json') ?? '')).toEqual(JSON.parse(JSON.stringify(intent)));
  });

  it('has variables that Ansible takes as names, with every number of the device', () => {
    const all = variables(intent);
    for (const name of Object.keys(all)) expect(name).toMatch(/^trame_[a-z_]+$/);
    expect(all['trame_vnis']).toEqual([
      expect.objectContaining({ vni: 10_001, rd: '172.16.1.60:1', route_targets_import: ['65051:10001'] }),
    ]);
    expect(all['trame_ports']).toEqual([{ name: 'Ethernet4', untagged: null, tagged: [{ vni: 10_001, vlan: 100 }] }]);
    expect(all['trame_vrfs']).toEqual([]);
  });

  it('stays one value, whatever a network is called', () => {
    const [network] = intent.l2vnis;
    if (network === undefined) throw new Error('the scenario has a network');
    for (const name of ['"}, "x": {', 'a\u2028b\u0085c', '{{ lookup("pipe", "reboot") }}', '\\']) {
      const hostile = { ...intent, l2vnis: [{ ...network, networkName: name as Label }] };
      for (const text of files(hostile).values()) {
        expect(text).toMatch(/^[\P{C}\n]*$/u);
        expect(text).not.toMatch(/[\u2028\u2029]/);
        JSON.parse(text);
      }
      // Free text never reaches Ansible: it would be a template there.
      expect(files(hostile).get('host_vars/sonic1.json')).toBe(files(intent).get('host_vars/sonic1.json'));
    }
  });
});
