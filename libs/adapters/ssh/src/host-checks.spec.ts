import type { Answer } from './answer.js';
import { protocolChecks } from './host-checks.js';
import type { Artefact } from './host-file.js';

const FRR = `router bgp 65051
 address-family l2vpn evpn
  advertise-all-vni
  vni 10001
   rd 172.16.1.51:1
   route-target import 65051:10001
   route-target export 65051:10001
  exit-vni
 exit-address-family
exit
`;
const artefact: Artefact = {
  device: 'pve1',
  path: '/etc/frr/frr.conf',
  format: 'frr',
  mode: 0o640,
  owner: 'frr',
  content: FRR,
  sha256: '',
};

function answer(bgp: unknown, targets: unknown, vnis: unknown): Answer {
  const part = (value: unknown) => ({ status: 0, text: typeof value === 'string' ? value : JSON.stringify(value) });
  return new Map([
    ['bgp', part(bgp)],
    ['targets', part(targets)],
    ['vnis', part(vnis)],
  ]);
}
const failures = (checked: Answer, expectations: Parameters<typeof protocolChecks>[2]): string[] =>
  protocolChecks(checked, [artefact], expectations)
    .filter(({ ok }) => !ok)
    .map(({ message }) => message);

// Shapes as FRR 8.4.4 prints them.
const bgp = {
  l2VpnEvpn: { peers: { '192.168.100.1': { state: 'Established' } } },
  ipv4Unicast: { peers: { '192.168.100.1': { state: 'Established' } } },
};
const evi = { vni: 10_001, inKernel: 'True', rd: '172.16.1.51:1', importRTs: ['65051:10001'], exportRTs: ['65051:10001'] };
const vni = { vni: 10_001, type: 'L2', vtepIp: '172.16.1.51', numRemoteVteps: ['172.16.1.1', '172.16.1.52'] };

describe('what FRR reports after a push', () => {
  const everything = { vnis: [10_001], neighbors: ['192.168.100.1'], remoteVteps: new Map([[10_001, ['172.16.1.52', '172.16.1.1']]]) };

  it('passes when sessions, VNIs, route targets and remote VTEPs are as expected', () => {
    expect(failures(answer(bgp, { numVnis: 1, 10001: evi }, [vni]), everything)).toEqual([]);
  });

  it('fails for a session that is up in one family only', () => {
    const half = { ...bgp, l2VpnEvpn: { peers: { '192.168.100.1': { state: 'NoNeg' } } } };
    expect(failures(answer(half, {}, []), { vnis: [], neighbors: ['192.168.100.1'] })).toEqual([
      'session with 192.168.100.1: expected Established, found NoNeg',
    ]);
  });

  it('fails for a VNI whose effective RD or targets are not those of the file', () => {
    const other = { ...evi, importRTs: ['65051:10001', '1:1'] };
    expect(failures(answer(bgp, { 10001: other }, [vni]), { vnis: [10_001], neighbors: [] })).toEqual([
      'VNI 10001: expected rd 172.16.1.51:1 import 65051:10001 export 65051:10001, found rd 172.16.1.51:1 import 1:1 65051:10001 export 65051:10001',
    ]);
  });

  it('fails for a VNI that is configured and has no interface', () => {
    expect(failures(answer(bgp, { 10001: { ...evi, inKernel: 'False' } }, []), { vnis: [10_001], neighbors: [] })).toHaveLength(1);
  });

  it('fails for a remote VTEP that is not known', () => {
    const alone = { ...vni, numRemoteVteps: ['172.16.1.1'] };
    expect(failures(answer(bgp, { 10001: evi }, [alone]), everything)).toEqual([
      'VNI 10001: expected remote VTEPs 172.16.1.1 172.16.1.52, found 172.16.1.1',
    ]);
  });

  it('fails everywhere when the daemons do not answer', () => {
    const silent = answer('bgpd is not running\n', 'bgpd is not running\n', 'zebra is not running\n');
    expect(failures(silent, everything)).toEqual([
      expect.stringContaining('bgpd does not answer'),
      expect.stringContaining('bgpd does not answer'),
      expect.stringContaining('no answer from zebra'),
    ]);
  });
});
