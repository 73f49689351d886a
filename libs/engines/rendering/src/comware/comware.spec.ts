import { compileFabric, deviceIntent, type LagIntent } from '#engines/intent';
import { demoSnapshot, scenarios } from '#engines/intent/testing';
import { PortName, Slug, VlanId } from '#engines/kernel';
import { comwareArtefacts } from './index.js';

const base = deviceIntent(compileFabric(demoSnapshot()), 'pve1');
const lag: LagIntent = {
  name: PortName.parse('Bridge-Aggregation1'),
  members: ['GigabitEthernet1/0/1', 'GigabitEthernet2/0/1'].map(PortName.parse),
  mode: 'LACP',
  peers: [Slug.parse('picsou')],
  segment: null,
  mlag: null,
};
const text = (vlans: readonly number[], more: Partial<LagIntent> = {}, defaultVlan = 1) =>
  comwareArtefacts({
    ...base,
    lags: [{ ...lag, ...more }],
    comware: { defaultVlan: VlanId.parse(defaultVlan), trunks: [{ name: lag.name, vlans: vlans.map(VlanId.parse) }] },
  })[0]?.text ?? [];

describe('the lines of a Comware switch', () => {
  it('make an aggregation and its members alike: other members are not selected', () => {
    expect(text([2, 3, 4, 10])).toEqual([
      'vlan 2 to 4',
      'vlan 10',
      '#',
      'interface Bridge-Aggregation1',
      ' description picsou',
      ' port link-type trunk',
      ' undo port trunk permit vlan 1',
      ' port trunk permit vlan 2 to 4 10',
      ' link-aggregation mode dynamic',
      '#',
      'interface GigabitEthernet1/0/1',
      ' port link-type trunk',
      ' undo port trunk permit vlan 1',
      ' port trunk permit vlan 2 to 4 10',
      ' port link-aggregation group 1',
      '#',
      'interface GigabitEthernet2/0/1',
      ' port link-type trunk',
      ' undo port trunk permit vlan 1',
      ' port trunk permit vlan 2 to 4 10',
      ' port link-aggregation group 1',
    ]);
  });

  it('say nothing of LACP where there is none', () => {
    expect(text([10], { mode: 'STATIC' }).join('\n')).not.toContain('dynamic');
  });

  it('name ten ranges in a line, for the switch takes no more', () => {
    const vlans = Array.from({ length: 23 }, (_, position) => 10 + position * 2);
    const permits = text(vlans).filter((line) => line.startsWith(' port trunk permit'));
    expect(permits.slice(0, 3).map((line) => line.trim().split(' ').length - 4)).toEqual([10, 10, 3]);
  });

  it('keep a default VLAN of its own', () => {
    expect(text([10], {}, 99).filter((line) => line.includes('pvid'))).toHaveLength(3);
  });

  it('permit what the bridge behind the cables needs, and nothing more', () => {
    const snapshot = scenarios['comware-lacp-to-open-vswitch']?.() ?? demoSnapshot();
    const lines = comwareArtefacts(deviceIntent(compileFabric(snapshot), 'hp5xxx'))[0]?.text ?? [];
    expect(lines.filter((line) => line.startsWith('vlan '))[0]).toBe('vlan 2 to 4');
    expect(lines).toContain('vlan 12');
    expect(lines.join('\n')).not.toContain('4094');
  });
});
