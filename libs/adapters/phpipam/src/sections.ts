/** The sections that are kept: found by name or id, and made where the settings say so. Whoever may write may make one; no administrator is asked for. */
import type { PhpIpamSettings } from '#contexts/sync/ports';
import type { PhpIpamClient } from './phpipam-client.js';
import { isPhpIpamError, PhpIpamError } from './phpipam-error.js';
import { numberOf, type Row, textOf } from './row.js';

/** phpIPAM makes none of a shorter name. */
const SHORTEST = 3;

interface Found {
  /** In the order of the settings, each once. */
  readonly ids: readonly number[];
  /** Not there, and to be made. */
  readonly missing: readonly string[];
}

export class Sections {
  private known: Found | null = null;

  constructor(
    private readonly client: PhpIpamClient,
    private readonly settings: Pick<PhpIpamSettings, 'sections' | 'createMissing'>,
  ) {}

  /**
   * Those that are there, in the order of the settings. @param isAsked again: one that went would look empty.
   * @throws PhpIpamError PHPIPAM_NO_SECTION where one is not there, and is not to be made.
   */
  async ids(signal: AbortSignal, isAsked = false): Promise<readonly number[]> {
    if (this.known === null || isAsked) this.known = await this.find(signal);
    return this.known.ids;
  }

  /** Of those that were found last. */
  warnings(): readonly string[] {
    return (this.known?.missing ?? []).map((name) => `there is no section ${name}: it is made before the first write`);
  }

  /** Changes nothing where all are there. @throws PhpIpamError PHPIPAM_NO_SECTION where phpIPAM makes none. */
  async makeMissing(signal: AbortSignal): Promise<void> {
    const { missing } = (this.known ??= await this.find(signal));
    for (const name of missing) await this.make(name, signal);
    if (missing.length > 0) await this.ids(signal, true);
  }

  /** An answer that was lost, and somebody else who was faster, leave one of the name: names are unique. */
  private async make(name: string, signal: AbortSignal): Promise<void> {
    try {
      await this.client.send('POST', '/sections/', { name, description: 'Kept right by Trame' }, signal);
    } catch (error) {
      if (!isPhpIpamError(error, 'PHPIPAM_REFUSED', 'PHPIPAM_FORBIDDEN', 'PHPIPAM_NO_ANSWER')) throw error;
      if (!(await this.find(signal)).missing.includes(name)) return;
      if (error.code === 'PHPIPAM_NO_ANSWER') throw error;
      const words = `there is no section ${name}, and none was made (${error.facts.words}): make it there, Administration → Sections`;
      throw new PhpIpamError('PHPIPAM_NO_SECTION', { call: 'POST /sections/', words, retriable: false });
    }
  }

  private async find(signal: AbortSignal): Promise<Found> {
    const rows = await this.client.rows('/sections/', {}, signal);
    const all = this.settings.sections.map((name) => ({ name, id: idOf(rows, name) }));
    for (const { name, id } of all) if (id === null && !this.mayBeMade(name)) throw absent(rows, name);
    return {
      ids: [...new Set(all.flatMap(({ id }) => (id === null ? [] : [id])))],
      missing: [...new Set(all.flatMap(({ name, id }) => (id === null ? [name] : [])))],
    };
  }

  /** A number is an id, and those are given there. */
  private mayBeMade(name: string): boolean {
    return this.settings.createMissing === true && [...name].length >= SHORTEST && !/^\d+$/.test(name);
  }
}

function idOf(rows: readonly Row[], name: string): number | null {
  const row = rows.find((one) => textOf(one, 'name') === name) ?? rows.find((one) => textOf(one, 'id') === name);
  return (row && numberOf(row, 'id')) ?? null;
}

function absent(rows: readonly Row[], name: string): PhpIpamError {
  const there = rows.map((one) => textOf(one, 'name') ?? '').join(', ');
  const words = `there is no section ${name}; there are ${there === '' ? 'none that this app may see' : there}`;
  return new PhpIpamError('PHPIPAM_NO_SECTION', { call: 'GET /sections/', words, retriable: false });
}
