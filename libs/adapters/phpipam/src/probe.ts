/** What a phpIPAM is: its release, and whether the column for marks is in each table. It can be read by the API, and made only by a person. */
import type { ForeignCapabilities, InventoryKind } from '#contexts/sync/ports';
import { z } from 'zod';
import { KINDS, PHPIPAM_KINDS, type PhpIpamKind } from './kinds.js';
import { MARK_CHARACTERS } from './mark-text.js';
import type { PhpIpamClient } from './phpipam-client.js';
import { isPhpIpamError, PhpIpamError } from './phpipam-error.js';
import type { Row } from './row.js';

/** Fixes ways around the login and the read-only setting of the API. */
const RECOMMENDED = [1, 8, 2];
const OLDEST = [1, 5, 0];
/** What an administrator is told to make: a little more than is needed. */
const COLUMN_CHARACTERS = 128;
/** Kinds that an object refers to where it belongs to something else without them. */
const NEEDS: Readonly<Partial<Record<PhpIpamKind, PhpIpamKind>>> = { vlan: 'vlanGroup', prefix: 'vrf', ipAddress: 'vrf' };
/** The web interface has a form for these; for the others there is only the database. */
const IN_FORMS: Readonly<Partial<Record<PhpIpamKind, string>>> = { vrf: 'VRF', vlan: 'VLAN', prefix: 'subnet', ipAddress: 'IP address' };

const Columns = z.record(z.string(), z.object({ type: z.string() }));

export type Lacking = ReadonlyMap<InventoryKind, string>;

/** @throws PhpIpamError PHPIPAM_VERSION where it is older than what is spoken. */
export async function probeRelease(client: PhpIpamClient, signal: AbortSignal): Promise<Pick<ForeignCapabilities, 'version' | 'warnings'>> {
  const version = releaseOn(await client.loginPage(signal));
  const numbers = version === null ? null : version.split('.').map(Number);
  if (numbers !== null && isBefore(numbers, OLDEST)) {
    const words = `it is ${version}; 1.5 and later are spoken, 1.8.2 and later are safe`;
    throw new PhpIpamError('PHPIPAM_VERSION', { call: 'GET /index.php?page=login', words, retriable: false });
  }
  return { version: version ?? 'unknown', warnings: warningsOf(version, numbers) };
}

/** Kinds that cannot be kept, and in words what an administrator has to do for them. */
export async function probeColumns(client: PhpIpamClient, column: string, signal: AbortSignal): Promise<Lacking> {
  const lacking = new Map<InventoryKind, string>();
  for (const kind of PHPIPAM_KINDS) {
    const needed = NEEDS[kind];
    const lack = await lackOf(client, kind, column, signal);
    if (lack !== null) lacking.set(kind, lack);
    else if (needed !== undefined && lacking.has(needed)) lacking.set(kind, `it is not kept without ${KINDS[needed].table}`);
  }
  return lacking;
}

export function kindsWithout(lacking: Lacking): ForeignCapabilities['kinds'] {
  return new Map(PHPIPAM_KINDS.filter((kind) => !lacking.has(kind)).map((kind) => [kind, fieldsOf(kind, lacking)] as const));
}

/** References to what is not kept would never be equal. */
function fieldsOf(kind: PhpIpamKind, lacking: Lacking): readonly string[] {
  const hidden = ['tenant', 'vlan'].filter((field) => lacking.has(field as PhpIpamKind));
  return Object.keys(KINDS[kind].fields).filter((field) => !hidden.includes(field));
}

/** In the footer, or where themes have taken that away, behind the scripts: `?v=1.8.2_r002_v46`. */
export function releaseOn(page: string): string | null {
  return /phpIPAM IP address management\s*\[v(\d+(?:\.\d+)+)\]/.exec(page)?.[1] ?? /\?v=(\d+\.\d+(?:\.\d+)*)/.exec(page)?.[1] ?? null;
}

function isBefore(numbers: readonly number[], other: readonly number[]): boolean {
  const at = other.findIndex((value, index) => (numbers[index] ?? 0) !== value);
  return at >= 0 && (numbers[at] ?? 0) < (other[at] ?? 0);
}

function warningsOf(version: string | null, numbers: readonly number[] | null): readonly string[] {
  if (numbers === null) return ['its page of the login does not say which release it is; 1.8.2 or later is needed to be safe'];
  return isBefore(numbers, RECOMMENDED) ? [`it is ${version}: before 1.8.2 the login of the API can be got around, update it`] : [];
}

/** @returns in words what an administrator has to do; null: nothing. */
async function lackOf(client: PhpIpamClient, kind: PhpIpamKind, column: string, signal: AbortSignal): Promise<string | null> {
  const characters = kind === 'tenant' ? await customerColumn(client, column, signal) : await columnOf(client, kind, column, signal);
  if (characters !== null && characters >= MARK_CHARACTERS) return null;
  const { table } = KINDS[kind];
  const verb = characters === null ? 'ADD' : 'MODIFY';
  const sql = `ALTER TABLE ${table} ${verb} ${column} VARCHAR(${COLUMN_CHARACTERS}) NULL;`;
  const what =
    characters === null ? `table ${table} has no column ${column}` : `column ${column} of table ${table} has ${characters} characters`;
  const form = IN_FORMS[kind];
  // Forms put `custom_` before the name.
  const byForm = `Administration → Custom fields → Custom ${form} fields: ${column.replace(/^custom_/, '')}, varchar, ${COLUMN_CHARACTERS}, not required; or `;
  return `${what}. ${form === undefined ? '' : byForm}in the database: ${sql}`;
}

/** Its characters; null: it is not there. */
async function columnOf(client: PhpIpamClient, kind: PhpIpamKind, column: string, signal: AbortSignal): Promise<number | null> {
  const row: Row | null = await client.row(`${KINDS[kind].path}custom_fields/`, signal);
  const columns = Columns.safeParse(row ?? {});
  const type = columns.success ? columns.data[column]?.type : undefined;
  return type === undefined ? null : charactersOf(type);
}

const charactersOf = (type: string): number => {
  const size = /^varchar\((\d+)\)/i.exec(type)?.[1];
  return size === undefined ? (/text/i.test(type) ? Number.MAX_SAFE_INTEGER : 0) : Number(size);
};

/**
 * Of customers the columns cannot be read. A row shows them; without a row, a change of customer 0, which there never is, is refused for its key
 * where there is no such column, and else for its id. Nothing is changed either way.
 */
async function customerColumn(client: PhpIpamClient, column: string, signal: AbortSignal): Promise<number | null> {
  const [row] = await client.rows(KINDS.tenant.path, {}, signal);
  if (row !== undefined) return column in row ? COLUMN_CHARACTERS : null;
  try {
    await client.send('PATCH', `${KINDS.tenant.path}0/`, { [column]: 'probe' }, signal);
  } catch (error) {
    if (isPhpIpamError(error, 'PHPIPAM_NOT_PREPARED')) return null;
    // Who may only read cannot ask; nothing is written then, either.
    if (!isPhpIpamError(error, 'PHPIPAM_REFUSED', 'PHPIPAM_FORBIDDEN')) throw error;
  }
  return COLUMN_CHARACTERS;
}
