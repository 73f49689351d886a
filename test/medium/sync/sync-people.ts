import { idOfKey, type InMemoryInventory, type InMemoryLocal, Refusal } from '#contexts/sync/testing';
import { newId } from '#platform';
import type { Fields, FieldValue, Ref } from '#engines/reconcile';
import type { Side, SyncLedger } from './sync-ledger.js';
import { MODEL_KINDS, type ModelKind } from './sync-steps.js';

interface Addition {
  readonly kind: ModelKind;
  readonly key: number;
  readonly at: number;
}

interface Place {
  readonly kind: ModelKind;
  readonly id: string;
  readonly fields: Fields;
}

/** What people do on both sides, as far as it can be done. */
export class SyncPeople {
  private serial = 0;
  /** Every id that an object of ours ever had. */
  readonly ids = new Set<string>();
  /** What we changed since it was looked at last, as the journal has it. */
  readonly journal: { readonly kind: ModelKind; readonly key: string }[] = [];
  private readonly keys = new Map<string, string>();
  /** How often people copied an object with its mark, by kind and mark. */
  readonly copied = new Map<string, number>();
  /** Ids of theirs of the prefixes of which nobody knows whose word the VLAN is: people said something of it, or what both had was lost. */
  readonly named = new Set<string>();

  constructor(
    private readonly local: InMemoryLocal,
    private readonly foreign: InMemoryInventory,
    private readonly ledger: SyncLedger,
    /** Of its own: journals are read by every connector there is. */
    private readonly administrator: number,
  ) {}

  weAdd({ kind, key: number, at }: Addition): void {
    const fields = objectOf(kind, number, (other) => this.pick(this.ours(other), at), '', this.administrator);
    if (this.ours(kind).some((other) => isAlike(kind, other.fields, fields))) return;
    // The id of a route target is its text: one that was taken away comes back as the same.
    this.make(kind, kind === 'routeTarget' ? `${this.administrator}:${number}` : newKey(kind), fields);
  }

  weEdit({ at, field, element }: { at: number; field: number; element: number }): void {
    const place = this.pick(
      MODEL_KINDS.flatMap((kind) => this.ours(kind)),
      at,
    );
    if (!place) return;
    this.local.put(place.kind, place.id, this.edited(place, 'OURS', field, element));
    this.changed(place.kind, place.id);
  }

  /** Not what another of ours refers to: our database refuses that. */
  weRemove({ at }: { at: number }): void {
    const all = MODEL_KINDS.flatMap((kind) => this.ours(kind));
    const place = this.pick(all, at);
    if (!place || all.some(({ fields }) => refersTo(fields, place.kind, place.id))) return;
    this.local.remove(place.kind, place.id);
    this.changed(place.kind, place.id);
  }

  /** A prefix is of no network any more, in the same row or in another one. */
  weLeave({ at }: { at: number }): void {
    const place = this.pick(
      this.ours('prefix').filter(({ fields }) => fields['vlan']),
      at,
    );
    if (!place) return;
    this.local.put('prefix', place.id, { vlan: undefined });
    this.changed('prefix', place.id);
    if (at % 2 === 0) this.renew({ ...place, fields: this.local.get('prefix', place.id) ?? {} });
  }

  /** Another one in its place at once: the same for people, and not the same row. */
  weRenew({ at }: { at: number }): void {
    const all = MODEL_KINDS.flatMap((kind) => this.ours(kind));
    const place = this.pick(all, at);
    if (!place || place.kind === 'routeTarget' || all.some(({ fields }) => refersTo(fields, place.kind, place.id))) return;
    this.renew(place);
  }

  private renew({ kind, id, fields }: Place): void {
    this.local.remove(kind, id);
    this.changed(kind, id);
    this.make(kind, newKey(kind), fields);
  }

