import { sdn } from '../testing/index.js';
import { renderDnsmasq } from './render-dnsmasq.js';

const config = (zone: object = {}) =>
  sdn({
    zones: { lab: { type: 'simple', dhcp: 'dnsmasq', ...zone }, bare: { type: 'simple' } },
    vnets: { bench: { type: 'vnet', zone: 'lab' }, empty: { type: 'vnet', zone: 'lab' }, other: { type: 'vnet', zone: 'bare' } },
    subnets: {
      'lab-10.66.4.0-22': {
        type: 'subnet',
        vnet: 'bench',
        gateway: '10.66.4.1',
        'dhcp-dns-server': '10.66.4.2',
        'dhcp-range': 'start-address=10.66.5.1,end-address=10.66.5.99',
      },
      'lab-10.67.0.0-24': { type: 'subnet', vnet: 'bench' },
      'lab-2001:db8:6::-64': { type: 'subnet', vnet: 'bench', gateway: '2001:db8:6::1', 'dhcp-dns-server': '2001:db8:6::2' },
    },
  });

describe('dnsmasq', () => {
  it('has one server for a zone that wants one, with one file for each vnet', () => {
    expect([...renderDnsmasq(config(), 'ash').keys()]).toEqual([
      '/etc/dnsmasq.d/lab/00-default.conf',
      '/etc/dnsmasq.d/lab/10-bench.conf',
      '/etc/dnsmasq.d/lab/10-empty.conf',
    ]);
    expect(renderDnsmasq(config({ nodes: 'birch' }), 'ash').size).toBe(0);
  });

  it('leases to known guests only, and tells them the MTU of the zone', () => {
    const lines = renderDnsmasq(config({ mtu: 1400 }), 'ash')
      .get('/etc/dnsmasq.d/lab/00-default.conf')
      ?.split('\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        'dhcp-ignore=tag:!known',
        'dhcp-hostsfile=/etc/dnsmasq.d/lab/ethers',
        'dhcp-option=26,1400',
        'enable-ra',
        'quiet-ra',
      ]),
    );
  });

  it('tags each subnet, and names router and DNS server where there are any', () => {
    expect(renderDnsmasq(config(), 'ash').get('/etc/dnsmasq.d/lab/10-bench.conf')).toBe(
      [
        'interface=bench',
        'dhcp-range=set:lab-10.66.4.0-22,10.66.4.0,static,255.255.252.0,infinite',
        'dhcp-option=tag:lab-10.66.4.0-22,option:router,10.66.4.1',
        'dhcp-option=tag:lab-10.66.4.0-22,option:dns-server,10.66.4.2',
        'dhcp-range=set:lab-10.67.0.0-24,10.67.0.0,static,255.255.255.0,infinite',
        'dhcp-option=tag:lab-10.67.0.0-24,option:router',
        'dhcp-range=set:lab-2001:db8:6::-64,2001:db8:6::,static,64,infinite',
        'dhcp-option=tag:lab-2001:db8:6::-64,option6:dns-server,[2001:db8:6::2]',
        '',
      ].join('\n'),
    );
  });
});
