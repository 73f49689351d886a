import { NATURAL_KEY } from '#contexts/sync/ports';
import { canonicalJson } from '#engines/kernel';
import type { Fields } from '#engines/reconcile';
import type { PhpIpamKind } from './kinds.js';

/** What makes two objects the same one for a person; phpIPAM does not tell upper case from lower. */
export const alikeKey = (kind: PhpIpamKind, fields: Fields): string =>
  canonicalJson(NATURAL_KEY[kind].map((field) => fields[field] ?? null)).toLowerCase();
