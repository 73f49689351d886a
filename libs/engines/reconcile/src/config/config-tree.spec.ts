import fc from 'fast-check';
import { parseConfig, printConfig } from './config-tree.js';

const RUNNING = `! Command: show running-config
! device: TEST (vEOS-lab, EOS-4.32.1F)
!
hostname TEST
!
banner motd
Welcome !
   router bgp 1
EOF
!
interface Ethernet1
   !! asked for by the customer
   description pve1
   !
   evpn ethernet-segment
      identifier 0000:0000:0001:1010:1010
   lacp system-id 0001.1010.1010
!
end
`;

describe('configuration tree', () => {
  it('prints back every byte of a running-config', () => {
    expect(printConfig(parseConfig(RUNNING))).toBe(RUNNING);
  });

  it('prints back every byte of any text', () => {
    const line = fc
      .tuple(
        fc.nat({ max: 9 }),
        fc.constantFrom('', '!', '!! note', 'banner motd', 'EOF', 'vlan 10', 'name x ', 'end', '\t', 'protocol https certificate'),
      )
      .map(([n, text]) => ' '.repeat(n) + text);
    fc.assert(
      fc.property(fc.array(fc.oneof(line, fc.string()), { maxLength: 40 }), (lines) => {
        const text = lines.join('\n');
        expect(printConfig(parseConfig(text))).toBe(text);
      }),
    );
  });

  it('nests by indentation, and reads nothing inside a multi-line value', () => {
    const roots = parseConfig(RUNNING).filter(({ kind }) => kind === 'command');
    expect(roots.map(({ text }) => text)).toEqual(['hostname TEST', 'banner motd', 'interface Ethernet1', 'end']);
    const port = roots[2]?.children.filter(({ kind }) => kind !== 'separator');
    expect(port?.map(({ text }) => text)).toEqual([
      '!! asked for by the customer',
      'description pve1',
      'evpn ethernet-segment',
      'lacp system-id 0001.1010.1010',
    ]);
    expect(port?.[2]?.children.map(({ text }) => text)).toEqual(['identifier 0000:0000:0001:1010:1010']);
  });

  it('reads on as ordinary lines when a multi-line value never ends', () => {
    const roots = parseConfig('banner motd\nhello\nvlan 10');
    expect(roots.map(({ text }) => text)).toEqual(['banner motd', 'hello', 'vlan 10']);
  });
});
