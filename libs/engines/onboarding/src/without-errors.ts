/** A fabric in which everything holds that Trame demands: what does not, stays with the devices, and is said. */
import { DomainError } from '#engines/kernel';
import { checkFabric, type FabricSnapshot, type Finding } from '#engines/intent';

export interface Checked {
  readonly snapshot: FabricSnapshot;
  /** Why something was left out, once each. */
  readonly refusals: readonly Finding[];
  readonly warnings: readonly Finding[];
}

/** @throws DomainError CHECK_FAILED for what can neither be taken over nor left out: two devices of one name. */
export function withoutErrors(lifted: FabricSnapshot): Checked {
  const refusals = new Map<string, Finding>();
  let snapshot = lifted;
  for (;;) {
    const findings = checkFabric(snapshot);
    const errors = findings.filter(({ severity }) => severity === 'ERROR');
    const [first] = errors;
    if (first === undefined) return { snapshot, refusals: [...refusals.values()], warnings: findings };
    for (const error of errors) refusals.set(`${error.code} ${error.path}`, error);
    const smaller = errors.reduce(withoutSubject, snapshot);
    // Something must go in every round, or there is no end: then the whole device goes, and at last the fault is the caller's.
    const next = sizeOf(smaller) < sizeOf(snapshot) ? smaller : withoutDevices(snapshot, first);
    if (sizeOf(next) >= sizeOf(snapshot)) throw new DomainError('CHECK_FAILED', first.message, { findings: errors });
    snapshot = next;
  }
}

function sizeOf({ networks, attachments, vrfs, sessions, links, devices }: FabricSnapshot): number {
  return (
    networks.length +
    attachments.length +
    vrfs.length +
    sessions.length +
    links.length +
    devices.reduce((sum, { vtep, openvswitch, libvirt }) => sum + [vtep, openvswitch, libvirt].filter((one) => one != null).length, 0)
  );
}

function withoutSubject(snapshot: FabricSnapshot, { path, subjects }: Finding): FabricSnapshot {
  const is = (id: string): boolean => subjects.includes(id);
  const networks = snapshot.networks.filter(({ id, vrfId }) => !is(id) && !(vrfId !== null && is(vrfId)));
  const left = new Set(networks.map(({ id }) => id));
  const onNetwork = <T extends { readonly networkId: (typeof networks)[number]['id'] }>(facts: readonly T[]): readonly T[] =>
    facts.filter(({ networkId }) => left.has(networkId));
  const evis = new Set(networks.map(({ eviId }) => eviId));
  return {
    ...snapshot,
    devices: snapshot.devices.map((device) => withoutSubjects(device, path)),
    networks,
    vrfs: snapshot.vrfs.filter(({ id }) => !is(id)),
    attachments: onNetwork(snapshot.attachments).filter(({ id, port, deviceId }) => !is(id) && !isPortOf(snapshot, path, deviceId, port)),
    vlanMappings: onNetwork(snapshot.vlanMappings),
    routeDistinguishers: snapshot.routeDistinguishers.filter(({ eviId }) => evis.has(eviId)),
    sessions: snapshot.sessions.filter(
      ({ ends: [a, b] }) => path !== `sessions.${a.address}-${b.address}` && path !== `sessions.${b.address}-${a.address}`,
    ),
    links: snapshot.links.filter(
      ({ prefix, ends }) => path !== `links.${prefix}` && !ends.some(({ deviceId, port }) => isPortOf(snapshot, path, deviceId, port)),
    ),
  };
}

/** `devices.kvm1.openvswitch.br0`: the subject goes as a whole. */
function withoutSubjects(device: FabricSnapshot['devices'][number], path: string): FabricSnapshot['devices'][number] {
  const { openvswitch, libvirt, ...plain } = device;
  const is = (subject: string): boolean =>
    path === `devices.${device.slug}.${subject}` || path.startsWith(`devices.${device.slug}.${subject}.`);
  return {
    ...plain,
    ...(openvswitch === undefined || is('openvswitch') ? {} : { openvswitch }),
    ...(libvirt === undefined || is('libvirt') ? {} : { libvirt }),
  };
}

/** `devices.leaf1.ports.Ethernet1`, as findings name ports. */
function isPortOf(snapshot: FabricSnapshot, path: string, deviceId: string, port: string | null): boolean {
  const device = snapshot.devices.find(({ id }) => id === deviceId);
  return port !== null && device !== undefined && path === `devices.${device.slug}.ports.${port}`;
}

/** The devices stay, and nothing that could be written for them. */
function withoutDevices(snapshot: FabricSnapshot, { subjects, path }: Finding): FabricSnapshot {
  const named = snapshot.devices.filter(({ id, slug }) => subjects.includes(id) || path.startsWith(`devices.${slug}`));
  const gone = new Set((named.length > 0 ? named : snapshot.devices).map(({ id }) => id));
  const isGone = ({ deviceId }: { readonly deviceId: (typeof snapshot.devices)[number]['id'] }): boolean => gone.has(deviceId);
  const attachments = snapshot.attachments.filter((one) => !isGone(one));
  const used = new Set(attachments.map(({ networkId }) => networkId));
  return {
    ...snapshot,
    devices: snapshot.devices.map((device) => {
      const { host: _host, openvswitch: _openvswitch, libvirt: _libvirt, ...plain } = device;
      return gone.has(device.id) ? { ...plain, vtep: null, ports: [] } : device;
    }),
    networks: snapshot.networks.filter(({ id }) => used.has(id)),
    attachments,
    vlanMappings: snapshot.vlanMappings.filter((one) => !isGone(one) && used.has(one.networkId)),
    routeDistinguishers: snapshot.routeDistinguishers.filter((one) => !isGone(one)),
    sessions: snapshot.sessions.filter(({ ends }) => !ends.some(isGone)),
    links: snapshot.links.filter(({ ends }) => !ends.some(isGone)),
  };
}
