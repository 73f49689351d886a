import fc from 'fast-check';
import { compileFabric, type DeviceIntent, deviceIntent, type VirtualNetworkIntent } from '#engines/intent';
import { demoFabric, scenarios } from '#engines/intent/testing';
import { Cidr, DeviceName, Ip, type Label, type NetworkId } from '#engines/kernel';
import { renderDevice, VXLAN_HOOK_PATH } from '#engines/rendering';
import { renderTemplate } from './render-template.js';
import { assertTemplate, readTemplate } from './template-outline.js';

const intent = (): DeviceIntent => {
  const snapshot = scenarios['opennebula-networks']?.();
  if (!snapshot) throw new Error('the scenario is gone');
  return deviceIntent(compileFabric(snapshot), 'one');
};
const networkOf = (slug: string): VirtualNetworkIntent => {
  const found = intent().opennebula?.networks.find((network) => network.slug === slug);
  if (!found) throw new Error(`the scenario has no network ${slug}`);
  return found;
};
const read = (slug: string) => new Map(readTemplate(`${renderTemplate(networkOf(slug), []).join('\n')}\n`) ?? []);

describe('a virtual network of OpenNebula', () => {
  it('has the numbers of the fabric, in the attributes that its driver reads', () => {
    expect([...read('blue')].filter(([name]) => name !== 'AR')).toEqual(
      Object.entries({
        NAME: 'blue',
        DESCRIPTION: 'Societe Bleue',
        VN_MAD: 'vxlan',
        BRIDGE: 'vnet10001',
        PHYDEV: 'lo', // which has the VTEP address of the hosts: local_ip is its first one
        VLAN_ID: '10001',
        MTU: '1450',
        VXLAN_MODE: 'evpn',
        VXLAN_TEP: 'local_ip',
        IP_LINK_CONF: 'dstport=4789,nolearning=',
        GUEST_MTU: '1450',
      }),
    );
    expect([read('old').get('PHYDEV'), read('old').get('VLAN_ID')]).toEqual(['ens19', '20']);
    expect(read('red').get('PHYDEV')).toBe('ens19'); // a group is joined on the wire
    expect([...read('plain').keys()]).toEqual(['NAME', 'DESCRIPTION', 'VN_MAD', 'BRIDGE', 'GUEST_MTU']);
  });

  it('has the group of the fabric: the driver adds the VNI to the base that it is told', () => {
    const base = (group: string | null) => {
      const builder = demoFabric()
        .fabric(group === null ? {} : { multicastScheme: 'EXPLICIT' })
        .device({ slug: 'one', platform: 'OPENNEBULA', vtep: null, ports: [] })
        .network({ slug: 'red', vni: 903, eviId: 2, on: ['pve1'] })
        .networkFacts('red', { replication: 'MULTICAST', ...(group !== null && { multicastGroup: Ip.parse(group) }) })
        .deviceFacts('one', {
          opennebula: { physicalDevice: 'ens19', networks: [{ networkId: 'network-red' as NetworkId, driver: 'vxlan' }] },
        });
      const carrier = deviceIntent(compileFabric(builder.build()), 'one').opennebula?.networks[0]?.carrier;
      return carrier?.driver === 'vxlan' && carrier.flooding !== 'EVPN' ? Ip.toBigInt(carrier.flooding.base) + 903n : null;
    };
    expect(base(null)).toBe(Ip.toBigInt(Ip.parse('239.0.3.135')));
    expect(base('239.7.7.7')).toBe(Ip.toBigInt(Ip.parse('239.7.7.7')));
  });

  it('gives away the addresses of its subnets, without network, broadcast and gateway', () => {
    const ranges = (cidr: string, gateway?: string) => {
      const builder = demoFabric()
        .device({ slug: 'one', platform: 'OPENNEBULA', vtep: null, ports: [] })
        .network({
          slug: 'n',
          vni: 10_001,
          eviId: 1,
          on: ['pve1'],
          subnets: [{ cidr, ...(gateway !== undefined && { gateway, mode: 'EXTERNAL_FIREWALL' as const }) }],
        })
        .deviceFacts('one', {
          opennebula: {
            physicalDevice: 'lo',
            networks: [{ networkId: 'network-n' as NetworkId, driver: 'bridge', bridge: DeviceName.parse('br0') }],
          },
        });
      return deviceIntent(compileFabric(builder.build()), 'one').opennebula?.networks[0]?.ranges.map(
        ({ first, size }) => `${first} ${size}`,
      );
    };
    expect(ranges('10.20.0.0/24')).toEqual(['10.20.0.1 254']);
    expect(ranges('10.20.0.0/24', '10.20.0.1')).toEqual(['10.20.0.2 253']);
    expect(ranges('10.20.0.0/24', '10.20.0.254')).toEqual(['10.20.0.1 253']);
    expect(ranges('10.20.0.0/29', '10.20.0.4')).toEqual(['10.20.0.1 3', '10.20.0.5 2']);
    expect(ranges('10.20.0.0/31')).toEqual(['10.20.0.0 2']);
    expect(ranges('10.20.0.7/32')).toEqual(['10.20.0.7 1']);
    expect(ranges('2001:db8::/64', '2001:db8::1')).toEqual(['2001:db8::2 65536']);
    expect(ranges('2001:db8::/126')).toEqual(['2001:db8::1 3']);
  });

  it('says the mask of each length', () => {
    const mask = (length: number) => {
      const network = networkOf('red');
      const [range] = network.ranges;
      if (!range) throw new Error('the scenario is gone');
      const text = renderTemplate({ ...network, ranges: [{ ...range, prefixLength: length }] }, []).join('\n');
      return /NETWORK_MASK = "(.*)"/.exec(text)?.[1];
    };
    expect([8, 23, 24, 31, 32].map(mask)).toEqual(['255.0.0.0', '255.255.254.0', '255.255.255.0', '255.255.255.254', '255.255.255.255']);
    expect(Cidr.parse('0.0.0.0/0')).toBe('0.0.0.0/0');
  });

  it('comes with the hook of the VXLAN driver, where there is one', () => {
    expect(
      renderDevice(intent())
        .filter(({ format }) => format === 'script')
        .map(({ path, mode }) => [path, mode]),
    ).toEqual([[VXLAN_HOOK_PATH, 0o755]]);
  });
});