  private make(kind: ModelKind, key: string, fields: Fields): void {
    const id = idOfKey(kind, key);
    this.ids.add(id);
    this.keys.set(id, key);
    this.local.put(kind, id, fields);
    this.changed(kind, id);
  }

  theyAdd({ kind, key, at }: Addition, mark: string | null = null): void {
    const fields = objectOf(kind, key, (other) => this.pick(this.theirs(other), at), '~', this.administrator);
    const edited = this.edited({ kind, id: '', fields }, 'THEIRS', 0, at) as Fields;
    this.asPeople(() => void this.named.add(this.foreign.put(kind, { ...fields, ...edited }, mark)));
  }

  theyEdit({ at, field, element }: { at: number; field: number; element: number }): void {
    const place = this.pick(
      MODEL_KINDS.flatMap((kind) => this.theirs(kind)),
      at,
    );
    if (place) this.theyWrite(place, field, element);
  }

  /** Just before a run writes it. */
  theyEditMeanwhile(kind: ModelKind, remoteId: string): void {
    const place = this.theirs(kind).find(({ id }) => id === remoteId);
    if (place) this.theyWrite(place, ++this.serial, this.serial);
  }

  private theyWrite(place: Place, field: number, element: number): void {
    const edited = this.edited(place, 'THEIRS', field, element) as Fields;
    this.asPeople(() => this.foreign.edit(place.kind, place.id, edited));
    if (place.kind === 'prefix' && 'vlan' in edited) this.named.add(place.id);
  }

  theyRemove({ at }: { at: number }): void {
    const place = this.pick(
      MODEL_KINDS.flatMap((kind) => this.theirs(kind)),
      at,
    );
    if (place) this.asPeople(() => this.foreign.remove(place.kind, place.id));
  }

  theyUnmark({ at }: { at: number }): void {
    const place = this.pick(
      MODEL_KINDS.flatMap((kind) => this.theirs(kind)),
      at,
    );
    if (!place) return;
    this.foreign.remark(place.kind, place.id, null);
    this.named.add(place.id);
  }

  /** Links are lost, or an answer was: whatever is there now. */
  forget(): void {
    for (const { id } of this.theirs('prefix')) this.named.add(id);
  }

  theyCopy({ at }: { at: number }): void {
    const objects = MODEL_KINDS.flatMap((kind) => this.foreign.all(kind).map((object) => ({ kind, ...object })));
    const original = this.pick(
      objects.filter(({ mark }) => mark !== null),
      at,
    );
    if (!original) return;
    const mark = original.mark as string;
    this.asPeople(() => {
      this.named.add(this.foreign.put(original.kind, original.fields, mark));
      const copied = `${original.kind} ${idIn(mark)}`;
      this.copied.set(copied, (this.copied.get(copied) ?? 0) + 1);
    });
  }

  /** Two of five. */
  twoOfFive(kind: ModelKind): string[] {
    const all = this.foreign.all(kind);
    return all.slice(0, Math.ceil(all.length * 0.4)).map(({ remoteId }) => remoteId);
  }

  ours(kind: ModelKind): Place[] {
    return this.local.all(kind).map((object) => ({ kind, ...object }));
  }

  private theirs(kind: ModelKind): Place[] {
    return this.foreign.all(kind).map(({ remoteId, fields }) => ({ kind, id: remoteId, fields }));
  }

  private changed(kind: ModelKind, id: string): void {
    this.journal.push({ kind, key: this.keys.get(id) ?? '' });
  }

  private pick<T>(from: readonly T[], at: number): T | undefined {
    return from[at % Math.max(from.length, 1)];
  }

  private edited({ kind, fields }: Place, side: Side, field: number, element: number): Readonly<Record<string, FieldValue | undefined>> {
    const name = this.pick(EDITABLE[kind], field);
    if (name === undefined) return {};
    if (name === 'vlan') return { vlan: this.vlan(side, element) };
    const value = fields[name];
    if (!Array.isArray(value)) return { [name]: this.ledger.text(side) };
    const targets = side === 'OURS' ? this.ours('routeTarget') : this.theirs('routeTarget');
    const target = this.pick(targets, element);
    return target
      ? { [name]: toggled(value as readonly Ref[], { kind: 'routeTarget', id: side === 'OURS' ? target.id : `~${target.id}` }) }
      : {};
  }

