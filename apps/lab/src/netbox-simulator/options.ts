import { type Kind, has } from './model.js';
import type { Act, Answer } from './act.js';
import type { JsonObject } from './json.js';

/** What may be written, with the choices that this NetBox has. */
export function optionsOf(act: Act, kind: Kind): Answer {
  const fields: JsonObject = {};
  for (const [name, field] of Object.entries(kind.fields)) {
    if (!act.shared.release.has(field)) continue;
    fields[name] = {
      type: field.type === 'choice' ? 'field' : field.type,
      required: field.required === true,
      read_only: field.type === 'computed',
      ...(field.type === 'choice' && {
        choices: act.shared.choices.of(field.set).map(({ value, label }) => ({ value, display_name: label })),
      }),
    };
  }
  const actions = has(kind, 'writes') && act.token.writeEnabled ? { actions: { POST: fields } } : {};
  return { status: 200, body: { name: kind.label, renders: ['application/json'], parses: ['application/json'], ...actions } };
}
