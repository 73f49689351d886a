/** Tags, custom fields, webhooks; users and the change log, which are only read. */
import type { Kind, World } from '../model.js';
import { COMMENTS, choice, computed, DESCRIPTION, flag, integer, json, name, ref, slug, text } from '../fields.js';
import { isObject, type Json, type JsonObject, textOf } from '../json.js';
import { isoFormat } from '../timestamps.js';

const byName: Pick<Kind, 'display' | 'ordering'> = {
  display: ({ values }) => textOf(values['name']),
  ordering: ({ values }) => textOf(values['name']),
};

const pairsProblem = (value: Json): string | null =>
  Array.isArray(value) && value.every((one) => Array.isArray(one) && one.length === 2) ? null : 'Expected a list of pairs.';

/** Custom field data of all objects of these types; nothing says in the objects that it changed. */
function eachOf(types: Json | undefined, { db }: World, change: (custom: JsonObject) => JsonObject): void {
  for (const type of types as string[]) for (const row of db.table(type).all()) db.put(type, { ...row, custom: change(row.custom) });
}

const capitalised = (words: string): string => `${words.charAt(0).toUpperCase()}${words.slice(1).toLowerCase()}`;

/** What the log shows of an object: not its times, and of one that was not there or is gone an object without fields (`get_clean_data`). */
function compared(data: Json | undefined): Json {
  const { created: _created, last_updated: _updated, ...shown } = isObject(data ?? null) ? (data as JsonObject) : {};
  return shown;
}

const LACKS_BOTH = ['tags', 'customFields'] as const;

