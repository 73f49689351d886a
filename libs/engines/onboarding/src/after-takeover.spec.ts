// What happens to an adopted device afterwards: nothing of it is lost when it is rendered, and nothing stays behind when a subject goes.
import { compileFabric, deviceIntent, type FabricSnapshot } from '#engines/intent';
import { EviId, Label, type NetworkId, RouteDistinguisher, RouteTarget, Slug, Vni } from '#engines/kernel';
import { canonicalConfig, eosDialect, remediate } from '#engines/reconcile';
import { FRR_PATH, INTERFACES_PATH, renderDevice, RUNNING_CONFIG_PATH } from '#engines/rendering';
import type { ImportedFile } from './documents/imported-file.js';
import { onboard } from './onboard.js';
import { handBuiltFabric, handBuiltFabricInFull } from './testing/index.js';

const artefact = (snapshot: FabricSnapshot, slug: string, at: string): string =>
  renderDevice(deviceIntent(compileFabric(snapshot), slug)).find((one) => one.path === at)?.content ?? '';
/** The host's file with a text behind one of its lines. */
const changed = (line: string, replacement: string, files = handBuiltFabricInFull()): readonly ImportedFile[] => {
  expect(files.some(({ text }) => text.includes(line))).toBe(true);
  return files.map((file) => ({ ...file, text: file.text.replace(line, replacement) }));
};
const LINK = '\taddress 192.168.100.2/24\n';
const stanzaOf = (text: string, name: string): readonly string[] =>
  (new RegExp(`^iface ${name}\\b.*\\n(?:[ \\t]+.*\\n)*`, 'm').exec(text)?.[0] ?? '').trimEnd().split('\n');
const withoutSessions = (snapshot: FabricSnapshot): FabricSnapshot => ({ ...snapshot, sessions: [] });
const withoutNetworks = (snapshot: FabricSnapshot): FabricSnapshot => ({
  ...snapshot,
  networks: [],
  attachments: [],
  vlanMappings: [],
  routeDistinguishers: [],
});

describe('a line that Trame would not write, in a stanza that it writes', () => {
  const HOOK = 'post-up ip route add 10.50.0.0/16 via 192.168.100.9';
  const { snapshot, report } = onboard(changed(LINK, `${LINK}\taddress 10.44.0.1/24\n\t${HOOK}\n\tmetric 7\n`));

  it('is written with the stanza, or the first push would take it away', () => {
    expect(report.differences).toBe(0);
    expect(stanzaOf(artefact(snapshot, 'pve1', INTERFACES_PATH), 'ens19')).toEqual([
      'iface ens19',
      '    address 192.168.100.2/24',
      '    address 10.44.0.1/24',
      `    ${HOOK}`,
      '    metric 7',
    ]);
  });

  it('goes with the stanza', () => {
    const { snapshot: one } = onboard(changed('\tbridge_fd 0\n\tmtu 1450\n', '\tbridge_fd 0\n\tmtu 1450\n\tbridge-mcsnoop off\n'));
    expect(stanzaOf(artefact(one, 'pve1', INTERFACES_PATH), 'VNET1000')).toContain('    bridge-mcsnoop off');
    expect(artefact(withoutNetworks(one), 'pve1', INTERFACES_PATH)).not.toMatch(/VNET1000|mcsnoop/);
  });

  it('leaves the stanza of the management, and the rest of the one of lo, where they are', () => {
    const { snapshot: one, report: said } = onboard(changed('iface lo inet loopback\n', 'iface lo inet loopback\n\taddress 10.9.9.9/32\n'));
    expect(said.differences).toBe(0);
    expect(artefact(one, 'pve1', INTERFACES_PATH)).not.toMatch(/10\.9\.9\.9|vmbr0/);
  });

  it('is not asked for on lo, which is one whatever its method', () => {
    const { report: said } = onboard(
      changed('iface lo1 inet manual\n\tpre-up ip link add lo1 type dummy\n', 'iface lo inet dhcp\n').map((file) => ({
        ...file,
        text: file.text.replace('iface lo inet loopback\n', ''),
      })),
    );
    expect(said.devices.flatMap((device) => device.files.flatMap(({ differences }) => differences))).toEqual([]);
  });

  it.each([
    ['its own method', 'iface VNET1000\n', 'iface VNET1000 inet6 auto\n', '', /^iface VNET1000 inet6 auto$/m],
    ['when it is started', 'auto ens19\n', 'auto ens19\nallow-hotplug ens19\n', '', /^allow-hotplug ens19$/m],
    ['a port more', 'bridge_ports vxlan_VNET1000', 'bridge_ports vxlan_VNET1000 eno9', '', /^ {4}bridge-ports vxlan_VNET1000 eno9$/m],
  ])('comes in the words of ifupdown2: %s', (_, line, replacement, more, expected) => {
    const files = changed(line, `${more}${replacement}`);
    const { snapshot: one, report: said } = onboard(files);
    expect(said.devices.flatMap((device) => device.files.flatMap(({ differences }) => differences))).toEqual([]);
    expect(artefact(one, 'pve1', INTERFACES_PATH)).toMatch(expected);
    const own = artefact(one, 'pve1', INTERFACES_PATH);
    expect(own.match(/bridge-ports /g)).toHaveLength(1);
  });

  it('changes nothing on a switch, where a merge leaves it', () => {
    const files = changed('   ip address 192.168.100.1/24\n', '   ip address 192.168.100.1/24\n   ip access-group LINK in\n');
    const running = files[2]?.text ?? '';
    const { snapshot: one, report: said } = onboard(files);
    expect(said.differences).toBe(0);
    const desired = artefact(one, 'test', RUNNING_CONFIG_PATH);
    expect(canonicalConfig(eosDialect, desired).children.size).toBeGreaterThan(4);
    expect(remediate({ running, previous: '', desired })).toEqual([]);
  });
});

