import { EMPTY_KERNEL, type KernelState } from './kernel-state.js';
import { kernelChanges } from './kernel-changes.js';

const domain = (vlan: number, ...ports: string[]) => ({
  bridge: `vlan${vlan}`,
  tunnel: `vxlan${10_000 + vlan}`,
  vni: 10_000 + vlan,
  local: '172.16.1.1',
  udpPort: 4789,
  ports,
});
const kernel = (state: Partial<Omit<KernelState, 'domains'>>, ...domains: ReturnType<typeof domain>[]): KernelState => ({
  ...EMPTY_KERNEL,
  ...state,
  domains: new Map(domains.map((one) => [one.bridge, one])),
});

describe('changes of the forwarding kernel', () => {
  it('are none where nothing changes', () => {
    const state = kernel({ addresses: new Map([['lo', ['172.16.1.1/32']]]), up: ['Ethernet1'] }, domain(100, 'Ethernet2'));
    expect(kernelChanges(state, state)).toEqual([]);
  });

  it('make a bridge with its tunnel and its ports, and take it away again', () => {
    const state = kernel({ up: ['Ethernet2'] }, domain(100, 'Ethernet2'));
    expect(kernelChanges(EMPTY_KERNEL, state)).toEqual([
      'link set Ethernet2 up',
      'link add vlan100 type bridge stp_state 0 forward_delay 0',
      'link add vxlan10100 type vxlan id 10100 dstport 4789 local 172.16.1.1 nolearning',
      'link set vxlan10100 mtu 1450 master vlan100 up',
      'link set vxlan10100 type bridge_slave learning off neigh_suppress on',
      'link set vlan100 up',
      'link set Ethernet2 master vlan100',
    ]);
    expect(kernelChanges(state, kernel({ up: ['Ethernet2'] }))).toEqual(['link del vxlan10100', 'link del vlan100']);
  });

  it('move a port from one bridge to the other without touching what else is in them', () => {
    const [before, after] = [
      kernel({}, domain(100, 'Ethernet2', 'Ethernet3'), domain(200)),
      kernel({}, domain(100, 'Ethernet3'), domain(200, 'Ethernet2')),
    ];
    expect(kernelChanges(before, after)).toEqual(['link set Ethernet2 nomaster', 'link set Ethernet2 master vlan200']);
    expect(kernelChanges(after, before)).toEqual(['link set Ethernet2 nomaster', 'link set Ethernet2 master vlan100']);
  });

  it('replace addresses, and take a port down that is shut', () => {
    const before = kernel({ addresses: new Map([['Ethernet1', ['192.0.2.1/31']]]), up: ['Ethernet1'] });
    const after = kernel({ addresses: new Map([['Ethernet1', ['192.0.2.3/31']]]), up: [] });
    expect(kernelChanges(before, after)).toEqual([
      'addr del 192.0.2.1/31 dev Ethernet1',
      'link set Ethernet1 down',
      'addr add 192.0.2.3/31 dev Ethernet1',
    ]);
  });

  it('make a tunnel anew when its source changes', () => {
    const moved = { ...domain(100, 'Ethernet2'), local: '172.16.1.9' };
    const changes = kernelChanges(kernel({}, domain(100, 'Ethernet2')), kernel({}, moved));
    expect(changes.slice(0, 2)).toEqual(['link del vxlan10100', 'link del vlan100']);
    expect(changes.at(-1)).toBe('link set Ethernet2 master vlan100');
  });
});
