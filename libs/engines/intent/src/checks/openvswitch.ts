/** What Open vSwitch takes without a word and means differently, and what attachments ask of it that it cannot do. */
import { DeviceName } from '#engines/kernel';
import { bridgesOfNetwork, isOnOpenVswitch } from '../compile-openvswitch.js';
import type { FabricIndex } from '../fabric-index.js';
import { error, type Finding, type FindingCode, listed } from '../finding.js';
import { groupBy } from '../group-by.js';
import type { AttachmentFacts, DeviceFacts, NetworkFacts, OpenVswitchFacts, OvsBridgeFacts, OvsPortFacts } from '../snapshot.js';
import { checkOvsInterface } from './openvswitch-interfaces.js';
import { checkOvsMirror, checkSflow, isGuestPortName, parses } from './openvswitch-probes.js';
import { replicationOf } from './replication.js';

type Say = (code: FindingCode, path: string, message: string) => Finding;

export function checkOpenVswitch(index: FabricIndex): Finding[] {
  return index.snapshot.devices.flatMap((device) => {
    const { openvswitch: facts } = device;
    if (!facts) return [];
    const say: Say = (code, path, message) => error(code, `devices.${device.slug}.openvswitch${path}`, message, [device.id]);
    return [
      ...names(facts, say),
      ...facts.bridges.flatMap((bridge) => [
        ...ownPort(bridge, say),
        ...bridge.ports.flatMap((port) => [
          ...checkPort(port, say),
          ...port.interfaces.flatMap((part) => checkOvsInterface(part, say)),
          ...patches(facts, bridge, port, say),
        ]),
        ...bridge.mirrors.flatMap((mirror) => checkOvsMirror(facts, bridge, mirror, say)),
        ...(bridge.sflow ? checkSflow(bridge.name, bridge.sflow, say) : []),
      ]),
      ...attached(index, device, facts),
      ...classicIfupdown(index, device, facts, say),
    ];
  });
}

/** Names that the compiler gives to tunnels. */
const isTunnelName = (name: string): boolean => /^v[0-9a-z]{1,5}-[0-9a-f]{8}$/.test(name);

function names(facts: OpenVswitchFacts, say: Say): Finding[] {
  const ports = facts.bridges.flatMap((bridge) => bridge.ports);
  const interfaces = ports.flatMap((port) => port.interfaces);
  const all = [...new Set([...facts.bridges, ...ports, ...interfaces].map(({ name }) => String(name)))];
  const twice = (list: readonly { readonly name: string }[]): string[] =>
    [...groupBy(list, ({ name }) => name)].flatMap(([name, uses]) => (uses.length > 1 ? [name] : []));
  const repeated = [...new Set([...twice(facts.bridges), ...twice(ports), ...twice(interfaces)])];
  return [
    ...repeated.map((name) =>
      say('DUPLICATE_NAME', `.${name}`, `say ${name} once: Open vSwitch has one bridge, port and interface of a name`),
    ),
    ...all
      .filter((name) => isGuestPortName(name) || isTunnelName(name))
      .map((name) =>
        say('NAME_INVALID', `.${name}`, `give ${name} another name: ports of guests and of the fabric's tunnels are called so`),
      ),
    ...all
      .filter((name) => name.startsWith('-') || !parses(() => DeviceName.parse(name)))
      .map((name) =>
        say('NAME_INVALID', `.${name}`, `name it with 1 to 15 letters, digits, dots, dashes and underscores, without a dash in front`),
      ),
  ];
}

function ownPort({ name, ports }: OvsBridgeFacts, say: Say): Finding[] {
  const own = ports.find((port) => port.name === name);
  const [only] = own?.interfaces ?? [];
  if (!own || (own.interfaces.length === 1 && only?.type === 'internal' && only.name === name)) return [];
  return [say('NAME_INVALID', `.${name}`, `give port ${name} one internal interface ${name}: it is the bridge's own`)];
}

function checkPort(port: OvsPortFacts, say: Say): Finding[] {
  const { name, tag, trunks, cvlans, vlanMode } = port;
  const strange = [...(tag === null ? [] : [tag]), ...trunks, ...cvlans].filter(
    (vlan) => !Number.isInteger(vlan) || vlan < 0 || vlan > 4095,
  );
  const path = `.${name}`;
  const needsTag = vlanMode === 'dot1q-tunnel' || vlanMode === 'native-tagged' || vlanMode === 'native-untagged';
  return [
    ...(strange.length > 0
      ? [say('VLAN_CLASH', path, `use VLANs from 0 to 4095 on port ${name} instead of ${listed(strange.map(String))}`)]
      : []),
    ...(needsTag && tag === null && port.vlansFrom !== 'ATTACHMENTS'
      ? [say('VLAN_MISSING', path, `give port ${name} the tag that ${vlanMode} needs`)]
      : []),
    ...(vlanMode === 'trunk' && tag !== null
      ? [say('VLAN_CLASH', path, `take tag ${tag} from trunk ${name}, or make it native-untagged: a trunk has none`)]
      : []),
    ...((vlanMode === 'access' || vlanMode === 'dot1q-tunnel' || (vlanMode === null && tag !== null)) && trunks.length > 0
      ? [say('VLAN_CLASH', path, `take the trunks from port ${name}, or make it native-untagged: Open vSwitch ignores them on such a port`)]
      : []),
    ...(vlanMode !== 'dot1q-tunnel' && (cvlans.length > 0 || port.outerTag !== null)
      ? [say('VLAN_CLASH', path, `make port ${name} a dot1q-tunnel, or take what is said of its inner and outer tags`)]
      : []),
    ...bond(port, say),
  ];
}

