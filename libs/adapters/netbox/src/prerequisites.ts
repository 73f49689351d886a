/** Objects that have to be there before ours can be: found by their slugs, and made where the settings say so. */
import { z } from 'zod';
import type { InventoryKind, NetBoxSettings } from '#contexts/sync/ports';
import type { NetBoxClient } from './netbox-client.js';
import { otherShape } from './row.js';

const listShape = z.looseObject({ results: z.array(z.looseObject({ id: z.int().positive(), slug: z.string() })) });
const createdShape = z.looseObject({ id: z.int().positive() });

type Role = 'site' | 'role' | 'deviceType' | 'rir';

interface Place {
  readonly path: string;
  readonly what: string;
  body(slug: string, client: NetBoxClient, signal: AbortSignal): Promise<object>;
}

const PLACES: Readonly<Record<Role, Place>> = {
  site: { path: 'dcim/sites', what: 'site', body: async (slug) => ({ name: slug, slug }) },
  role: { path: 'dcim/device-roles', what: 'device role', body: async (slug) => ({ name: slug, slug, color: '9e9e9e' }) },
  deviceType: { path: 'dcim/device-types', what: 'device type', body: deviceTypeBody },
  rir: { path: 'ipam/rirs', what: 'RIR', body: async (slug) => ({ name: slug, slug, is_private: true }) },
};

/** Ids by role; absent: the settings do not name it, or it is not there. */
export type FoundPrerequisites = Readonly<Partial<Record<Role, number>>>;

function wanted({ device, rir }: NetBoxSettings): [Role, string][] {
  const all: [Role, string | undefined][] = [
    ['site', device?.site],
    ['role', device?.role],
    ['deviceType', device?.deviceType],
    ['rir', rir],
  ];
  return all.filter((entry): entry is [Role, string] => entry[1] !== undefined);
}

export async function findPrerequisites(client: NetBoxClient, settings: NetBoxSettings, signal: AbortSignal): Promise<FoundPrerequisites> {
  const found: Partial<Record<Role, number>> = {};
  for (const [role, slug] of wanted(settings)) {
    const id = await idBySlug(client, PLACES[role].path, slug, signal);
    if (id !== null) found[role] = id;
  }
  return found;
}

/** Makes those that are not there. @throws NetBoxError. */
export async function makePrerequisites(client: NetBoxClient, settings: NetBoxSettings, signal: AbortSignal): Promise<void> {
  const found = await findPrerequisites(client, settings, signal);
  for (const [role, slug] of wanted(settings)) {
    const { path, body } = PLACES[role];
    if (found[role] === undefined) await create(client, path, await body(slug, client, signal), signal);
  }
}

/** How many of those that the settings name are not there and are to be made. */
export const missingOf = (settings: NetBoxSettings, found: FoundPrerequisites): number =>
  settings.createMissing === true ? wanted(settings).filter(([role]) => found[role] === undefined).length : 0;

/** Why a kind is left alone, in words; undefined: it is not. */
export function lackOf(kind: InventoryKind, settings: NetBoxSettings, found: FoundPrerequisites): string | undefined {
  const missing = wanted(settings).filter(([role]) => found[role] === undefined && settings.createMissing !== true);
  const absent = (roles: readonly Role[]): string | undefined => {
    const words = missing.filter(([role]) => roles.includes(role)).map(([role, slug]) => `${PLACES[role].what} ${slug}`);
    return words.length === 0 ? undefined : `NetBox has no ${words.join(' and no ')}: make it there, or let the settings say createMissing`;
  };
  if (kind === 'asn') return settings.rir === undefined ? 'the settings name no RIR (rir), and NetBox wants one' : absent(['rir']);
  if (kind !== 'device' && kind !== 'interface') return undefined;
  if (!settings.device) return 'the settings name no role and type of devices (device.role, device.deviceType), and NetBox wants them';
  return absent(['site', 'role', 'deviceType']);
}

async function idBySlug(client: NetBoxClient, path: string, slug: string, signal: AbortSignal): Promise<number | null> {
  const query = [['slug', slug] as const, ['fields', 'id,slug'] as const, ['limit', '10'] as const];
  const parsed = listShape.safeParse((await client.get(path, query, signal)).json);
  if (!parsed.success) throw otherShape(`GET /api/${path}/`, 'results');
  return parsed.data.results.find((one) => one.slug === slug)?.id ?? null;
}

async function create(client: NetBoxClient, path: string, body: object, signal: AbortSignal): Promise<number> {
  const parsed = createdShape.safeParse((await client.send({ method: 'POST', path, body }, signal)).json);
  if (!parsed.success) throw otherShape(`POST /api/${path}/`, 'id');
  return parsed.data.id;
}

/** A type is of a manufacturer; ours are of `generic`. */
async function deviceTypeBody(slug: string, client: NetBoxClient, signal: AbortSignal): Promise<object> {
  const path = 'dcim/manufacturers';
  const manufacturer =
    (await idBySlug(client, path, 'generic', signal)) ?? (await create(client, path, { name: 'Generic', slug: 'generic' }, signal));
  return { manufacturer, model: slug, slug };
}
