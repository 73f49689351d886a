import { invalidValue } from '#engines/kernel';
import type { PrefixList, PrefixListEntry } from '../model/sdn-config.js';
import { familyOf } from '../model/written.js';
import { LIST_ID } from './forms.js';
import type { Section } from './section-config.js';
import { SectionReader } from './section-reader.js';

const STEP = 5;
const LARGEST_SEQUENCE = 4_294_967_295;

/** prefix-lists.cfg of 9.2. An entry without a number gets the largest one before it plus 5, as FRR does it. */
export function parsePrefixList(section: Section): PrefixList {
  if (!LIST_ID.pattern.test(section.id)) throw invalidValue('prefix list', section.id, LIST_ID.accepted);
  const reader = new SectionReader('prefix list', section);
  let last = 0;
  const entries = reader.parts('entries', (part) => {
    const entry = entryOf(part, last + STEP);
    last = Math.max(last, entry.sequence);
    return entry;
  });
  reader.finish();
  return { id: section.id, entries };
}

function entryOf(part: SectionReader, next: number): PrefixListEntry {
  const prefix = part.required('prefix', part.prefix('prefix'));
  const longest = familyOf(prefix.address) === 4 ? 32 : 128;
  const ge = part.integer('ge', prefix.length, longest);
  return {
    action: part.required('action', part.oneOf('action', ['permit', 'deny'])),
    prefix,
    sequence: part.integer('seq', 1, LARGEST_SEQUENCE) ?? next,
    ge,
    le: part.integer('le', ge ?? prefix.length, longest),
  };
}
