/** Lists of objects on the address of a list: all or none, and what is said of those that fail, which changed with 4.7. */
import type { Draft, Kind, Row } from './model.js';
import type { Act, Answer } from './act.js';
import type { Action } from './auth.js';
import { isObject, type Json, type JsonObject, pythonType } from './json.js';
import { badFields, detail, Refusal } from './refusal.js';
import { dependents, type Removal } from './removal.js';

type Failure = { readonly index: number; readonly errors: Json } | { readonly id: number; readonly errors: Json };

const FORBIDDEN_OBJECT = 'You do not have permission to perform this action on this object.';

const isNew = (act: Act): boolean => act.shared.release.isAtLeast('4.7');

function refuse(failures: readonly Failure[], total: number, words: string, status = 400): void {
  if (failures.length === 0) return;
  throw new Refusal(status, { detail: `${failures.length} of ${total} objects ${words}.`, errors: failures as unknown as Json });
}

/** Its errors, where it is what the client sent that is wrong, or what he may. */
function attempt<T>(
  work: () => T,
  caught: readonly number[] = [400],
): { readonly done: T } | { readonly errors: Json; readonly status: number } {
  try {
    return { done: work() };
  } catch (error) {
    if (!(error instanceof Refusal) || !caught.includes(error.status)) throw error;
    return { errors: error.body, status: error.status };
  }
}

export async function createMany(act: Act, kind: Kind, bodies: readonly Json[]): Promise<Answer> {
  const { db } = act.shared;
  const rows = isNew(act) ? await createInTurn(act, kind, bodies) : await createCheckedFirst(act, kind, bodies);
  return { status: 201, body: rows.map((row) => act.show(kind, db.table(kind.type).get(row.id) ?? row)) };
}

/** Before 4.7 all are checked before one is written: what two of them do to one another only the database sees. */
async function createCheckedFirst(act: Act, kind: Kind, bodies: readonly Json[]): Promise<readonly Row[]> {
  const tried = bodies.map((body) => attempt(() => act.writer.draft(kind, body, null, 'POST')));
  if (tried.some((one) => 'errors' in one))
    throw new Refusal(
      400,
      tried.map((one) => ('errors' in one ? one.errors : {})),
    );
  await act.gap();
  return act.shared.db.atomic(() =>
    tried.flatMap((one, at) => ('done' in one ? act.writer.save(kind, one.done, act.message(bodies[at])) : [])),
  );
}

async function createInTurn(act: Act, kind: Kind, bodies: readonly Json[]): Promise<readonly Row[]> {
  await act.gap();
  return act.shared.db.atomic(() => {
    const tried = bodies.map((body) =>
      attempt(() => act.writer.save(kind, act.writer.draft(kind, body, null, 'POST'), act.message(body)), [400, 403]),
    );
    const failed = tried.flatMap((one, index) => ('errors' in one ? [{ ...one, index }] : []));
    const isForbidden = failed.some(({ status }) => status === 403);
    refuse(
      failed.map(({ index, errors, status }) => ({ index, errors: status === 403 ? { __all__: [FORBIDDEN_OBJECT] } : errors })),
      bodies.length,
      'could not be created',
      isForbidden ? 403 : 400,
    );
    return tried.flatMap((one) => ('done' in one ? one.done : []));
  });
}

interface Named {
  readonly row: Row;
  readonly sent: JsonObject;
}

/** The objects that the entries name, in the order in which a list shows them. */
function namedBy(act: Act, kind: Kind, action: Action): Named[] {
  const entries = readEntries(act);
  const ids = entries.map(({ id }) => id);
  if (isNew(act)) refuseTwice(ids);
  const found = new Map<number, Named>();
  const missing: number[] = [];
  for (const { id, sent } of entries) {
    const row = act.shared.db.table(kind.type).get(id);
    if (row && act.writer.may(kind, row, action)) found.set(id, { row, sent });
    else missing.push(id);
  }
  // Before 4.7 nobody is told of those.
  if (isNew(act))
    refuse(
      missing.map((id) => ({ id, errors: { id: [`Object with ID ${id} does not exist`] } })),
      ids.length,
      'could not be found',
    );
  const keyed = [...found.values()].map((named) => ({ named, key: kind.ordering(named.row, act.viewer) }));
  return keyed.sort((a, b) => (a.key === b.key ? a.named.row.id - b.named.row.id : a.key < b.key ? -1 : 1)).map(({ named }) => named);
}

