/** Names that reach a device. They were parsed at the edge; here is the last place where a stranger can be stopped. */
import { DeviceName, isDomainError, Label } from '#engines/kernel';
import { isOnOpenVswitch } from '../compile-openvswitch.js';
import type { FabricIndex } from '../fabric-index.js';
import { error, type Finding } from '../finding.js';
import { isDerivedName } from '../interface-names.js';
import type { DeviceFacts } from '../snapshot.js';

const HOSTNAME = /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,61}[A-Za-z0-9])?$/;
/** Words that FRR or EOS read as something else in the place of a VRF name, and names that every kernel has. */
const RESERVED_VRFS = new Set(['default', 'all', 'mgmt', 'management', 'lo', 'main', 'local']);

export function checkNames(index: FabricIndex): Finding[] {
  const { devices, vrfs, networks } = index.snapshot;
  const vrfNames = new Set(vrfs.map(({ deviceName }) => deviceName));
  return [
    ...vrfs.flatMap(({ id, deviceName }) => {
      const accepted =
        fits(() => DeviceName.parse(deviceName)) && !RESERVED_VRFS.has(deviceName.toLowerCase()) && !isDerivedName(deviceName);
      const message =
        'name the VRF with 1 to 15 letters, digits, dots, dashes and underscores, and not like an interface that devices have';
      return accepted ? [] : [error('NAME_INVALID', `vrfs.${id}.deviceName`, message, [id])];
    }),
    ...networks.flatMap(({ id, name }) => (fits(() => Label.parse(name)) ? [] : [label(`networks.${id}.name`, id)])),
    ...devices.flatMap((device) => deviceNames(index, device, vrfNames)),
  ];
}

function deviceNames(index: FabricIndex, device: DeviceFacts, vrfNames: ReadonlySet<string>): Finding[] {
  return [
    ...(HOSTNAME.test(device.hostname)
      ? []
      : [
          error(
            'NAME_INVALID',
            `devices.${device.id}.hostname`,
            'give the device a host name of 1 to 63 letters, digits, dots and dashes',
            [device.id],
          ),
        ]),
    ...device.ports.flatMap(({ name, description }) => [
      ...(description === null || fits(() => Label.parse(description)) ? [] : [label(`devices.${device.slug}.ports.${name}`, device.id)]),
      ...(isDerivedName(name) || vrfNames.has(name)
        ? [
            error(
              'NAME_INVALID',
              `devices.${device.slug}.ports.${name}`,
              `rename port ${name} of ${device.slug}: Trame gives that name to an interface of its own`,
              [device.id],
            ),
          ]
        : []),
    ]),
    ...(device.platform === 'DEBIAN_FRR' ? hostInterfaces(index, device) : []),
  ];
}

/** IFNAMSIZ holds for the ports of a host and for the VLAN interfaces `<port>.<vlan>` that are made on them: of many, the longest is looked at. */
function hostInterfaces(index: FabricIndex, device: DeviceFacts): Finding[] {
  const links = (index.linkEndsOfDevice.get(device.id) ?? []).map(({ port }) => String(port));
  const largest = new Map<string, number>();
  for (const attachment of index.attachmentsOfDevice.get(device.id) ?? []) {
    const { port, tagging, networkId } = attachment;
    if (port === null) continue;
    const hasVlanInterface = tagging === 'TAGGED' && !isOnOpenVswitch(index, device, attachment);
    const vlan = (hasVlanInterface && index.vlan(device.id, networkId)) || 0;
    largest.set(port, Math.max(largest.get(port) ?? 0, vlan));
  }
  const edges = [...largest].map(([port, vlan]) => (vlan === 0 ? port : `${port}.${vlan}`));
  return [...new Set([...links, ...edges])].flatMap((name) =>
    fits(() => DeviceName.parse(name))
      ? []
      : [
          error(
            'NAME_INVALID',
            `devices.${device.slug}.ports.${name}`,
            `use a port of ${device.slug} with a shorter name than ${name}: a kernel interface has at most 15 characters`,
            [device.id],
          ),
        ],
  );
}

const label = (path: string, id: string): Finding => error('NAME_INVALID', path, 'use 1 to 240 printable characters on one line', [id]);

function fits(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch (cause) {
    if (isDomainError(cause)) return false;
    throw cause;
  }
}
