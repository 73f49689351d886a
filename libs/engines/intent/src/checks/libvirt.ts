/** What libvirt takes without a word and means differently, or refuses only when a guest starts. Neither net-define nor the schema notices. */
import { compareNatural } from '#engines/kernel';
import { compileVtepDevice } from '../compile-host.js';
import { BRIDGE_PREFIX, guestNetworks, portgroupsOf } from '../compile-libvirt.js';
import type { FabricIndex } from '../fabric-index.js';
import { error, type Finding, type FindingCode, listed, warning } from '../finding.js';
import { groupBy } from '../group-by.js';
import type { DeviceFacts, LibvirtFacts, LibvirtNetworkFacts, LibvirtPortgroupFacts, LibvirtProfileFacts } from '../snapshot.js';
import { replicationOf } from './replication.js';
import { isBefore, releaseOf } from './software.js';

/** Taken by libvirt, by its schema (portgroups are `deviceName` there), by a shell and as a file name. */
const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,62}$/;
const UUID = /^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/;
const PREFIX = /^[a-z]{1,7}$/;
const LONGEST_DELAY = 86_400;

export function checkLibvirt(index: FabricIndex): Finding[] {
  return index.snapshot.devices.flatMap((device) => {
    const { libvirt } = device;
    if (!libvirt) return [];
    return [
      ...networkNames(index, device, libvirt),
      ...libvirt.networks.flatMap((network) => checkNetwork(index, device, network)),
      ...(libvirt.isOnDemand ? onDemand(index, device, libvirt) : []),
    ];
  });
}

type Say = (code: FindingCode, path: string, message: string) => Finding;
const sayOf =
  ({ id, slug }: DeviceFacts): Say =>
  (code, path, message) =>
    error(code, `devices.${slug}.libvirt${path}`, message, [id]);

function networkNames(index: FabricIndex, device: DeviceFacts, { networks, offersBridges }: LibvirtFacts): Finding[] {
  const say = sayOf(device);
  const here = new Set((index.attachmentsOfDevice.get(device.id) ?? []).map(({ networkId }) => networkId));
  const offered = offersBridges ? [...here].map((id) => String(index.network.get(id)?.slug ?? id)) : [];
  return [...groupBy([...networks.map(({ name }) => name), ...offered], (name) => name)]
    .filter(([, uses]) => uses.length > 1)
    .map(([name]) => say('DUPLICATE_NAME', `.networks.${name}`, `give one of the libvirt networks ${name} of ${device.slug} another name`));
}

function checkNetwork(index: FabricIndex, device: DeviceFacts, network: LibvirtNetworkFacts): Finding[] {
  const say = sayOf(device);
  const path = `.networks.${network.name}`;
  const bridges = device.openvswitch?.bridges ?? [];
  const misses = network.isOpenVswitch && bridges.length > 0 && !bridges.some(({ name }) => name === network.bridge);
  return [
    ...(NAME.test(network.name)
      ? []
      : [say('NAME_INVALID', path, `name the libvirt network with 1 to 63 letters, digits, dots, colons, dashes and underscores`)]),
    ...(network.uuid === undefined || UUID.test(network.uuid)
      ? []
      : [say('NAME_INVALID', `${path}.uuid`, `give network ${network.name} the UUID that \`virsh net-uuid\` prints, or none`)]),
    ...(misses
      ? [
          say(
            'UNKNOWN_REFERENCE',
            `${path}.bridge`,
            `add bridge ${network.bridge} to Open vSwitch of ${device.slug}, or let network ${network.name} use one that it has`,
          ),
        ]
      : []),
    ...(network.profiles ?? []).flatMap((profile) => checkProfile(index, device, network, profile)),
    ...checkPortgroups(say, path, network, portgroupsOf(index, device, network)),
  ];
}

