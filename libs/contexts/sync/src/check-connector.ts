import { invalidValue, Slug } from '#engines/kernel';
import type { Authority } from '#engines/reconcile';
import { atPath } from '#platform';
import { parseDnsSettings } from './dns/dns-settings.js';
import { parseServerUrl } from './dns/server-url.js';
import { parseZone } from './dns/zone-name.js';
import type { ConnectorKind, ConnectorSettings, FieldPolicy } from './domain/connector.js';
import { DEFAULT_RULES, INVENTORY_KINDS, type InventoryKind, NATURAL_KEY } from './inventory/kinds.js';
import { TAKEN_OVER } from './inventory/taken-over.js';
import { parseNetBoxSettings, parsePhpIpamSettings } from './ports/index.js';

/** What is said is refused when it is said: a worker would only say it later. */
const SETTINGS_OF: Readonly<Record<ConnectorKind, (given: Readonly<Record<string, unknown>>) => unknown>> = {
  NETBOX: parseNetBoxSettings,
  PHPIPAM: parsePhpIpamSettings,
  POWERDNS: parseDnsSettings,
};
const PIN = /^[A-Za-z0-9+/]{43}=$/;
const AUTHORITIES: readonly Authority[] = ['US', 'THEM', 'LAST_WRITER_WITH_REVIEW', 'IGNORE'];

/** @returns the same in canonical form. @throws DomainError INVALID_VALUE with what would have been accepted. */
export function checkConnector<S extends ConnectorSettings>(kind: ConnectorKind, settings: S): S {
  const { slug, url, graceSeconds, scanEverySeconds, tlsPins, authority, zones, ttlSeconds } = settings;
  if (url !== undefined && !isUrl(url)) refuse('url', url, 'an absolute http or https URL without user and password');
  if (kind === 'POWERDNS' && url !== undefined) atPath(['url'], () => parseServerUrl(url));
  if (graceSeconds !== undefined) inRange('graceSeconds', graceSeconds, 0, 31_536_000);
  if (scanEverySeconds !== undefined) inRange('scanEverySeconds', scanEverySeconds, 60, 2_592_000);
  if (ttlSeconds !== undefined) inRange('ttlSeconds', ttlSeconds, 1, 604_800);
  for (const pin of tlsPins ?? []) if (!PIN.test(pin)) refuse('tlsSpkiSha256', pin, 'SHA-256 of a public key, 44 characters of base64');
  if (authority !== undefined) checkAuthority(kind, authority);
  if (kind !== 'POWERDNS' && zones !== undefined && zones.length > 0) refuse('zones', zones, 'zones only for a name server');
  const given = settings.settings;
  if (given !== undefined) atPath(['settings'], () => SETTINGS_OF[kind](given));
  return {
    ...settings,
    ...(slug === undefined ? {} : { slug: atPath(['slug'], () => Slug.parse(slug)) }),
    ...(zones === undefined ? {} : { zones: atPath(['zones'], () => zones.map(parseZone)) }),
  };
}

function checkAuthority(connector: ConnectorKind, authority: FieldPolicy): void {
  const kinds = Object.entries(authority);
  if (connector === 'POWERDNS' && kinds.length > 0)
    refuse('authority', kinds.map(([kind]) => kind).join(', '), 'rules only for an inventory');
  for (const [kind, fields] of kinds) {
    if (!isKind(kind)) refuse('authority', kind, INVENTORY_KINDS.join(', '));
    const known = Object.keys(DEFAULT_RULES[kind]);
    const takenOver = TAKEN_OVER[kind] ?? [];
    const leftAlone = leftAloneOf(kind);
    for (const [field, owner] of Object.entries(fields)) {
      if (!known.includes(field)) refuse('authority', field, `of ${kind} ${known.join(', ')}`);
      if (!AUTHORITIES.includes(owner)) refuse('authority', owner, AUTHORITIES.join(', '));
      // What is said there could not be taken over: it would be refused in every run.
      const isPossible = owner === 'US' || (owner === 'IGNORE' ? leftAlone : takenOver).includes(field);
      if (!isPossible)
        refuse(
          'authority',
          `${kind}.${field}=${owner}`,
          `${kind}.${field}=US; ${othersOf(kind, takenOver)}; ${ignoredOf(kind, leftAlone)}`,
        );
    }
  }
}

const othersOf = (kind: string, takenOver: readonly string[]): string =>
  takenOver.length === 0
    ? `of ${kind} nothing is taken over`
    : `of ${kind} ${takenOver.join(' and ')} may be THEM or LAST_WRITER_WITH_REVIEW`;

const isKind = (kind: string): kind is InventoryKind => INVENTORY_KINDS.includes(kind as InventoryKind);

/** By its natural key an object is known again, and a guarded field means something to every device: neither is nobody's. */
const leftAloneOf = (kind: InventoryKind): string[] =>
  Object.entries(DEFAULT_RULES[kind]).flatMap(([field, { isGuarded }]) =>
    isGuarded === true || NATURAL_KEY[kind].includes(field) ? [] : [field],
  );

const ignoredOf = (kind: string, leftAlone: readonly string[]): string =>
  leftAlone.length === 0 ? `of ${kind} nothing may be IGNORE` : `of ${kind} ${leftAlone.join(', ')} may be IGNORE`;

function isUrl(text: string): boolean {
  return /^https?:\/\/[^\s/@?#]+(?:\/[^\s?#]*)?$/.test(text) && URL.canParse(text);
}

function inRange(field: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) refuse(field, value, `a number from ${least} to ${most}`);
}

function refuse(field: string, value: unknown, accepted: string): never {
  return atPath([field], () => {
    throw invalidValue(field, value, accepted);
  });
}