  /** Undefined: we leave it to them. */
  private vlan(side: Side, at: number): Ref | null | undefined {
    const vlans = side === 'OURS' ? this.ours('vlan') : this.theirs('vlan');
    const refs = vlans.map(({ id }): Ref => ({ kind: 'vlan', id: side === 'OURS' ? id : `~${id}` }));
    return this.pick<Ref | null | undefined>(side === 'OURS' ? [undefined, null, ...refs] : [null, ...refs], at);
  }

  /** What the system refuses of people it refuses of us. */
  private asPeople(act: () => void): void {
    try {
      act();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
    }
  }
}

/** As the journal has it. */
const newKey = (kind: ModelKind): string => (kind === 'vlan' ? `${newId()} ${newId()}` : newId());

/** Marks of what is the same in every Trame carry which one it is. */
export const idIn = (mark: string): string => mark.replace(/@[0-9a-f]{8}$/, '');

const EDITABLE: Readonly<Record<ModelKind, readonly string[]>> = {
  tenant: ['description', 'name'],
  routeTarget: [],
  vrf: ['description', 'importTargets', 'exportTargets'],
  vlan: ['status'],
  prefix: ['description', 'status', 'vlan', 'vlan'],
};

function objectOf(
  kind: ModelKind,
  key: number,
  pick: (kind: ModelKind) => { id: string } | undefined,
  sign: '' | '~',
  administrator: number,
): Fields {
  const ref = (to: ModelKind): Ref | null => {
    const there = key % 2 === 0 ? undefined : pick(to);
    return there ? { kind: to, id: `${sign}${there.id}` } : null;
  };
  switch (kind) {
    case 'tenant':
      return { name: `T${key}`, slug: `t${key}`, description: null };
    case 'routeTarget':
      return { name: `${administrator}:${key}`, tenant: ref('tenant') };
    case 'vrf':
      return { name: `v${key}`, tenant: ref('tenant'), importTargets: [], exportTargets: [], description: null };
    case 'vlan':
      return { vid: key + 1, name: `vlan${key}`, group: null, tenant: ref('tenant'), status: 'active' };
    case 'prefix': {
      const fields = { prefix: `10.0.${key}.0/24`, vrf: ref('vrf'), tenant: ref('tenant'), status: 'active', description: null };
      const vlan = pick('vlan');
      return key % 3 === 0 ? fields : { ...fields, vlan: vlan ? { kind: 'vlan', id: `${sign}${vlan.id}` } : null };
    }
  }
}

const KEYS: Readonly<Record<ModelKind, readonly string[]>> = {
  tenant: ['slug'],
  routeTarget: ['name'],
  vrf: ['name', 'tenant'],
  vlan: ['vid', 'group'],
  prefix: ['prefix', 'vrf'],
};
export const isAlike = (kind: ModelKind, a: Fields, b: Fields): boolean =>
  KEYS[kind].every((name) => JSON.stringify(a[name] ?? null) === JSON.stringify(b[name] ?? null));

const refersTo = (fields: Fields, kind: ModelKind, id: string): boolean =>
  Object.values(fields).some((value) => [value].flat().some((part) => isRefTo(part as FieldValue, kind, id)));
const isRefTo = (value: FieldValue, kind: ModelKind, id: string): boolean =>
  typeof value === 'object' && value !== null && 'id' in value && value.kind === kind && value.id === id;
const toggled = (set: readonly Ref[], ref: Ref): Ref[] =>
  set.some(({ id }) => id === ref.id) ? set.filter(({ id }) => id !== ref.id) : [...set, ref];
