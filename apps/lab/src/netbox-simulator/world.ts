import type { ChoiceSets } from './choices.js';
import type { Database } from './database.js';
import type { Json } from './json.js';
import type { Kind } from './kind.js';
import type { Release } from './release.js';

export interface Settings {
  /** ENFORCE_GLOBAL_UNIQUE */
  readonly enforceGlobalUnique: boolean;
  /** PAGINATE_COUNT */
  readonly paginateCount: number;
  /** MAX_PAGE_SIZE; 0: no cap. */
  readonly maxPageSize: number;
}

/** What rules look at. */
export interface World {
  readonly release: Release;
  readonly settings: Settings;
  readonly choices: ChoiceSets;
  readonly db: Database;
  kind(type: string): Kind;
  brief(type: string, id: number): Json;
  display(type: string, id: number): string;
}
