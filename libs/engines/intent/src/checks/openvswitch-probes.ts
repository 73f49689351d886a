/** Mirrors and sFlow probes of Open vSwitch. */
import { DeviceName, Ip, isDomainError } from '#engines/kernel';
import type { Finding, FindingCode } from '../finding.js';
import type { OpenVswitchFacts, OvsBridgeFacts, OvsMirrorFacts, OvsSflowFacts } from '../snapshot.js';

type Say = (code: FindingCode, path: string, message: string) => Finding;

/** Names that hypervisors give to the ports of guests. */
export const isGuestPortName = (name: string): boolean => /^(?:tap|fwln|fwpr|veth|vnet)[0-9]/.test(name);

export function checkOvsMirror(
  { managedBy }: OpenVswitchFacts,
  { name: bridge, ports, mirrors }: OvsBridgeFacts,
  mirror: OvsMirrorFacts,
  say: Say,
): Finding[] {
  const path = `.${bridge}.mirrors.${mirror.name}`;
  const { outputPort, outputVlan } = mirror;
  const named = [...mirror.selectSource, ...mirror.selectDestination, ...(outputPort === null ? [] : [outputPort])];
  const guests = named.filter(isGuestPortName);
  const known = new Set<string>([bridge, ...ports.map(({ name }) => name)]);
  const missing = named.filter((name) => !known.has(name) && !isGuestPortName(name));
  return [
    ...(/^[A-Za-z0-9_.][A-Za-z0-9_.-]{0,62}$/.test(mirror.name) && mirrors.filter(({ name }) => name === mirror.name).length === 1
      ? []
      : [
          say(
            'NAME_INVALID',
            path,
            `name each mirror of ${bridge} differently, with 1 to 63 letters, digits, dots, dashes and underscores, no dash first`,
          ),
        ]),
    ...((outputPort === null) === (outputVlan === null)
      ? [say('LINK_INVALID', path, `send mirror ${mirror.name} either to a port or to a VLAN`)]
      : []),
    ...(outputPort !== null && [...mirror.selectSource, ...mirror.selectDestination].includes(outputPort)
      ? [say('LINK_INVALID', path, `take ${outputPort} from what mirror ${mirror.name} looks at: it is where it sends`)]
      : []),
    ...missing.map((port) => say('UNKNOWN_REFERENCE', path, `add port ${port} to ${bridge}, or take it from mirror ${mirror.name}`)),
    ...(guests.length > 0 && managedBy !== 'OVSDB'
      ? [
          say(
            'NOT_SUPPORTED',
            path,
            `let OVSDB manage Open vSwitch, or take guests' port ${guests[0]} from mirror ${mirror.name}: when ifup runs there are no guests yet`,
          ),
        ]
      : []),
  ];
}

export function checkSflow(bridge: DeviceName, { agent, targets, header, sampling, polling }: OvsSflowFacts, say: Say): Finding[] {
  const path = `.${bridge}.sflow`;
  const strange = targets.filter((target) => !isCollector(target));
  const isNumber = (value: number | null, min: number): boolean =>
    value === null || (Number.isInteger(value) && value >= min && value < 2 ** 31);
  return [
    ...(targets.length === 0 ? [say('LINK_INVALID', path, `name a collector of the probe on ${bridge}, or take the probe away`)] : []),
    ...strange.map((target) =>
      say('LINK_INVALID', path, `write collector ${JSON.stringify(target).slice(0, 60)} as 192.0.2.1:6343 or [2001:db8::1]:6343`),
    ),
    ...(agent === null || parses(() => DeviceName.parse(agent)) || parses(() => Ip.parse(agent))
      ? []
      : [say('NAME_INVALID', path, `name an interface or an address as agent of the probe on ${bridge}`)]),
    ...(isNumber(header, 1) && isNumber(sampling, 1) && isNumber(polling, 0)
      ? []
      : [
          say(
            'LINK_INVALID',
            path,
            `give the probe on ${bridge} whole numbers: header bytes, one frame of so many, seconds between counters`,
          ),
        ]),
  ];
}

/** `192.0.2.1:6343` or `[2001:db8::1]:6343`. */
function isCollector(target: string): boolean {
  const [, v6, v4, port] = /^(?:\[([0-9a-f:]+)\]|([0-9.]+)):([0-9]{1,5})$/.exec(target) ?? [];
  if (port === undefined || Number(port) < 1 || Number(port) > 65_535) return false;
  return parses(() => Ip.parse(v6 ?? v4)) && (v6 === undefined || v6.includes(':'));
}

export function parses(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch (cause) {
    if (isDomainError(cause)) return false;
    throw cause;
  }
}
