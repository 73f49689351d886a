import type { LibvirtNetwork, LibvirtPortgroup, LibvirtProblem, LibvirtProblemCode } from './libvirt-network.js';

/** The schema's `deviceName`; net-define itself takes anything. */
const NAME = /^[a-zA-Z0-9_.\-\\:/]+$/;

/** @param saysTrunk per portgroup, whether `trunk='yes'` is there and not only meant. */
export function lintNetwork(network: Omit<LibvirtNetwork, 'problems'>, saysTrunk: readonly boolean[]): readonly LibvirtProblem[] {
  const { name, forward, bridge, isOpenVswitch, portgroups } = network;
  const defaults = portgroups.filter(({ isDefault }) => isDefault);
  return [
    ...(forward === 'bridge' && bridge === null ? [problem('BRIDGE_MISSING', 'network', `name the bridge of network ${name}`)] : []),
    ...(defaults.length > 1
      ? [
          problem(
            'SEVERAL_DEFAULTS',
            'network',
            `make one of ${defaults.map((one) => one.name).join(', ')} the default: libvirt takes the first`,
          ),
        ]
      : []),
    ...portgroups.flatMap((portgroup, position) => {
      const path = `network.portgroup.${portgroup.name}`;
      const isSecond = portgroups.findIndex((other) => other.name === portgroup.name) < position;
      return [
        ...(isSecond
          ? [problem('DUPLICATE_PORTGROUP', path, `take the second portgroup ${portgroup.name} away: libvirt only ever uses the first`)]
          : []),
        ...(NAME.test(portgroup.name) ? [] : [problem('PORTGROUP_NAME', path, `name the portgroup with letters, digits and . _ - \\ : /`)]),
        ...(portgroup.tags.length > 0 && !isOpenVswitch
          ? [
              problem(
                'VLAN_WITHOUT_OPENVSWITCH',
                path,
                `use an Open vSwitch bridge, or take the VLAN away: a guest of portgroup ${portgroup.name} does not start`,
              ),
            ]
          : []),
        ...lintTags(path, portgroup, saysTrunk[position] ?? false),
      ];
    }),
  ];
}

function lintTags(path: string, { name, tags, isTrunk }: LibvirtPortgroup, saysTrunk: boolean): LibvirtProblem[] {
  const strange = tags.filter((tag) => !(tag >= 1 && tag <= 4094));
  const again = tags.filter((tag, position) => tags.indexOf(tag) < position);
  return [
    ...(isTrunk && !saysTrunk
      ? [problem('TAGS_WITHOUT_TRUNK', path, `say trunk='yes' in portgroup ${name}, or keep one plain tag: libvirt makes a trunk of it`)]
      : []),
    ...(strange.length > 0
      ? [problem('TAG_OUT_OF_RANGE', path, `use VLANs from 1 to 4094 in portgroup ${name} instead of ${strange.join(', ')}`)]
      : []),
    ...(again.length > 0 ? [problem('DUPLICATE_TAG', path, `say VLAN ${again.join(', ')} once in portgroup ${name}`)] : []),
  ];
}

const problem = (code: LibvirtProblemCode, path: string, message: string): LibvirtProblem => ({ code, path, message });