export const EXTRAS: readonly Kind[] = [
  {
    type: 'extras.tag',
    path: 'extras/tags',
    label: 'tag',
    fields: {
      name: name(100, { isUnique: true }),
      slug: slug({ isUnique: true }),
      color: text({ max: 6, pattern: /^[0-9a-f]{6}$/, patternWords: 'Enter a valid hexadecimal RGB color code.', default: '9e9e9e' }),
      description: DESCRIPTION,
      weight: integer(0, 32_767, { default: 1000, since: '4.3' }),
      object_types: { type: 'objectTypes', default: [] },
      tagged_items: computed(({ id }, { db }) => [...db.all].reduce((sum, table) => sum + table.found('tags', String(id)).size, 0)),
    },
    brief: ['name', 'slug', 'color'],
    ...byName,
    lacks: LACKS_BOTH,
  },
  {
    type: 'extras.customfieldchoiceset',
    path: 'extras/custom-field-choice-sets',
    label: 'custom field choice set',
    fields: {
      name: name(100, { isUnique: true }),
      description: DESCRIPTION,
      extra_choices: json({ required: true, problem: pairsProblem }),
    },
    brief: ['name', 'description'],
    ...byName,
    lacks: LACKS_BOTH,
  },
  {
    type: 'extras.customfield',
    path: 'extras/custom-fields',
    label: 'custom field',
    fields: {
      object_types: { type: 'objectTypes', required: true },
      type: choice('CustomField.type', { required: true }),
      related_object_type: {
        type: 'objectType',
        allowed: ['tenancy.tenant', 'ipam.vrf', 'ipam.prefix', 'ipam.ipaddress', 'ipam.vlan', 'dcim.site', 'dcim.device'],
        nullable: true,
      },
      name: name(50, {
        isUnique: true,
        pattern: /^[a-z0-9_]+$/i,
        patternWords: 'Only alphanumeric characters and underscores are allowed.',
      }),
      label: text({ max: 50 }),
      group_name: text({ max: 50 }),
      description: DESCRIPTION,
      required: flag(false),
      unique: flag(false),
      search_weight: integer(0, 32_767, { default: 1000 }),
      filter_logic: choice('CustomField.filter_logic', { default: 'loose' }),
      ui_visible: choice('CustomField.ui_visible', { default: 'always' }),
      ui_editable: choice('CustomField.ui_editable', { default: 'yes' }),
      is_cloneable: flag(false),
      default: json(),
      weight: integer(0, 32_767, { default: 100 }),
      validation_minimum: integer(-(2 ** 53), 2 ** 53, { nullable: true }),
      validation_maximum: integer(-(2 ** 53), 2 ** 53, { nullable: true }),
      validation_regex: text({ max: 500 }),
      choice_set: ref('extras.customfieldchoiceset'),
      comments: COMMENTS,
    },
    brief: ['name', 'description'],
    display: ({ values }) => textOf(values['label'] || capitalised(textOf(values['name']).replaceAll('_', ' '))),
    ordering: ({ values }) => `${textOf(values['group_name'])} ${textOf(values['weight']).padStart(6, '0')} ${textOf(values['name'])}`,
    created: ({ values }, world) =>
      eachOf(values['object_types'], world, (custom) => ({ ...custom, [textOf(values['name'])]: values['default'] ?? null })),
    deleted: ({ values }, world) =>
      eachOf(values['object_types'], world, (custom) =>
        Object.fromEntries(Object.entries(custom).filter(([key]) => key !== values['name'])),
      ),
    lookups: { 'for type': ({ values }) => values['object_types'] as string[] },
    lacks: LACKS_BOTH,
    clean: ({ values, before }) => {
      if (before && before.values['type'] !== values['type']) return { type: ['Changing the type of custom fields is not supported.'] };
      if (textOf(values['name']).includes('__')) return { name: ['Double underscores are not permitted in custom field names.'] };
      const isSelection = ['select', 'multiselect'].includes(textOf(values['type']));
      if (isSelection && values['choice_set'] === null) return { choice_set: ['Selection fields must specify a set of choices.'] };
      if (values['unique'] === true && values['type'] === 'boolean')
        return { unique: ['Uniqueness cannot be enforced for boolean fields'] };
      const isObject = ['object', 'multiobject'].includes(textOf(values['type']));
      return isObject && values['related_object_type'] === null
        ? { related_object_type: ['Object fields must define an object type.'] }
        : null;
    },
  },
  {
    type: 'extras.webhook',
    path: 'extras/webhooks',
    label: 'webhook',
    fields: {
      name: name(150, { isUnique: true }),
      description: DESCRIPTION,
      payload_url: text({ max: 500, required: true }),
      http_method: text({ max: 30, default: 'POST', pattern: /^(?:GET|POST|PUT|PATCH|DELETE)$/ }),
      http_content_type: text({ max: 100, default: 'application/json' }),
      additional_headers: text({ max: 10_000 }),
      body_template: text({ max: 100_000 }),
      secret: text({ max: 255 }),
      ssl_verification: flag(true),
      ca_file_path: text({ max: 4096, nullable: true }),
      timeout: integer(1, 3600, { nullable: true, since: '4.7' }),
    },
    brief: ['name', 'description'],
    ...byName,
  },
  {
    type: 'extras.eventrule',
    path: 'extras/event-rules',
    label: 'event rule',
    fields: {
      object_types: { type: 'objectTypes', required: true },
      name: name(150, { isUnique: true }),
      enabled: flag(true),
      event_types: { type: 'choices', set: 'EventRule.event_types', required: true },
      conditions: json({ problem: (value) => (isObject(value) ? null : 'Conditions must be a JSON object.') }),
      action_type: choice('EventRule.action_type', { required: true }),
      action_object_type: { type: 'objectType', allowed: ['extras.webhook'], required: true },
      action_object_id: { type: 'objectId', allowed: ['extras.webhook'], nullable: true, onDelete: 'cascade' },
      action_object: computed(({ values }, world) =>
        typeof values['action_object_id'] === 'number'
          ? world.brief(textOf(values['action_object_type']), values['action_object_id'])
          : null,
      ),
      description: DESCRIPTION,
    },
    brief: ['name', 'description'],
    ...byName,
  },
  {
    type: 'users.user',
    path: 'users/users',
    label: 'user',
    fields: { username: text({ max: 150 }) },
    brief: ['username'],
    display: ({ values }) => textOf(values['username']),
    ordering: ({ values }) => textOf(values['username']),
    lacks: ['tags', 'customFields', 'writes', 'lastUpdated', 'changeLog'],
  },
  {
    type: 'core.objectchange',
    path: 'core/object-changes',
    label: 'object change',
    fields: {
      time: computed(({ created }) => isoFormat(created, 'Z')),
      user: ref('users.user', { onDelete: 'clear' }),
      user_name: text({ max: 150 }),
      request_id: text({ max: 36 }),
      action: choice('ObjectChange.action'),
      changed_object_type: text({ max: 100 }),
      changed_object_id: integer(0, 2 ** 53),
      changed_object: computed(({ values }, world) =>
        world.brief(textOf(values['changed_object_type']), Number(values['changed_object_id'])),
      ),
      object_repr: text({ max: 200, since: '4.5' }),
      message: text({ max: 200, since: '4.4' }),
      prechange_data: computed(({ values }) => compared(values['prechange_data'])),
      postchange_data: computed(({ values }) => compared(values['postchange_data'])),
    },
    brief: ['user_name'],
    display: ({ values, created }) =>
      `${textOf(values['changed_object_type'])} ${textOf(values['object_repr'])} ${textOf(values['action'])}d by ${textOf(values['user_name'])} ${isoFormat(created, '+00:00')}`,
    ordering: ({ id }) => String(9_999_999_999 - id).padStart(10, '0'), // The newest first.
    lookups: { request: ({ values }) => [textOf(values['request_id'])] },
    lacks: ['tags', 'customFields', 'writes', 'lastUpdated', 'changeLog'],
  },
  {
    type: 'core.job',
    path: 'core/jobs',
    label: 'job',
    since: '4.0',
    fields: {
      name: text({ max: 200 }),
      status: computed(({ values }) => ({ value: values['state'] ?? null, label: textOf(values['state']) })),
      user: ref('users.user', { onDelete: 'clear' }),
      data: json(),
      error: text({ max: 1000 }),
      job_id: text({ max: 36 }),
      started: text({ max: 40, nullable: true }),
      completed: text({ max: 40, nullable: true }),
    },
    brief: ['name', 'status'],
    ...byName,
    lacks: ['tags', 'customFields', 'writes', 'lastUpdated', 'changeLog'],
  },
];