describe('a template, read by the rules of oned', () => {
  it('takes the longest string whose inner quotes follow a backslash', () => {
    expect(readTemplate('A = "x\\"\nB = "y"\n')).toEqual(null); // A would be `x"\nB = `, and then comes a word
    expect(readTemplate('A = "x\\" y"\n')).toEqual([['A', 'x\\" y']]);
    expect(readTemplate('# c\nA = "1"\nAR = [ B = "2",\n C = "3" ]\n')).toEqual([
      ['A', '1'],
      [
        'AR',
        new Map([
          ['B', '2'],
          ['C', '3'],
        ]),
      ],
    ]);
  });

  it.each([
    'A = x\n',
    'A = "1" B\n',
    'AR = [ B = "2"\n',
    'AR = [ B = "2" C = "3" ]\n',
    'AR = [ A = [ B = "1" ] ]\n',
    'A = "]]>"\n',
    'AR = [ B = "1", B = "2" ]\n',
    ', A = "1"\n',
  ])('is refused where oned would refuse it, or read it otherwise: %j', (text) => expect(readTemplate(text)).toBeNull());

  it('stops what the intent does not say', () => {
    const network = networkOf('blue');
    const text = renderTemplate(network, []);
    const judged = (changed: readonly string[]) => () => assertTemplate('one', 'blue.tmpl', changed, network);
    expect(judged(text)).not.toThrow();
    for (const changed of [
      [...text, 'CLUSTER_IDS = "100"'],
      text.filter((line) => !line.startsWith('VLAN_ID')),
      text.map((line) => line.replace('10001', '10002')),
      text.map((line) => line.replace('SIZE = "99"', 'SIZE = "100"')),
      [...text, 'NAME = "other"'],
    ]) {
      expect(judged(changed)).toThrow(expect.objectContaining({ code: 'RENDER_ESCAPE' }));
    }
  });

  it('has the same attributes whatever a network is called', () => {
    const network = networkOf('blue');
    const hostile = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 100 }),
      fc.constantFrom('x\\', '"', 'x"\nVN_MAD = "dummy', ']]>', '# x', '\\"', '$NETWORK[GATEWAY]', '[', '=', ''),
    );
    const keys = (name: string) => {
      const text = renderTemplate({ ...network, name: name as Label }, []);
      assertTemplate('one', 'blue.tmpl', text, network);
      return readTemplate(`${text.join('\n')}\n`)?.flatMap(([key]) => (key === 'DESCRIPTION' ? [] : [key]));
    };
    const wanted = keys('blue');
    fc.assert(
      fc.property(hostile, (name) => {
        expect(keys(name)).toEqual(wanted);
      }),
      { numRuns: 300 },
    );
  });
});
