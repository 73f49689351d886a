import { z } from 'zod';
import { INVENTORY_KINDS, type InventoryKind, type NetBoxSettings } from '#contexts/sync/ports';
import type { Body } from './field-codecs.js';
import { type KindCodec, KINDS } from './kinds.js';
import { findMarkField } from './marking.js';
import type { NetBoxClient } from './netbox-client.js';
import { isNetBoxError, NetBoxError } from './netbox-error.js';
import { findPrerequisites, type FoundPrerequisites, lackOf, missingOf } from './prerequisites.js';
import { NetBoxRelease } from './release.js';
import { otherShape } from './row.js';

/** A kind as this NetBox has it. */
export interface KnownKind {
  readonly kind: InventoryKind;
  readonly codec: KindCodec;
  /** Names of the fields that are compared. */
  readonly fields: readonly string[];
  /** Our custom field is there for it. */
  readonly isMarkable: boolean;
  /** What NetBox wants of a new one beside the fields. */
  readonly newBody: Body;
}

export interface Probed {
  readonly release: NetBoxRelease;
  readonly kinds: ReadonlyMap<InventoryKind, KnownKind>;
  readonly lacking: ReadonlyMap<InventoryKind, string>;
  /** How many of the objects that the settings name are to be made. */
  readonly missing: number;
}

const statusShape = z.looseObject({ 'netbox-version': z.string() });

/** Reads only. @throws NETBOX_RELEASE with what is accepted; NETBOX_NOT_PREPARED: the custom field is something else. */
export async function probeNetBox(client: NetBoxClient, settings: NetBoxSettings, signal: AbortSignal): Promise<Probed> {
  client.pinRelease(null);
  const status = statusShape.safeParse((await client.get('status', [], signal).catch(noNetBox)).json);
  if (!status.success) throw otherShape('GET /api/status/', 'netbox-version');
  const release = NetBoxRelease.parse(status.data['netbox-version']);
  client.pinRelease(release.api);

  const field = await findMarkField(client, signal);
  const found = await findPrerequisites(client, settings, signal);
  const kinds = new Map<InventoryKind, KnownKind>();
  const lacking = new Map<InventoryKind, string>();
  for (const kind of INVENTORY_KINDS) {
    const lack = lackOf(kind, settings, found);
    if (lack !== undefined) {
      lacking.set(kind, lack);
      continue;
    }
    const codec = KINDS[kind];
    const isMarkable = field?.objectTypes.includes(codec.objectType) ?? false;
    const fields = Object.keys(codec.fields).filter((name) => isThere(kind, name, release, settings, lacking));
    kinds.set(kind, { kind, codec, fields, isMarkable, newBody: newBody(kind, settings, found) });
  }
  return { release, kinds, lacking, missing: missingOf(settings, found) };
}

/** Every NetBox has a status: where it is not found, the address is another one's, or lacks the path that NetBox is under. */
function noNetBox(error: unknown): never {
  if (!isNetBoxError(error) || error.facts.status !== 404) throw error;
  const words = `${error.facts.words}: no NetBox answers there; the address of the connector is all that stands before /api, with the path that NetBox is under (https://tools.example/netbox)`;
  throw new NetBoxError(error.code, { ...error.facts, words });
}

function isThere(
  kind: InventoryKind,
  field: string,
  release: NetBoxRelease,
  settings: NetBoxSettings,
  lacking: ReadonlyMap<InventoryKind, string>,
): boolean {
  if (kind === 'device' && field === 'site' && settings.device?.site !== undefined) return false;
  if (kind === 'ipAddress' && field === 'interface' && lacking.has('interface')) return false;
  return release.has(KINDS[kind].fields[field]?.since ?? 0);
}

function newBody(kind: InventoryKind, settings: NetBoxSettings, { site, role, deviceType, rir }: FoundPrerequisites): Body {
  if (kind === 'l2vpn') return { type: settings.l2vpnType ?? 'vxlan-evpn' };
  if (kind === 'interface') return { type: settings.interfaceType ?? 'virtual' };
  if (kind === 'asn') return { rir };
  if (kind === 'device') return { role, device_type: deviceType, ...(site === undefined ? {} : { site }) };
  return {};
}