function bond({ name, interfaces, bond: facts }: OvsPortFacts, say: Say): Finding[] {
  const path = `.${name}`;
  if (interfaces.length === 0) return [say('ATTACHMENT_INVALID', path, `give port ${name} an interface`)];
  if (interfaces.length > 1 && !facts) return [say('LINK_INVALID', path, `say how port ${name} bonds its ${interfaces.length} interfaces`)];
  if (interfaces.length > 1 && interfaces.some(({ type }) => type !== 'system'))
    return [
      say('LINK_INVALID', path, `let bond ${name} have interfaces of the host only: no tunnel, patch or internal one can be a member`),
    ];
  // Without it, Open vSwitch sends by active-backup and says nothing (ovs-vswitchd.conf.db, bond_mode).
  if (facts?.mode === 'balance-tcp' && facts.lacp === 'off')
    return [say('LINK_INVALID', path, `let bond ${name} speak LACP, or choose another mode: balance-tcp works with LACP only`)];
  return [];
}

function patches({ bridges }: OpenVswitchFacts, bridge: OvsBridgeFacts, port: OvsPortFacts, say: Say): Finding[] {
  return port.interfaces.flatMap((end) => {
    if (end.type !== 'patch') return [];
    const other = bridges
      .filter(({ name }) => name !== bridge.name)
      .flatMap(({ ports }) => ports.flatMap(({ interfaces }) => interfaces))
      .find(({ name }) => name === end.peer);
    if (other?.type === 'patch' && other.peer === end.name) return [];
    return [say('LINK_INVALID', `.${end.name}`, `add patch ${end.peer} with peer ${end.name} to another bridge: a patch has two ends`)];
  });
}

/** What else Trame writes for a host's interfaces is in words that classic ifupdown does not know. */
function classicIfupdown(index: FabricIndex, device: DeviceFacts, { managedBy }: OpenVswitchFacts, say: Say): Finding[] {
  const hasMore = device.vtep !== null || device.host !== undefined || index.linkEndsOfDevice.has(device.id);
  if (managedBy !== 'IFUPDOWN' || !hasMore) return [];
  return [
    say(
      'NOT_SUPPORTED',
      '.managedBy',
      `install ifupdown2 on ${device.slug} and say IFUPDOWN2, or OVSDB: its VTEP, links and bridges are written for ifupdown2`,
    ),
  ];
}

function attached(index: FabricIndex, device: DeviceFacts, facts: OpenVswitchFacts): Finding[] {
  const here = (index.attachmentsOfDevice.get(device.id) ?? []).filter((attachment) => isOnOpenVswitch(index, device, attachment));
  return [...groupBy(here, ({ networkId }) => networkId)].flatMap(([networkId, uses]) => {
    const network = index.network.get(networkId);
    if (!network) return [];
    const path = `networks.${network.slug}.${device.slug}`;
    const ids = uses.map(({ id }) => id);
    return [
      ...(device.vtep ? tunnels(index, device, facts, network, uses) : []).map(([code, message]) => error(code, path, message, ids)),
      ...uses
        .flatMap((use) => vlanProblem(facts, use, index.vlan(device.id, networkId)))
        .map((message) => error('PORT_CLASH', path, message, ids)),
    ];
  });
}

function tunnels(
  index: FabricIndex,
  { slug, vtep }: DeviceFacts,
  facts: OpenVswitchFacts,
  network: NetworkFacts,
  uses: readonly AttachmentFacts[],
): (readonly [FindingCode, string])[] {
  const mode = replicationOf(index, network);
  if (mode !== 'INGRESS_STATIC') {
    const wayOut = `make the network INGRESS_STATIC, attach it to a Linux bridge of ${slug}, or take the VTEP from ${slug} and bring the VLAN there by a trunk`;
    return [['NOT_SUPPORTED', `${wayOut}: Open vSwitch does not take part in ${mode === 'INGRESS_EVPN' ? 'EVPN' : 'multicast groups'}`]];
  }
  const bridges = [...bridgesOfNetwork(facts, uses)];
  if (bridges.includes(null))
    return [['ATTACHMENT_INVALID', `name the bridge of ${slug} as port of network ${network.slug}: it has ${facts.bridges.length}`]];
  if (bridges.length > 1)
    return [
      [
        'ATTACHMENT_INVALID',
        `attach network ${network.slug} to one bridge of ${slug}: its tunnels from ${vtep?.address} cannot end in two`,
      ],
    ];
  return [];
}

function vlanProblem({ bridges }: OpenVswitchFacts, { port: name, tagging }: AttachmentFacts, vlan: number | null): string[] {
  const port = bridges.flatMap(({ ports }) => ports).find((one) => one.name === String(name));
  if (!port || tagging === 'BRIDGE_ONLY') return [];
  if (tagging === 'TAGGED' && (port.vlanMode === 'dot1q-tunnel' || port.vlanMode === 'access'))
    return [`attach it untagged to ${name}, or make that a trunk: an ${port.vlanMode} port has one VLAN`];
  if (tagging === 'UNTAGGED' && port.vlanMode === 'trunk')
    return [`attach it tagged to ${name}, or make that native-untagged: a trunk has no native VLAN`];
  if (tagging === 'UNTAGGED' && port.tag !== null && port.tag !== vlan)
    return [`take tag ${port.tag} from ${name}, or attach the network elsewhere: its VLAN there is ${vlan ?? 'not said'}`];
  return [];
}
