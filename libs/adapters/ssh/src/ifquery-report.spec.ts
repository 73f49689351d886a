import { interfaceDrift } from './ifquery-report.js';

const TEXT = `auto lo
iface lo inet loopback
    address 172.16.1.51/32

auto vnet10001
iface vnet10001
    bridge-ports vxlan10001
    mtu 1450
`;

const lo = { name: 'lo', config: { address: '172.16.1.51/32' }, config_status: { address: 'pass' }, status: 'pass' };
const bridge = (config: object, verdicts: object, status: string) => ({ name: 'vnet10001', config, config_status: verdicts, status });

describe('the report of ifquery --check', () => {
  it('finds nothing wrong where everything passes', () => {
    const report = [lo, bridge({ 'bridge-ports': 'vxlan10001', mtu: '1450' }, { 'bridge-ports': 'pass', mtu: 'pass' }, 'pass')];
    expect(interfaceDrift(JSON.stringify(report), TEXT)).toEqual([]);
  });

  it('does not take the taps of guests in a bridge for drift', () => {
    const report = [lo, bridge({ 'bridge-ports': 'tap100i0 vxlan10001 fwpr101p0' }, { 'bridge-ports': 'fail', mtu: 'pass' }, 'fail')];
    expect(interfaceDrift(JSON.stringify(report), TEXT)).toEqual([]);
  });

  it('names a bridge that lost its VXLAN port or got a foreign one, and other attributes beside', () => {
    const lost = [lo, bridge({ 'bridge-ports': 'tap100i0', mtu: '1500' }, { 'bridge-ports': 'fail', mtu: 'fail' }, 'fail')];
    expect(interfaceDrift(JSON.stringify(lost), TEXT)).toEqual([
      { name: 'vnet10001', message: 'bridge-ports is "tap100i0"' },
      { name: 'vnet10001', message: 'mtu is "1500"' },
    ]);
    const foreign = [lo, bridge({ 'bridge-ports': 'eth7 vxlan10001' }, { 'bridge-ports': 'fail' }, 'fail')];
    expect(interfaceDrift(JSON.stringify(foreign), TEXT)).toHaveLength(1);
  });

  it('names an interface that does not exist, and one that the configuration does not reach', () => {
    expect(interfaceDrift(JSON.stringify([bridge({}, {}, 'fail')]), TEXT)).toEqual([
      { name: 'vnet10001', message: 'does not exist' },
      { name: 'lo', message: 'is not in the configuration that ifquery reads' },
    ]);
  });

  it('leaves the drift of interfaces that are not ours to their owners', () => {
    const management = { name: 'eno1', config: { mtu: '1500' }, config_status: { mtu: 'fail' }, status: 'fail' };
    const ours = bridge({ mtu: '1450' }, { mtu: 'pass' }, 'pass');
    expect(interfaceDrift(JSON.stringify([management, lo, ours]), TEXT)).toEqual([]);
  });

  it('is an error, not an empty list, when ifquery said something else', () => {
    expect(() => interfaceDrift('another instance of this program is running', TEXT)).toThrow(/JSON/);
    expect(() => interfaceDrift('{}', TEXT)).toThrow(/list/);
  });
});
