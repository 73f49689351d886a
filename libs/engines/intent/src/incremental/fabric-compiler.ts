import type { DeviceId, Vni } from '#engines/kernel';
import { checkFabric } from '../check-fabric.js';
import { compileDevice, compileIndex } from '../compile-fabric.js';
import { sessionsByDevice } from '../compile-underlay.js';
import type { DeviceIntent, FabricIntent } from '../device-intent.js';
import { FabricIndex } from '../fabric-index.js';
import { groupBy } from '../group-by.js';
import type { DeviceFacts, FabricSnapshot } from '../snapshot.js';
import { excerpt, isFollowable, isPlain } from './excerpt.js';
import { fabricChange, type FabricChange } from './fabric-change.js';
import type { Kept } from './kept.js';
import { isSame } from './list-difference.js';

interface Compiled {
  readonly index: FabricIndex;
  readonly intent: FabricIntent;
}

/**
 * Compiles one fabric again and again. What is asked is `compileFabric`, and equal to it in everything: devices for which nothing is another
 * are the same objects as before, so that whoever works on them can tell by identity.
 *
 * Nothing is taken over that was not compared: each snapshot is held against the last one, fact by fact, by identity where the reader of the
 * snapshot kept it and by content otherwise. Where more than networks and their places is another, everything is compiled.
 */
export class FabricCompiler {
  private last: Compiled | undefined;

  /** @throws DomainError CHECK_FAILED, as `compileFabric`. */
  compile(snapshot: FabricSnapshot): FabricIntent {
    const { last } = this;
    this.last = undefined; // An index that is half way between two snapshots is of no use to anybody.
    const compiled = (last && follow(last, snapshot)) ?? whole(snapshot);
    this.last = compiled;
    return compiled.intent;
  }
}

function whole(snapshot: FabricSnapshot): Compiled {
  const index = new FabricIndex(snapshot);
  return { index, intent: compileIndex(index) };
}

/** Undefined where the change is none that can be followed, or brings an error: then the whole says which. */
function follow({ index: before, intent }: Compiled, snapshot: FabricSnapshot): Compiled | undefined {
  const change = fabricChange(before.snapshot, snapshot);
  if (!change || !isFollowable(before, snapshot, change)) return undefined;
  const concerned = devicesOf(before, change);
  const index = new FabricIndex(snapshot, { index: before, change });
  if (!index.isExact) return undefined;
  for (const id of devicesOf(index, change)) concerned.add(id);
  if (checkFabric(excerpt(index, change)).some(({ severity }) => severity === 'ERROR')) return undefined;
  return { index, intent: { revision: snapshot.revision, devices: devices(before, index, intent, change, concerned) } };
}

/** Where changed networks are, and where a VRF of theirs is. */
function devicesOf(index: FabricIndex, change: FabricChange): Set<DeviceId> {
  const vrfs = [...change.vrfs].flatMap((id) => [...(index.membersOfVrf.get(id) ?? [])]);
  return new Set([...change.devices, ...change.places.map(({ deviceId }) => deviceId), ...vrfs]);
}

function devices(
  before: FabricIndex,
  index: FabricIndex,
  intent: FabricIntent,
  change: FabricChange,
  concerned: ReadonlySet<DeviceId>,
): readonly DeviceIntent[] {
  const sessions = sessionsByDevice(index.snapshot);
  // Network by network: two that exchange their VNIs have the same ones together, and each port says which is whose.
  const hasSameNumbers = [...change.networks].every((id) => before.network.get(id)?.vni === index.network.get(id)?.vni);
  const kept = {
    vnis: new Set([before, index].flatMap((one) => vnisOf(one, change))),
    vrfs: new Set([...change.vrfs].flatMap((id) => index.vrf.get(id)?.deviceName ?? [])),
  };
  const places = groupBy(change.places, ({ deviceId }) => deviceId);
  const compile = (device: DeviceFacts, last: DeviceIntent): DeviceIntent => {
    if (!isPlain(device)) return merged(last, compileDevice(index, sessions, device));
    if (!concerned.has(device.id)) return last;
    const hasSamePlaces = hasSameNumbers && !change.devices.has(device.id);
    const networks = (places.get(device.id) ?? []).map(({ networkId }) => networkId);
    return merged(last, compileDevice(index, sessions, device, { ...kept, networks, intent: last, hasSamePlaces } satisfies Kept));
  };
  return intent.devices.map((last) => compile(index.device.get(last.deviceId) as DeviceFacts, last));
}

const vnisOf = ({ network }: FabricIndex, { networks }: FabricChange): Vni[] => [...networks].flatMap((id) => network.get(id)?.vni ?? []);

/** The intent of before where it says the same, and parts of it that do. */
function merged(before: DeviceIntent, made: DeviceIntent): DeviceIntent {
  const parts = Object.entries(made) as [keyof DeviceIntent, unknown][];
  const same = parts.filter(([part, value]) => isSame(before[part], value));
  if (same.length === parts.length && parts.length === Object.keys(before).length) return before;
  return { ...made, ...Object.fromEntries(same.map(([part]) => [part, before[part]])) };
}
