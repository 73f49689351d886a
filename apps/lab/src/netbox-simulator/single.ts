/** One object by its number, and making one. */
import type { Kind } from './model.js';
import type { Act, Answer } from './act.js';
import { FORBIDDEN } from './auth.js';
import { isObject, pythonType } from './json.js';
import { selectionOf } from './list.js';
import { badFields, detail } from './refusal.js';

export function retrieve(act: Act, kind: Kind, id: number): Answer {
  const row = act.find(kind, id, 'view');
  const answer = act.single(200, kind, row);
  return { ...answer, body: act.viewer.full(kind, row, selectionOf(kind, act.parameters, act.viewer)) };
}

export async function create(act: Act, kind: Kind): Promise<Answer> {
  const draft = act.writer.draft(kind, act.body ?? {}, null, 'POST');
  await act.gap();
  const row = act.shared.db.atomic(() => act.writer.save(kind, draft, act.message(act.body)));
  return act.single(201, kind, row);
}

export async function update(act: Act, kind: Kind, id: number, verb: 'PUT' | 'PATCH'): Promise<Answer> {
  const before = act.find(kind, id, 'change');
  act.checkPrecondition(before);
  const draft = act.writer.draft(kind, act.body ?? {}, before, verb);
  await act.gap();
  refuseChangedMeanwhile(act, kind, id);
  const row = act.shared.db.atomic(() => act.writer.save(kind, draft, act.message(act.body)));
  return act.single(200, kind, row);
}

export async function destroy(act: Act, kind: Kind, id: number): Promise<Answer> {
  const row = act.find(kind, id, 'delete');
  act.checkPrecondition(row);
  if (act.body !== undefined && !isObject(act.body) && act.shared.release.isAtLeast('4.7'))
    throw badFields({ __all__: [`Invalid data. Expected a dictionary, but got ${pythonType(act.body)}.`] });
  const message = act.message(act.body);
  await act.gap();
  refuseChangedMeanwhile(act, kind, id);
  act.shared.db.atomic(() => act.writer.remove(kind, act.shared.db.table(kind.type).get(id) ?? row, message));
  return { status: 204 };
}

/** With a precondition the row is looked at again under a lock; a row that is gone by then is a permission that is missing. */
function refuseChangedMeanwhile(act: Act, kind: Kind, id: number): void {
  if (!act.hasPrecondition || !act.shared.release.isAtLeast('4.6')) return;
  const now = act.shared.db.table(kind.type).get(id);
  if (!now) throw detail(403, FORBIDDEN);
  act.checkPrecondition(now);
}