function checkProfile(index: FabricIndex, device: DeviceFacts, { name }: LibvirtNetworkFacts, profile: LibvirtProfileFacts): Finding[] {
  const say = sayOf(device);
  const path = `.networks.${name}.profiles.${profile.name}`;
  const here = new Set(guestNetworks(index, device).map(({ id }) => id));
  const strangers = profile.networkIds.filter((id) => !here.has(id)).map((id) => index.network.get(id)?.slug ?? id);
  const untagged = profile.networkIds
    .filter((id) => here.has(id) && index.vlan(device.id, id) === null)
    .map((id) => index.network.get(id)?.slug ?? id);
  const { native } = profile;
  return [
    ...(profile.networkIds.length === 0
      ? [say('ATTACHMENT_INVALID', path, `put a network into profile ${profile.name}, or take it away`)]
      : []),
    ...(strangers.length > 0
      ? [
          say(
            'UNKNOWN_REFERENCE',
            path,
            `attach ${listed(strangers)} to ${device.slug} without a port, or take them from profile ${profile.name}`,
          ),
        ]
      : []),
    ...(untagged.length > 0
      ? [say('VLAN_MISSING', path, `map ${listed(untagged)} to VLANs of ${device.slug}: profile ${profile.name} is a trunk`)]
      : []),
    ...(native && !profile.networkIds.includes(native.networkId)
      ? [say('UNKNOWN_REFERENCE', path, `put the native network of profile ${profile.name} among its networks`)]
      : []),
  ];
}

function checkPortgroups(say: Say, path: string, network: LibvirtNetworkFacts, portgroups: readonly LibvirtPortgroupFacts[]): Finding[] {
  const twice = [...groupBy(portgroups, ({ name }) => name)].filter(([, uses]) => uses.length > 1);
  const defaults = portgroups.filter(({ isDefault }) => isDefault).map(({ name }) => name);
  const tagged = portgroups.filter(({ tags }) => tags.length > 0).map(({ name }) => name);
  return [
    ...twice.map(([name]) =>
      say(
        'DUPLICATE_NAME',
        `${path}.portgroups.${name}`,
        `keep one portgroup ${name} in network ${network.name}: libvirt takes the first and says nothing`,
      ),
    ),
    ...(defaults.length > 1 ? [say('DUPLICATE_NAME', path, `make one of ${listed(defaults)} the default of network ${network.name}`)] : []),
    ...(tagged.length > 0 && !network.isOpenVswitch
      ? [
          say(
            'NOT_SUPPORTED',
            path,
            `let network ${network.name} use an Open vSwitch bridge, or take the VLANs from ${listed(tagged)}: on a Linux bridge such a guest does not start`,
          ),
        ]
      : []),
    ...portgroups.flatMap((portgroup) => checkPortgroup(say, `${path}.portgroups.${portgroup.name}`, portgroup)),
  ];
}

function checkPortgroup(say: Say, path: string, { name, isTrunk, tags, nativeTag }: LibvirtPortgroupFacts): Finding[] {
  const again = [...groupBy(tags, (tag) => tag)].flatMap(([tag, uses]) => (uses.length > 1 ? [String(tag)] : []));
  const strange = tags.filter((tag) => !Number.isInteger(tag) || tag < 1 || tag > 4094);
  return [
    ...(NAME.test(name)
      ? []
      : [say('NAME_INVALID', path, `name the portgroup with 1 to 63 letters, digits, dots, colons, dashes and underscores`)]),
    ...(tags.length > 1 && !isTrunk
      ? [say('VLAN_CLASH', path, `make portgroup ${name} a trunk, or keep one of its ${tags.length} tags`)]
      : []),
    ...(isTrunk && tags.length === 0 ? [say('VLAN_MISSING', path, `give trunk ${name} a tag: libvirt knows no trunk of everything`)] : []),
    ...(again.length > 0 ? [say('VLAN_CLASH', path, `say VLAN ${listed(again)} once in portgroup ${name}`)] : []),
    ...(strange.length > 0
      ? [say('VLAN_CLASH', path, `use VLANs from 1 to 4094 in portgroup ${name} instead of ${listed(strange.map(String))}`)]
      : []),
    ...(nativeTag && (!isTrunk || !tags.includes(nativeTag.vlan))
      ? [say('VLAN_CLASH', path, `make VLAN ${nativeTag.vlan} a tag of trunk ${name}, or say another native one`)]
      : []),
  ];
}

