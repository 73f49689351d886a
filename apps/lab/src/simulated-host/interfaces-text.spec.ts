import { compileFabric } from '#engines/intent';
import { demoSnapshot } from '#engines/intent/testing';
import { INTERFACES_PATH, renderDevice } from '#engines/rendering';
import { readInterfaces } from './interfaces-text.js';

const rendered = compileFabric(demoSnapshot())
  .devices.filter(({ platform }) => platform === 'DEBIAN_FRR')
  .map((device) => renderDevice(device).find(({ path }) => path === INTERFACES_PATH)?.content ?? '');

describe('interfaces(5) on a simulated host', () => {
  it('accepts what Trame renders and knows every interface of it', () => {
    for (const text of rendered) {
      const { complaints, stanzas } = readInterfaces(text, 'f');
      expect(complaints).toEqual([]);
      expect(stanzas.filter(({ isAuto }) => isAuto).map(({ name }) => name)).toEqual(['lo', 'ens19', 'vxlan10001', 'vnet10001']);
    }
  });

  // Left the text, right what ifupdown2 3.0.0 says about it; the last but one is ours alone (ifupdown2 keeps silent).
  it.each([
    [
      'iface a\n address 192.168.300.2/24',
      `warning: a: address: invalid value "192.168.300.2/24": valid attribute values: ['<ipv4/prefixlen>', '<ipv6/prefixlen>']`,
    ],
    ['iface a\n vxlan-id 16777216', 'warning: a: vxlan-id: value of out range "16777216": valid attribute range: 1-16777214'],
    [
      'iface a\n vxlan-learning perhaps',
      `warning: a: vxlan-learning: invalid value "perhaps": valid attribute values: ['yes', 'no', 'on', 'off']`,
    ],
    ['iface a\n vxlan-local-tunnelip 1.1.1', `warning: a: vxlan-local-tunnelip: invalid value "1.1.1": valid attribute values: ['<ipv4>']`],
    ['iface averyveryverylong1', 'warning: f: line1: averyveryverylong1: interface name too long'],
    ['iface a inet bogus', "error: f: line1: iface a: unsupported address method 'bogus'"],
    ['iface a\n mtu', "error: f: line2: iface a: invalid syntax 'mtu'"],
    ['bogus line', "error: f: line1: error processing line 'bogus line'"],
    ['iface a\n brigde-ports b', 'warning: a: brigde-ports: unsupported attribute'],
    ['iface a\n bridge-ports none', `warning: a: bridge-ports: invalid value "none": valid attribute values: ['<interface-list>']`],
  ])('refuses %j', (text, complaint) => {
    expect(readInterfaces(`${text}\n`, 'f').complaints).toEqual([complaint]);
  });
});