function readEntries(act: Act): readonly { readonly id: number; readonly sent: JsonObject }[] {
  const { body } = act;
  if (!Array.isArray(body)) {
    const words =
      body === undefined
        ? 'Expected a list of objects, but no data was submitted.'
        : `Expected a list of objects, but got ${pythonType(body)}.`;
    throw isNew(act)
      ? detail(400, words)
      : badFields({ non_field_errors: [`Expected a list of items but got type "${pythonType(body ?? {})}".`] });
  }
  const read = body.map((sent) => {
    if (!isObject(sent))
      return {
        errors: { [isNew(act) ? '__all__' : 'non_field_errors']: [`Invalid data. Expected a dictionary, but got ${pythonType(sent)}.`] },
      };
    const id = Number(sent['id'] ?? Number.NaN);
    if (!Number.isInteger(id))
      return { errors: { id: [sent['id'] === undefined ? 'This field is required.' : 'A valid integer is required.'] } };
    return { id, sent };
  });
  const failures = read.flatMap((one, index) => ('errors' in one ? [{ index, errors: one.errors as Json }] : []));
  if (failures.length > 0 && !isNew(act))
    throw new Refusal(
      400,
      read.map((one) => ('errors' in one ? (one.errors as Json) : {})),
    );
  refuse(failures, body.length, 'failed validation');
  return read.flatMap((one) => ('id' in one && one.sent ? { id: one.id, sent: one.sent } : []));
}

function refuseTwice(ids: readonly number[]): void {
  const twice = [...new Set(ids)].filter((id) => ids.filter((one) => one === id).length > 1);
  const words = (id: number): string =>
    `Each object may be specified only once; ID ${id} is listed ${ids.filter((one) => one === id).length} times`;
  refuse(
    twice.map((id) => ({ id, errors: { id: [words(id)] } })),
    ids.length,
    'are listed more than once',
  );
}

export async function updateMany(act: Act, kind: Kind, verb: 'PUT' | 'PATCH'): Promise<Answer> {
  const named = namedBy(act, kind, 'change');
  await act.gap();
  const { db } = act.shared;
  db.atomic(() => {
    const failures: Failure[] = [];
    for (const { row, sent } of named) {
      const now = db.table(kind.type).get(row.id) ?? row;
      const tried = attempt((): Draft => act.writer.draft(kind, sent, now, verb));
      if ('errors' in tried) {
        if (!isNew(act)) throw new Refusal(400, tried.errors); // The first one that is bad is all that is said.
        failures.push({ id: row.id, errors: tried.errors });
        continue;
      }
      act.checkPrecondition(now);
      act.writer.save(kind, tried.done, act.message(sent));
    }
    refuse(failures, named.length, 'could not be updated');
  });
  return { status: 200, body: named.map(({ row }) => act.show(kind, db.table(kind.type).get(row.id) ?? row)) };
}

export async function destroyMany(act: Act, kind: Kind): Promise<Answer> {
  const named = namedBy(act, kind, 'delete');
  await act.gap();
  const { db } = act.shared;
  db.atomic(() => {
    const failures: Failure[] = [];
    for (const { row, sent } of named) {
      const now = db.table(kind.type).get(row.id);
      if (!now) continue; // It went with one before it.
      act.checkPrecondition(now);
      const removal: Removal = dependents(act.viewer, kind, now);
      if (isNew(act) && removal.protectors.length > 0)
        failures.push({
          id: row.id,
          errors: { __all__: [`Unable to delete: ${removal.protectors.length} dependent object(s) prevent deletion.`] },
        });
      else act.writer.remove(kind, now, act.message(sent));
    }
    refuse(failures, named.length, 'could not be deleted', 409);
  });
  return { status: 204 };
}
