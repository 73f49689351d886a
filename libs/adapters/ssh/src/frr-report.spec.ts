import { evpnRoutes, frrDocuments, localMacs, vrfNeighbors } from './frr-report.js';

const route = (rd: string, prefix: string, entry: object) => ({
  [rd]: {
    rd,
    [prefix]: { rd, paths: [[{ valid: true, extendedCommunity: { string: 'RT:65051:10001 ET:8 Rmac:02:00:ac:10:01:33' } }]], ...entry },
  },
  numPrefix: 1,
});
const MULTICAST = route('172.16.1.52:1', '[3]:[0]:[32]:[172.16.1.52]', { routeType: 3, ip: '172.16.1.52', ipLen: 32 });
const MAC = route('172.16.1.51:1', '[2]:[0]:[48]:[bc:24:11:00:00:01]', { routeType: 2, mac: 'bc:24:11:00:00:01', macLen: 48 });
const SUBNET = route('172.16.1.53:9', '[5]:[0]:[24]:[10.20.1.0]', { routeType: 5, ip: '10.20.1.0', ipLen: 24 });

describe('several answers of one vtysh', () => {
  const text = (indent: number) => [MULTICAST, {}, MAC, SUBNET].map((one) => `${JSON.stringify(one, null, indent)}\n`).join('');

  it.each([0, 2])('are told apart, an RD without routes included (indent %i)', (indent) => {
    const documents = frrDocuments({ status: 0, text: indent === 0 ? text(0) : text(2).replace('{}', '{\n}') });
    expect(documents).toHaveLength(4);
    expect(documents?.flatMap(evpnRoutes)).toEqual([
      { type: 3, rd: '172.16.1.52:1', mac: null, address: '172.16.1.52', length: 32, targets: ['65051:10001'] },
      { type: 2, rd: '172.16.1.51:1', mac: 'bc:24:11:00:00:01', address: null, length: null, targets: ['65051:10001'] },
      { type: 5, rd: '172.16.1.53:9', mac: null, address: '10.20.1.0', length: 24, targets: ['65051:10001'] },
    ]);
  });

  it('are no answer when one of them is a sentence', () => {
    expect(frrDocuments({ status: 0, text: `${JSON.stringify(MAC)}\nbgpd is not running\n` })).toBeNull();
    expect(frrDocuments({ status: 1, text: '' })).toBeNull();
    expect(frrDocuments(undefined)).toBeNull();
  });

  it('count only routes that may be used', () => {
    const invalid = JSON.parse(JSON.stringify(MULTICAST).replace('"valid":true', '"valid":false')) as unknown;
    expect(evpnRoutes(invalid)).toEqual([]);
  });
});

describe('what a host says of its guests and of its VRFs', () => {
  it('is its own MACs without those of others, and the sessions outside the main table that are up', () => {
    const macs = { 10001: { numMacs: 2, macs: { 'bc:24:11:00:00:02': { type: 'remote' }, 'bc:24:11:00:00:01': { type: 'local' } } } };
    expect(localMacs(macs, 10_001)).toEqual(['bc:24:11:00:00:01']);
    expect(localMacs(macs, 10_002)).toEqual([]);
    const peer = (state: string) => ({ ipv4Unicast: { peers: { '10.9.0.2': { state } } } });
    expect(vrfNeighbors({ default: peer('Established'), blue: peer('Established'), red: peer('Active') })).toEqual(['blue 10.9.0.2']);
  });
});
