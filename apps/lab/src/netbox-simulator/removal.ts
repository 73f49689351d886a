import { type Field, type Kind, type Row, type World, has } from './model.js';
/** What goes with an object, what stands against that, and what only forgets it. */

export interface Member {
  readonly kind: Kind;
  readonly row: Row;
}

export interface Removal {
  /** The object and what is deleted with it. */
  readonly removed: readonly Member[];
  readonly protectors: readonly Member[];
  carryOut(): void;
}

interface Referrer extends Member {
  readonly field: string;
  readonly declaration: Field;
}

function referrers(world: World, { kind, row }: Member): Referrer[] {
  const found: Referrer[] = [];
  for (const table of world.db.all) {
    for (const [field, declaration] of Object.entries(table.kind.fields)) {
      const isDirect = (declaration.type === 'ref' || declaration.type === 'refs') && declaration.to === kind.type;
      const isGeneric = declaration.type === 'objectId' && declaration.allowed.includes(kind.type);
      if (!isDirect && !isGeneric) continue;
      for (const id of table.referring(field, isGeneric ? `${kind.type}:${row.id}` : row.id)) {
        const referrer = table.get(id);
        if (referrer) found.push({ kind: table.kind, row: referrer, field, declaration });
      }
    }
  }
  return found;
}

const onDelete = ({ declaration }: Referrer): 'protect' | 'clear' | 'cascade' =>
  declaration.type === 'ref' || declaration.type === 'objectId' ? declaration.onDelete : 'clear';

export function dependents(world: World, kind: Kind, row: Row): Removal {
  const removed: Member[] = [];
  const seen = new Set<string>();
  const protectors: Referrer[] = [];
  const forgetful: Referrer[] = [];
  const visit = (member: Member): void => {
    const key = `${member.kind.type} ${member.row.id}`;
    if (seen.has(key)) return;
    seen.add(key);
    removed.push(member);
    for (const referrer of referrers(world, member)) {
      const rule = onDelete(referrer);
      if (rule === 'cascade') visit(referrer);
      else (rule === 'protect' ? protectors : forgetful).push(referrer);
    }
  };
  visit({ kind, row });
  const isRemoved = (member: Member): boolean => seen.has(`${member.kind.type} ${member.row.id}`);
  return {
    removed,
    protectors: protectors.filter((member) => !isRemoved(member)),
    carryOut: () => {
      for (const member of forgetful) if (!isRemoved(member)) forget(world, member, removed);
      for (const gone of removed) {
        if (gone.kind.type === 'extras.tag') untag(world, gone.row.id);
        world.db.remove(gone.kind.type, gone.row.id);
      }
    },
  };
}

/** As the database does it: nobody's `last_updated` changes. */
function forget({ db }: World, { kind, row, field, declaration }: Referrer, removed: readonly Member[]): void {
  const now = db.table(kind.type).get(row.id) ?? row;
  const gone = removed.filter((one) => declaration.type === 'refs' && one.kind.type === declaration.to).map((one) => one.row.id);
  const cleared =
    declaration.type === 'refs'
      ? { [field]: (now.values[field] as number[]).filter((id) => !gone.includes(id)) }
      : declaration.type === 'objectId'
        ? { [field]: null, [field.replace(/_id$/, '_type')]: null }
        : { [field]: null };
  db.put(kind.type, { ...now, values: { ...now.values, ...cleared } });
}

function untag({ db }: World, tag: number): void {
  for (const table of db.all) {
    if (!has(table.kind, 'tags')) continue;
    for (const row of table.rowsWith('tags', String(tag))) db.put(table.kind.type, { ...row, tags: row.tags.filter((one) => one !== tag) });
  }
}
