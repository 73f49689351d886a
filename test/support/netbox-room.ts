// NetBox of the lab and its adapter, side by side, for tests of what the one makes of the other.
import { NetBoxInventory, type NetBoxSettings } from '#adapters/netbox';
import type { ForeignObject, ForeignWrite, InventoryKind, WriteOutcome } from '#contexts/sync/ports';
import type { Fields } from '#engines/reconcile';
import {
  type JsonObject,
  type NetBoxRelease,
  type NetBoxSimulator,
  type NetBoxSimulatorOptions,
  type RequestLine,
  startNetBoxSimulator,
} from '../../apps/lab/src/netbox-simulator/index.js';

export const { signal } = new AbortController();
export const ALL: NetBoxSettings = { device: { role: 'leaf', deviceType: 'vtep', site: 'par1' }, rir: 'private', createMissing: true };

const TYPES = ['ipam.vrf', 'ipam.vlan', 'ipam.vlangroup', 'ipam.prefix', 'ipam.iprange', 'ipam.ipaddress', 'ipam.routetarget'].concat([
  'tenancy.tenant',
  'vpn.l2vpn',
  'vpn.l2vpntermination',
]);

const running: NetBoxSimulator[] = [];
/** After each test. */
export async function closeRooms(): Promise<void> {
  for (const simulator of running.splice(0)) await simulator.close();
}

/** A NetBox that nothing was done in. */
export async function bare(version: NetBoxRelease): Promise<NetBoxSimulator> {
  const netbox = await startNetBoxSimulator({ version });
  running.push(netbox);
  return netbox;
}

export interface Room {
  readonly netbox: NetBoxSimulator;
  readonly inventory: NetBoxInventory;
}

/** Another connector to it. */
export function connect(
  netbox: NetBoxSimulator,
  options: { settings?: NetBoxSettings; token?: string; name?: string; writeMs?: number } = {},
): NetBoxInventory {
  const { settings = {}, token = netbox.token, name = 'netbox', writeMs = 20_000 } = options;
  return new NetBoxInventory({ name, url: netbox.url, token, settings, timing: { readMs: 20_000, writeMs, againMs: 2 } });
}

export async function start(version: NetBoxRelease, options: NetBoxSimulatorOptions = {}, settings: NetBoxSettings = {}): Promise<Room> {
  const netbox = await startNetBoxSimulator({ version, ...options });
  running.push(netbox);
  const inventory = connect(netbox, { settings });
  if (settings.createMissing) await inventory.prepare(signal);
  else prepared(netbox);
  return { netbox, inventory };
}

/** As `prepare()` leaves it; sooner. */
function prepared(netbox: NetBoxSimulator): void {
  const field = { name: 'trame_id', type: 'text', unique: true, filter_logic: 'exact', object_types: TYPES };
  netbox.state.seed('extras/custom-fields', [field]);
  netbox.state.seed('extras/tags', [
    { name: 'managed-by-trame', slug: 'managed-by-trame' },
    { name: 'trame-deprecated', slug: 'trame-deprecated' },
  ]);
}

export const ref = (kind: InventoryKind, { remoteId }: ForeignObject) => ({ kind, id: `~${remoteId}` });
export const create = (mark: string, fields: Fields): ForeignWrite => ({ verb: 'CREATE', mark, fields });
export const update = ({ remoteId, version }: ForeignObject, fields: Fields): ForeignWrite => ({
  verb: 'UPDATE',
  remoteId,
  version,
  fields,
});
export const drop = ({ remoteId, version }: ForeignObject, mark: string): ForeignWrite => ({ verb: 'DELETE', remoteId, version, mark });

export function doneOf(outcome: WriteOutcome | undefined): ForeignObject {
  if (outcome && 'done' in outcome && outcome.done) return outcome.done;
  throw new Error(`not done: ${JSON.stringify(outcome)}`);
}

export async function made({ inventory }: Room, kind: InventoryKind, mark: string, fields: Fields): Promise<ForeignObject> {
  return doneOf((await inventory.write(kind, [create(mark, fields)], signal))[0]);
}

export async function scanned(inventory: NetBoxInventory, kind: InventoryKind): Promise<ForeignObject[]> {
  const all: ForeignObject[] = [];
  for (let after: string | null = null; ; ) {
    const page = await inventory.scan(kind, after, signal);
    all.push(...page.objects);
    if (page.next === null) return all;
    after = page.next;
  }
}

export async function one({ inventory }: Room, kind: InventoryKind, remoteId: string): Promise<ForeignObject> {
  const [found] = await inventory.get(kind, [remoteId], signal);
  if (!found) throw new Error(`there is no ${kind} ${remoteId}`);
  return found;
}

export const stored = ({ netbox }: Room, path: string, remoteId: string) =>
  netbox.state.objects(path).find(({ id }) => String(id) === remoteId) ?? { values: {} as JsonObject, tags: [], custom: {} as JsonObject };
export const written = ({ netbox }: Room): string[] => netbox.requests.filter((line) => !line.startsWith('GET '));
export const to =
  (method: string, path: string) =>
  (request: RequestLine): boolean =>
    request.method === method && request.path.startsWith(`/api/${path}/`);
export const without = (row: JsonObject, column: string): JsonObject =>
  Object.fromEntries(Object.entries(row).filter(([name]) => name !== column));
export const tag = (room: Room, slug: string): void => void room.netbox.state.seed('extras/tags', [{ name: slug, slug }]);
