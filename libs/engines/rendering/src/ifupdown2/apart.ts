/**
 * Whose stanzas are nobody else's. Several subjects may speak of one port, in one stanza; tunnels and bridges have names that nothing else on a
 * device has, and VRFs have them as a rule.
 */
import type { DeviceIntent } from '#engines/intent';
import { type HostPort, hostPorts } from './host-ports.js';

export interface Apart {
  /** Ports of which something else is said, too. */
  readonly together: readonly HostPort[];
  readonly apart: readonly HostPort[];
  readonly hasOwnVrfs: boolean;
}

const known = new WeakMap<DeviceIntent, Apart>();

export function apartFrom(intent: DeviceIntent): Apart {
  let found = known.get(intent);
  if (found === undefined) known.set(intent, (found = find(intent)));
  return found;
}

function find(intent: DeviceIntent): Apart {
  const ports = hostPorts(intent);
  const names = new Set<string>(ports.map(({ name }) => name));
  const said = saidNames(intent);
  const members = intent.host
    ? [...intent.host.bonds.flatMap((bond) => bond.members), ...intent.host.bridges.flatMap((one) => one.ports)]
    : [];
  const taken = new Set<string>([...said, ...members]);
  const hasOwnVrfs = !intent.vrfs.some(({ name }) => names.has(name) || taken.has(name));
  if (names.size < ports.length || !hasOwnVrfs) return { together: ports, apart: [], hasOwnVrfs };
  const together = ports.filter(({ name }) => said.has(name));
  return { together, apart: together.length === 0 ? ports : ports.filter(({ name }) => !said.has(name)), hasOwnVrfs };
}

/** Interfaces of the host itself. */
function saidNames({ underlayPorts, host, vtep, vtepDevice }: DeviceIntent): ReadonlySet<string> {
  const made = host ? [...host.ports, ...host.bonds, ...host.vlans, ...host.bridges] : [];
  const names: string[] = [...underlayPorts.map(({ port }) => port), ...made.map(({ name }) => name)];
  if (vtep && vtepDevice && vtepDevice.kind !== 'PRESENT') names.push(vtepDevice.name);
  return new Set(names);
}
