import { liveDifferences, vnetidOf } from './ifconfig-report.js';

const FILE =
  'tunnel 10.5.0.254 239.0.1.51\nvnetid 307\nparent em0\ntunnelttl 255\nmtu 1450\ninet 10.4.3.254/24\ninet alias 10.4.4.254/24\ninet6 2001:db8::1/64\ndescription "labs east"\nup\n';
/** As ifconfig(8) of OpenBSD prints an interface; the order of what it says is not ours to count on. */
const SAID = `vxlan307: flags=8843<UP,BROADCAST,RUNNING,SIMPLEX,MULTICAST> mtu 1450
	lladdr fe:e1:ba:d0:00:01
	description: labs east
	index 12 priority 0 llprio 3
	encap: vnetid 307 parent em0
	groups: vxlan
	media: Ethernet autoselect
	status: active
	tunnel: inet 10.5.0.254 --> 239.0.1.51 ttl 255 nodf
	inet 10.4.3.254 netmask 0xffffff00 broadcast 10.4.3.255
	inet 10.4.4.254 netmask 0xffffff00 broadcast 10.4.4.255
	inet6 fe80::fce1:baff:fed0:1%vxlan307 prefixlen 64 scopeid 0xc
	inet6 2001:db8::1 prefixlen 64
`;
const BRIDGE = `bridge307: flags=41<UP,RUNNING> mtu 1500
	index 13 llprio 3
	groups: bridge
	priority 32768 hellotime 2 fwddelay 15 maxage 20 holdcnt 6 proto rstp
	vxlan307 flags=3<LEARNING,DISCOVER>
		port 12 ifpriority 0 ifcost 0
`;
const messages = (name: string, file: string, said: string | null): string[] =>
  liveDifferences(name, file, said).map(({ message }) => message);

describe('what ifconfig of OpenBSD says', () => {
  it('is what the file says, also as older releases print it', () => {
    expect(messages('vxlan307', FILE, SAID)).toEqual([]);
    const older = SAID.replace('-->', '->').replace(' nodf', '').replace('encap: vnetid', 'vnetid:');
    expect(messages('vxlan307', FILE, older)).toEqual([]);
    expect(messages('bridge307', 'add vxlan307\nup\n', BRIDGE)).toEqual([]);
    expect(vnetidOf(SAID)).toBe(307);
    expect(vnetidOf(BRIDGE)).toBeNull();
  });

  it('knows ports and families of tunnels', () => {
    const other = FILE.replace('239.0.1.51', '239.0.1.51:8472');
    expect(messages('vxlan307', other, SAID.replace('239.0.1.51', '239.0.1.51:8472'))).toEqual([]);
    expect(messages('vxlan307', other, SAID)).toEqual(['tunnel is 10.5.0.254 239.0.1.51, expected 10.5.0.254 239.0.1.51 port 8472']);
    const six = FILE.replace('10.5.0.254 239.0.1.51', '2001:db8:5::1 [2001:db8:5::2]:8472');
    const saidSix = SAID.replace('inet 10.5.0.254 --> 239.0.1.51', 'inet6 2001:db8:5::1 --> [2001:db8:5::2]:8472');
    expect(messages('vxlan307', six, saidSix)).toEqual([]);
    const noTunnel = FILE.replace(/^tunnel .*\n/m, '').replace(/^tunnelttl .*\n/m, '');
    expect(messages('vxlan307', noTunnel, SAID.replace(/^\ttunnel:.*\n/m, ''))).toEqual([]);
  });

  it.each([
    ['mtu 1450', 'mtu 1500', 'mtu is 1500, expected 1450'],
    ['vnetid 307', 'vnetid 308', 'vnetid is 308, expected 307'],
    ['parent em0', 'parent em1', 'parent is em1, expected em0'],
    ['ttl 255', 'ttl 1', 'tunnelttl is 1, expected 255'],
    ['--> 239.0.1.51', '--> 239.0.1.52', 'tunnel is 10.5.0.254 239.0.1.52, expected 10.5.0.254 239.0.1.51'],
    ['<UP,BROADCAST', '<BROADCAST', 'state is down, expected up'],
    ['description: labs east', 'description: labs', 'description is labs, expected labs east'],
    [
      '10.4.4.254 netmask 0xffffff00',
      '10.4.4.254 netmask 0xfffffe00',
      'addresses is 10.4.3.254/24 10.4.4.254/23 2001:db8::1/64, expected 10.4.3.254/24 10.4.4.254/24 2001:db8::1/64',
    ],
  ])('tells %s from %s', (right, wrong, message) => {
    expect(SAID).toContain(right);
    expect(messages('vxlan307', FILE, SAID.replace(right, wrong))).toEqual([message]);
  });

  it('misses what is not there', () => {
    expect(messages('vxlan307', FILE, null)).toEqual(['there is no such interface']);
    expect(messages('bridge307', 'add vxlan307\nup\n', BRIDGE.replaceAll('vxlan307', 'vxlan308'))).toEqual([
      'member vxlan307 is none, expected there',
    ]);
  });
});