describe('the order of lines in interfaces(5)', () => {
  it.each([
    ['addresses', '\taddress 10.44.0.1/24\n', ['    address 10.44.0.1/24', '    address 192.168.100.2/24']],
    ['hooks', '\tpost-up echo one\n\tup echo two\n', ['    address 192.168.100.2/24', '    post-up echo one', '    post-up echo two']],
  ])('is kept, for %s', (_, lines, expected) => {
    const { snapshot, report } = onboard(changed(LINK, `${lines}${LINK}`));
    expect(report.differences).toBe(0);
    expect(stanzaOf(artefact(snapshot, 'pve1', INTERFACES_PATH), 'ens19').slice(1)).toEqual(expected);
  });

  it('is said when it is another one than Trame would write: the first address is the primary one', () => {
    const { lint } = onboard(changed(LINK, `\taddress 10.44.0.1/24\n${LINK}`));
    expect(lint.filter(({ code }) => code === 'OTHER_ORDER').map(({ subject }) => subject)).toEqual(['iface ens19: address']);
    const { lint: usual } = onboard(changed(LINK, `${LINK}\taddress 10.44.0.1/24\n`));
    expect(usual.map(({ code }) => code)).not.toContain('OTHER_ORDER');
  });

  it('is Trame’s own when the deviation is taken away', () => {
    const { snapshot } = onboard(changed(LINK, `\taddress 10.44.0.1/24\n${LINK}`));
    const fixed = {
      ...snapshot,
      devices: snapshot.devices.map((device) => ({
        ...device,
        ...(device.adopted && { adopted: { ...device.adopted, deviations: device.adopted.deviations.filter((one) => !one.order) } }),
      })),
    };
    expect(stanzaOf(artefact(fixed, 'pve1', INTERFACES_PATH), 'ens19').slice(1)).toEqual([
      '    address 192.168.100.2/24',
      '    address 10.44.0.1/24',
    ]);
  });
});

