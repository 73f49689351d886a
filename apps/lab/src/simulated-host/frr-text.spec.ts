import { compileFabric } from '#engines/intent';
import { demoSnapshot } from '#engines/intent/testing';
import { FRR_PATH, renderDevice } from '#engines/rendering';
import { applyFrr, checkFrrSyntax, linesOf } from './frr-text.js';

const rendered = compileFabric(demoSnapshot())
  .devices.filter(({ platform }) => platform === 'DEBIAN_FRR')
  .map((device) => renderDevice(device).find(({ path }) => path === FRR_PATH)?.content ?? '');
const [pve1 = ''] = rendered;

describe('frr.conf on a simulated host', () => {
  it('accepts what Trame renders, and runs all of it', () => {
    for (const text of rendered) {
      expect(checkFrrSyntax(text)).toEqual([]);
      const running = applyFrr(text);
      expect(running.failures).toEqual([]);
      expect(running.lines).toEqual(linesOf(text));
    }
    expect(applyFrr(pve1).model.vnis.get(10_001)).toEqual({
      rd: '172.16.1.51:1',
      importTargets: ['65051:10001'],
      exportTargets: ['65051:10001'],
    });
  });

  it.each([
    ['router bgp 65051', 'router bgp 0', /^line \d+: % Unknown command\[4\]: router bgp 0$/],
    ['advertise-all-vni', 'advertise-all-vnis', /advertise-all-vnis$/],
    ['timers 20 60', 'timers 20 6000000', /timers 20 6000000$/],
    ['network 172.16.1.51/32', 'network 172.16.1.51/33', /network 172\.16\.1\.51\/33$/],
    ['vni 10001', 'vni 16777216', /vni 16777216$/],
  ])('finds by its syntax: %s as %s', (right, wrong, words) => {
    expect(checkFrrSyntax(pve1.replace(right, wrong))[0]).toMatch(words);
  });

  it('refuses by meaning what passes by syntax, and applies the rest', () => {
    const text = pve1.replace(/(neighbor 192\.168\.100\.1) description test/, '$1 peer-group NOBODY');
    expect(checkFrrSyntax(text)).toEqual([]);
    const running = applyFrr(text);
    expect(running.failures).toEqual([
      expect.stringMatching(/^% Configure the peer-group first\nline \d+: Failure to communicate\[13\] to bgpd/),
    ]);
    expect(running.model.vnis.size).toBe(1);
  });

  it('wants a neighbor to exist before it is used, and advertise-all-vni before a VNI', () => {
    expect(applyFrr(pve1.replaceAll('192.168.100.1 activate', '192.168.100.9 activate')).failures[0]).toContain('% Specify remote-as');
    expect(applyFrr(pve1.replace('  advertise-all-vni\n', '')).failures[0]).toContain('only supported under EVPN VRF');
  });

  it('drops an RD or a target that does not fit its type without a word, as bgpd does', () => {
    const text = pve1.replace('rd 172.16.1.51:1', 'rd 1:99999999999').replace('import 65051:10001', 'import 65051:99999999999');
    const running = applyFrr(text);
    expect(running.failures).toEqual([]);
    expect(linesOf(text).filter((line) => !running.lines.includes(line))).toHaveLength(2);
  });
});
