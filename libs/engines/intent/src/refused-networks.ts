/**
 * Which networks a fabric that cannot be built has to do without: one that somebody ordered must not keep all the others from their devices.
 * Whoever was there first stays.
 */
import type { NetworkId } from '#engines/kernel';
import { checkFabric } from './check-fabric.js';
import type { Finding } from './finding.js';
import type { FabricSnapshot } from './snapshot.js';

/**
 * @param candidates networks that may go, the oldest first.
 * @returns those that the rest can do without an error only if they are gone, each with what the checks say of it; none where the fabric has errors
 * without all of the candidates, too.
 */
export function refusedNetworks(snapshot: FabricSnapshot, candidates: readonly NetworkId[]): ReadonlyMap<NetworkId, Finding> {
  const errors = errorsOf(snapshot);
  if (errors.length === 0) return new Map();
  const here = new Set(snapshot.networks.map(({ id }) => id));
  const present = candidates.filter((id) => here.has(id));
  // A whole fabric takes its time to check: mostly an error says whom it is about.
  const named = namedIn(snapshot, errors);
  for (const suspects of [present.filter((id) => named.has(id)), present]) {
    if (suspects.length === 0 || errorsOf(without(snapshot, suspects)).length > 0) continue;
    const refused = new Map<NetworkId, Finding>();
    addBack(snapshot, suspects, refused, new Set(suspects), errors);
    return refused;
  }
  return new Map();
}

/** Halves until one is left. @param out who is not in the fabric at present; together with `suspects` it has `errors`. */
function addBack(
  snapshot: FabricSnapshot,
  suspects: readonly NetworkId[],
  refused: Map<NetworkId, Finding>,
  out: Set<NetworkId>,
  errors: readonly Finding[],
): void {
  const [only, ...others] = suspects;
  if (only === undefined) return;
  if (others.length === 0) {
    refused.set(only, errors.find(({ subjects }) => subjects.includes(only)) ?? (errors[0] as Finding));
    return;
  }
  const middle = suspects.length >> 1;
  for (const half of [suspects.slice(0, middle), suspects.slice(middle)]) {
    for (const id of half) out.delete(id);
    const found = errorsOf(without(snapshot, [...out]));
    if (found.length === 0) continue;
    for (const id of half) out.add(id);
    addBack(snapshot, half, refused, out, found);
  }
}

const errorsOf = (snapshot: FabricSnapshot): Finding[] => checkFabric(snapshot).filter(({ severity }) => severity === 'ERROR');

function without(snapshot: FabricSnapshot, ids: readonly NetworkId[]): FabricSnapshot {
  const gone = new Set(ids);
  const isHere = ({ networkId }: { readonly networkId: NetworkId }): boolean => !gone.has(networkId);
  const evis = new Set(snapshot.networks.flatMap(({ id, eviId }) => (gone.has(id) ? [eviId] : [])));
  return {
    ...snapshot,
    networks: snapshot.networks.filter(({ id }) => !gone.has(id)),
    attachments: snapshot.attachments.filter(isHere),
    vlanMappings: snapshot.vlanMappings.filter(isHere),
    routeDistinguishers: snapshot.routeDistinguishers.filter(({ eviId }) => !evis.has(eviId)),
  };
}

/** By name, by place, or by VRF. */
function namedIn({ networks, attachments }: FabricSnapshot, errors: readonly Finding[]): ReadonlySet<NetworkId> {
  const subjects = new Set(errors.flatMap((error) => error.subjects));
  return new Set([
    ...networks.filter(({ id, vrfId }) => subjects.has(id) || (vrfId !== null && subjects.has(vrfId))).map(({ id }) => id),
    ...attachments.filter(({ id, deviceId }) => subjects.has(id) || subjects.has(deviceId)).map(({ networkId }) => networkId),
  ]);
}