describe('what an adopted device says more of a subject', () => {
  it('goes with the session, on both ends', () => {
    const { snapshot } = onboard(
      changed(
        ' neighbor 192.168.100.1 update-source',
        ' neighbor 192.168.100.1 soft-reconfiguration inbound\n neighbor 192.168.100.1 update-source',
      ),
    );
    expect(artefact(snapshot, 'pve1', FRR_PATH)).toMatch(/extended-nexthop[^]*soft-reconfiguration/);
    const after = withoutSessions(snapshot);
    expect(artefact(after, 'pve1', FRR_PATH)).toContain('timers bgp 20 60');
    expect(artefact(after, 'pve1', FRR_PATH)).not.toMatch(/neighbor|address-family|redistribute/);
    expect(artefact(after, 'test', RUNNING_CONFIG_PATH)).not.toMatch(/neighbor|address-family|redistribute connected/);
  });

  it('goes with the network', () => {
    const { snapshot } = onboard(
      changed('  advertise-all-vni\n', '  advertise-all-vni\n  vni 1000\n   rd 172.16.1.51:7\n   advertise-svi-ip\n  exit-vni\n'),
    );
    expect(artefact(snapshot, 'pve1', FRR_PATH)).toContain('advertise-svi-ip');
    expect(artefact(withoutNetworks(snapshot), 'pve1', FRR_PATH)).not.toMatch(/vni 1000|advertise-svi-ip/);
    expect(artefact(withoutNetworks(snapshot), 'test', RUNNING_CONFIG_PATH)).not.toMatch(/vlan 1000|1:1/);
  });

  it('stays where it belongs to a neighbor that Trame never knew, with what that one lives on', () => {
    const { snapshot, report } = onboard(
      changed(
        ' !\n address-family ipv4 unicast\n',
        ' neighbor 10.99.0.1 remote-as 64999\n neighbor 10.99.0.1 weight 7\n !\n address-family ipv4 unicast\n  neighbor 10.99.0.1 prefix-list P in\n',
      ),
    );
    expect(report.differences).toBe(0);
    const text = artefact(withoutSessions(snapshot), 'pve1', FRR_PATH);
    expect(text).toMatch(/neighbor 10\.99\.0\.1 remote-as 64999\n neighbor 10\.99\.0\.1 weight 7\n/);
    expect(text).toMatch(/address-family ipv4 unicast\n(?:.*\n)*? {2}redistribute connected\n/);
    expect(text).not.toContain('192.168.100.1');
  });

  it('goes with a member of a peer group, which a membership alone would make again', () => {
    const { snapshot, report } = onboard(
      changed(
        ' neighbor 192.168.100.1 remote-as 65051\n',
        ' neighbor LEAFS peer-group\n neighbor LEAFS remote-as 65051\n neighbor 192.168.100.1 peer-group LEAFS\n',
      ),
    );
    expect(report.differences).toBe(0);
    const text = artefact(withoutSessions(snapshot), 'pve1', FRR_PATH);
    expect(text).toContain('neighbor LEAFS remote-as 65051');
    expect(text).not.toContain('192.168.100.1');
  });
});

describe('a network that comes to a host with automatic targets', () => {
  const { snapshot } = onboard(handBuiltFabricInFull());
  const [first] = snapshot.networks;
  const attachment = snapshot.attachments.find(({ deviceId }) => deviceId === 'device-pve1');
  const distinguisher = snapshot.routeDistinguishers.find(({ deviceId }) => deviceId === 'device-pve1');
  if (first === undefined || attachment === undefined || distinguisher === undefined) throw new Error('the fabric has a network on pve1');
  const more: FabricSnapshot = {
    ...snapshot,
    networks: [
      ...snapshot.networks,
      {
        ...first,
        id: 'network-2000' as NetworkId,
        slug: Slug.parse('two'),
        name: Label.parse('two'),
        vni: Vni.parse(2000),
        eviId: EviId.parse(77),
        importTargets: [RouteTarget.parse('65051:2000')],
        exportTargets: [RouteTarget.parse('65051:2000')],
      },
    ],
    attachments: [
      ...snapshot.attachments,
      { ...attachment, id: 'attachment-2' as typeof attachment.id, networkId: 'network-2000' as NetworkId },
    ],
    routeDistinguishers: [
      ...snapshot.routeDistinguishers,
      { ...distinguisher, eviId: EviId.parse(77), rd: RouteDistinguisher.parse('172.16.1.51:77') },
    ],
  };

  it('brings Trame’s whole family: FRR would take an explicit target for the automatic one, and drop it beside another', () => {
    const text = artefact(more, 'pve1', FRR_PATH);
    expect(text).toMatch(/autort rfc8365-compatible\n {2}vni 1000\n {3}rd 172\.16\.1\.51:1000\n {3}route-target import 1:1\n/);
    expect(text).toMatch(/ {2}vni 2000\n {3}rd 172\.16\.1\.51:77\n {3}route-target import 65051:2000\n/);
    expect(text).toContain('redistribute connected'); // and nothing of any other value
  });

  it('is no reason while the old ones stay as they were, and goes back with the new one', () => {
    expect(artefact(snapshot, 'pve1', FRR_PATH)).not.toMatch(/autort|vni 1000/);
    const networks = snapshot.networks.map((network) => ({
      ...network,
      importTargets: [...network.importTargets, RouteTarget.parse('7:7')],
    }));
    expect(artefact({ ...snapshot, networks }, 'pve1', FRR_PATH)).toMatch(/autort[^]*route-target import 7:7/);
  });

  it('leaves a host alone that has targets of its own for some networks', () => {
    const { snapshot: mixed, report } = onboard(
      changed(
        '  advertise-all-vni\n',
        '  advertise-all-vni\n  vni 1000\n   route-target import 65051:1000\n  exit-vni\n',
        handBuiltFabric(),
      ),
    );
    expect(report.differences).toBe(0);
    expect(artefact(mixed, 'pve1', FRR_PATH)).not.toContain('autort');
  });
});