function onDemand(index: FabricIndex, device: DeviceFacts, libvirt: LibvirtFacts): Finding[] {
  const say = sayOf(device);
  const { bridgePrefix = BRIDGE_PREFIX, removeAfterSeconds = 0 } = libvirt;
  const release = releaseOf(device.software?.libvirt);
  const networks = guestNetworks(index, device);
  const grouped = networks.filter((network) => replicationOf(index, network) === 'MULTICAST').map(({ slug }) => slug);
  const routed = networks
    .filter(({ subnets }) => subnets.some(({ gatewayMode }) => gatewayMode === 'ANYCAST_VTEP'))
    .map(({ slug }) => slug);
  const ported = (index.attachmentsOfDevice.get(device.id) ?? []).flatMap(({ port }) => port ?? []).sort(compareNatural);
  const taken = device.ports.filter(({ name }) => networks.some(({ vni }) => name === `${bridgePrefix}${vni}`)).map(({ name }) => name);
  return [
    ...(release && isBefore(release, [6, 5, 0])
      ? [
          say(
            'SOFTWARE_TOO_OLD',
            '.isOnDemand',
            `bring libvirt of ${device.slug} to 6.5: ${device.software?.libvirt} does not look into hooks/qemu.d`,
          ),
        ]
      : []),
    ...(PREFIX.test(bridgePrefix)
      ? []
      : [
          say(
            'NAME_INVALID',
            '.bridgePrefix',
            `choose 1 to 7 small letters in front of the VNI: a kernel interface has at most 15 characters`,
          ),
        ]),
    ...(Number.isInteger(removeAfterSeconds) && removeAfterSeconds >= 0 && removeAfterSeconds <= LONGEST_DELAY
      ? []
      : [say('NOT_SUPPORTED', '.removeAfterSeconds', `choose 0 to ${LONGEST_DELAY} whole seconds before a bridge is removed`)]),
    ...(grouped.length > 0 && !compileVtepDevice(index, device)?.multicastPort
      ? [
          say(
            'LINK_INVALID',
            '.isOnDemand',
            `give ${device.slug} a link of the underlay: the groups of ${listed(grouped)} are joined on one`,
          ),
        ]
      : []),
    ...(routed.length > 0
      ? [
          say(
            'NOT_SUPPORTED',
            '.isOnDemand',
            `take the gateways of ${listed(routed)} off the VTEPs, or let bridges of ${device.slug} stand from boot: the hook only bridges`,
          ),
        ]
      : []),
    ...(ported.length > 0
      ? [
          say(
            'NOT_SUPPORTED',
            '.isOnDemand',
            `attach networks to ${device.slug} without port ${listed(ported)}, or let its bridges stand from boot: a bridge that comes and goes has no port`,
          ),
        ]
      : []),
    ...taken.map((name) =>
      say('NAME_INVALID', '.bridgePrefix', `choose another prefix than ${bridgePrefix}: ${name} is a port of ${device.slug}`),
    ),
    ...(bridgePrefix === BRIDGE_PREFIX && networks.length > 0
      ? [
          warning(
            'NAME_INVALID',
            `devices.${device.slug}.libvirt.bridgePrefix`,
            `say a bridge prefix such as br for ${device.slug}: libvirt counts its taps vnet0, vnet1, …, and one day has the name of a bridge that is not there yet`,
            [device.id],
          ),
        ]
      : []),
  ];
}
