import fc from 'fast-check';
import { compileFabric, deviceIntent, type OpenBsdGatewayIntent, type OpenBsdIntent } from '#engines/intent';
import { demoSnapshot, scenarios } from '#engines/intent/testing';
import { DeviceName, Ip, type Label, Vni } from '#engines/kernel';
import { openBsdArtefacts } from './index.js';

const base = deviceIntent(compileFabric(demoSnapshot()), 'pve1');
const gateway = (more: Partial<OpenBsdGatewayIntent> = {}): OpenBsdGatewayIntent => ({
  vni: Vni.parse(307),
  name: 'labs' as Label,
  mtu: 1450,
  udpPort: 4789,
  destination: Ip.parse('239.0.1.51'),
  addresses: [{ address: Ip.parse('10.4.3.254'), prefixLength: 24 }],
  ...more,
});
const files = (more: Partial<OpenBsdGatewayIntent> = {}, facts: Partial<OpenBsdIntent> = {}) =>
  openBsdArtefacts({ ...base, openbsd: { tunnelAddress: Ip.parse('10.5.0.254'), parent: null, gateways: [gateway(more)], ...facts } });
const tunnel = (more?: Partial<OpenBsdGatewayIntent>, facts?: Partial<OpenBsdIntent>) => files(more, facts)[0]?.text;

/** hostname.if(5) as ifconfig(8) of OpenBSD reads these words: no parser of it exists outside of OpenBSD. A line that begins with ! is run. */
const GRAMMAR = [
  /^tunnel [0-9a-f.:]+ (?:[0-9.]+(?::\d+)?|[0-9a-f:]+|\[[0-9a-f:]+\]:\d+)$/,
  /^vnetid \d{1,8}$/,
  /^parent [a-z]+\d+$/,
  /^tunnelttl \d{1,3}$/,
  /^mtu \d{3,4}$/,
  /^inet (?:alias )?[0-9.]+\/\d{1,2}$/,
  /^inet6 (?:alias )?[0-9a-f:]+\/\d{1,3}$/,
  /^description "[ !#-~]*"$/,
  /^add vxlan\d+$/,
  /^up$/,
];

describe('the files of an OpenBSD gateway', () => {
  it('tunnel to the group of the network, as vxlan(4) has it', () => {
    expect(files().map(({ path, text }) => [path, text])).toEqual([
      [
        '/etc/hostname.vxlan307',
        ['tunnel 10.5.0.254 239.0.1.51', 'vnetid 307', 'tunnelttl 255', 'mtu 1450', 'inet 10.4.3.254/24', 'description "labs"', 'up'],
      ],
      ['/etc/hostname.bridge307', ['add vxlan307', 'up']],
    ]);
  });

  it('say the port where it is another, and the interface of groups where releases want it', () => {
    expect(tunnel({ udpPort: 8472 })).toContain('tunnel 10.5.0.254 239.0.1.51:8472');
    expect(tunnel({ udpPort: 8472, destination: Ip.parse('2001:db8::2') })).toContain('tunnel 10.5.0.254 [2001:db8::2]:8472');
    const parent = DeviceName.parse('em0');
    expect(tunnel({}, { parent })).toContain('parent em0');
    // One peer must not have it, and is found by routes.
    expect(tunnel({ destination: Ip.parse('10.5.0.11') }, { parent })?.join(' ')).not.toMatch(/parent|ttl/);
  });

  it('have one address of a family, and the others beside it', () => {
    const addresses = ['10.4.3.254', '10.4.4.254', '2001:db8::1', '2001:db8::2'].map((address) => ({
      address: Ip.parse(address),
      prefixLength: address.includes(':') ? 64 : 24,
    }));
    expect(tunnel({ addresses })?.filter((line) => line.startsWith('inet'))).toEqual([
      'inet 10.4.3.254/24',
      'inet alias 10.4.4.254/24',
      'inet6 2001:db8::1/64',
      'inet6 alias 2001:db8::2/64',
    ]);
  });

  it('lead nowhere while the network is nowhere else', () => {
    expect(tunnel({ destination: null })?.some((line) => line.startsWith('tunnel'))).toBe(false);
  });

  it('are lines of that grammar, whatever a network is called', () => {
    const names = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('x\n!reboot', '"; up', '!sh', '\\"', '${IFS}', 'a\u2028b'));
    fc.assert(
      fc.property(names, (name) => {
        const drafts = files({ name: name as Label });
        expect(drafts.map(({ path }) => path)).toEqual(files().map(({ path }) => path));
        for (const line of drafts.flatMap(({ text }) => text))
          expect(
            GRAMMAR.some((form) => form.test(line)),
            line,
          ).toBe(true);
        expect(drafts.flatMap(({ text }) => text).filter((line) => !line.startsWith('description'))).toEqual(
          files()
            .flatMap(({ text }) => text)
            .filter((line) => !line.startsWith('description')),
        );
      }),
    );
  });

  it('have the groups of a university: 239.0 and the VNI', () => {
    const snapshot = scenarios['openbsd-gateway-multicast']?.() ?? demoSnapshot();
    const text = openBsdArtefacts(deviceIntent(compileFabric(snapshot), 'pf1')).flatMap((draft) => draft.text);
    expect(text.filter((line) => line.startsWith('tunnel '))).toEqual(['tunnel 10.5.0.254 239.0.1.51', 'tunnel 10.5.0.254 239.0.3.135']);
  });
});
