/** A fabric in which everything holds that Trame demands: what does not, stays with the devices, and is said. */
import { checkFabric, type FabricSnapshot, type Finding } from '#engines/intent';
import { DomainError } from '#engines/kernel';

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
    const smaller = withoutSubjects(snapshot, errors);
    // Something must go in every round, or there is no end: then the whole device goes, and at last the fault is the caller's.
    const next = sizeOf(smaller) < sizeOf(snapshot) ? smaller : withoutDevices(snapshot, first);
    if (sizeOf(next) >= sizeOf(snapshot)) throw new DomainError('CHECK_FAILED', first.message, { findings: errors });
    snapshot = next;
  }
}

function sizeOf({ networks, attachments, vrfs, sessions, links, devices }: FabricSnapshot): number {
  const subjects = devices.flatMap(({ vtep, openvswitch, libvirt }) => [vtep, openvswitch, libvirt].filter((one) => one != null));
  return networks.length + attachments.length + vrfs.length + sessions.length + links.length + subjects.length;
}

type Device = FabricSnapshot['devices'][number];

function withoutSubjects(snapshot: FabricSnapshot, errors: readonly Finding[]): FabricSnapshot {
  const ids = new Set(errors.flatMap(({ subjects }) => subjects));
  const paths = new Set(errors.map(({ path }) => path));
  const slugs = new Map(snapshot.devices.map(({ id, slug }) => [id, slug]));
  const isBadPort = (deviceId: Device['id'], port: string | null): boolean => paths.has(`devices.${slugs.get(deviceId)}.ports.${port}`);
  const networks = snapshot.networks.filter(({ id, vrfId }) => !ids.has(id) && !(vrfId !== null && ids.has(vrfId)));
  const eviOf = new Map(networks.map(({ id, eviId }) => [id, eviId]));
  const shared = withSharedRd(snapshot, paths);
  const isMember = ({
    deviceId,
    networkId,
  }: {
    readonly deviceId: Device['id'];
    readonly networkId: (typeof networks)[number]['id'];
  }): boolean => eviOf.has(networkId) && !shared.has(`${deviceId} ${eviOf.get(networkId)}`);
  const vrfs = snapshot.vrfs.filter(({ id }) => !ids.has(id));
  const evis = new Set<number>([...eviOf.values(), ...vrfs.map(({ eviId }) => eviId)]);
  return {
    ...snapshot,
    devices: snapshot.devices.map((device) => withoutBadSubjects(device, errors)),
    networks,
    vrfs,
    attachments: snapshot.attachments.filter((one) => isMember(one) && !ids.has(one.id) && !isBadPort(one.deviceId, one.port)),
    vlanMappings: snapshot.vlanMappings.filter(isMember),
    routeDistinguishers: snapshot.routeDistinguishers.filter(
      ({ eviId, deviceId }) => evis.has(eviId) && !shared.has(`${deviceId} ${eviId}`),
    ),
    sessions: snapshot.sessions.filter(
      ({ ends: [a, b] }) => !paths.has(`sessions.${a.address}-${b.address}`) && !paths.has(`sessions.${b.address}-${a.address}`),
    ),
    links: snapshot.links.filter(
      ({ prefix, ends }) => !isAbout(paths, `links.${prefix}`) && !ends.some(({ deviceId, port }) => isBadPort(deviceId, port)),
    ),
  };
}

/** A finding may name a part: `links.10.7.9.4/31.mtu`. */
const isAbout = (paths: ReadonlySet<string>, subject: string): boolean =>
  paths.has(subject) || [...paths].some((path) => path.startsWith(`${subject}.`));

/** Of several devices with one RD the first keeps it: `device EVI` of the others. */
function withSharedRd({ routeDistinguishers }: FabricSnapshot, paths: ReadonlySet<string>): ReadonlySet<string> {
  const seen = new Set<string>();
  return new Set(
    routeDistinguishers.flatMap(({ rd, deviceId, eviId }) => {
      if (!paths.has(`routeDistinguishers.${rd}`)) return [];
      const isFirst = !seen.has(rd);
      seen.add(rd);
      return isFirst ? [] : [`${deviceId} ${eviId}`];
    }),
  );
}

/** `devices.kvm1.openvswitch.br0`: the subject goes as a whole. */
function withoutBadSubjects(device: Device, errors: readonly Finding[]): Device {
  const { openvswitch, libvirt, ...plain } = device;
  const is = (subject: string): boolean =>
    errors.some(({ path }) => path === `devices.${device.slug}.${subject}` || path.startsWith(`devices.${device.slug}.${subject}.`));
  return {
    ...plain,
    ...(openvswitch === undefined || is('openvswitch') ? {} : { openvswitch }),
    ...(libvirt === undefined || is('libvirt') ? {} : { libvirt }),
  };
}

/** The devices stay, and nothing that could be written for them. */
function withoutDevices(snapshot: FabricSnapshot, { subjects, path }: Finding): FabricSnapshot {
  const named = snapshot.devices.filter(({ id, slug }) => subjects.includes(id) || path.startsWith(`devices.${slug}.`));
  const gone = new Set((named.length > 0 ? named : snapshot.devices).map(({ id }) => id));
  const isGone = ({ deviceId }: { readonly deviceId: Device['id'] }): boolean => gone.has(deviceId);
  const attachments = snapshot.attachments.filter((one) => !isGone(one));
  const used = new Set(attachments.map(({ networkId }) => networkId));
  const networks = snapshot.networks.filter(({ id }) => used.has(id));
  const evis = new Set<number>([...networks, ...snapshot.vrfs].map(({ eviId }) => eviId));
  return {
    ...snapshot,
    devices: snapshot.devices.map((device) => {
      const { host: _host, openvswitch: _openvswitch, libvirt: _libvirt, ...plain } = device;
      return gone.has(device.id) ? { ...plain, vtep: null, ports: [] } : device;
    }),
    networks,
    attachments,
    vlanMappings: snapshot.vlanMappings.filter((one) => !isGone(one) && used.has(one.networkId)),
    routeDistinguishers: snapshot.routeDistinguishers.filter((one) => !isGone(one) && evis.has(one.eviId)),
    sessions: snapshot.sessions.filter(({ ends }) => !ends.some(isGone)),
    links: snapshot.links.filter(({ ends }) => !ends.some(isGone)),
  };
}
