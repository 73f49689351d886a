/** What the parameters of a list keep. Names that are no filter keep everything: NetBox ignores them. */
import { type Field, type Filter, type FilterContext, type Kind, type Row, type RowTest, has } from './model.js';
import { customFieldsOf } from './custom-fields.js';
import { type Json, textOf } from './json.js';
import { badFields } from './refusal.js';
import { parseTime } from './timestamps.js';

const NO_FILTERS = ['limit', 'offset', 'start', 'ordering', 'brief', 'fields', 'omit', 'exclude', 'format', 'background', 'export'];

export function testsOf(kind: Kind, parameters: URLSearchParams, context: FilterContext): RowTest[] {
  const names = [...new Set(parameters.keys())].filter((name) => !NO_FILTERS.includes(name));
  return names.flatMap((name) => {
    const values = parameters.getAll(name).filter((value) => value !== '');
    return values.length === 0 ? [] : (testOf(kind, name, values, context) ?? []);
  });
}

function testOf(kind: Kind, name: string, values: readonly string[], context: FilterContext): RowTest | null {
  const own = kind.filters?.[name];
  if (own) {
    refuseStrangers(kind.filterIds?.[name], name, values, context);
    return own(values, context);
  }
  const common = COMMON[name];
  if (common) return common(values, context);
  if (name.startsWith('cf_')) return customTest(kind, name.slice(3), values, context);
  const [base, lookup] = splitLookup(name);
  if (base === 'id') return numbers(({ id }) => id, name, lookup, values);
  if (has(kind, 'lastUpdated') || kind.type === 'core.objectchange') {
    if (base === 'created' || base === 'time') return times(({ created }) => created, name, lookup, values);
    if (base === 'last_updated') return times(({ updated }) => updated, name, lookup, values);
  }
  return fieldTest(kind, base, lookup, name, values, context);
}

const FLAGS: ReadonlySet<string> = new Set(['true', 'false', '1', '0']);

function splitLookup(name: string): readonly [string, string] {
  const at = name.lastIndexOf('__');
  return at <= 0 ? [name, ''] : [name.slice(0, at), name.slice(at + 2)];
}

function fieldTest(
  kind: Kind,
  base: string,
  lookup: string,
  name: string,
  values: readonly string[],
  context: FilterContext,
): RowTest | null {
  const direct = kind.fields[base];
  if (direct && context.world.release.has(direct)) {
    const test = plainTest(direct, base, lookup, name, values, context);
    if (test) return test;
  }
  if (base.endsWith('_id')) return referenceTest(kind, base.slice(0, -3), lookup, name, values, context);
  return direct?.type === 'ref' ? naturalTest(direct.to, base, lookup, name, values, context) : null;
}

function plainTest(
  field: Field,
  base: string,
  lookup: string,
  name: string,
  values: readonly string[],
  { world }: FilterContext,
): RowTest | null {
  const of = (row: Row): Json => row.values[base] ?? null;
  switch (field.type) {
    case 'text':
      return texts(of, lookup, values);
    case 'integer':
    case 'objectId':
      return numbers(of, name, lookup, values);
    case 'flag':
      if (!FLAGS.has((values[0] ?? '').toLowerCase())) return null; // No choice is no filter.
      return (row) => of(row) === ['true', '1'].includes((values[0] ?? '').toLowerCase());
    case 'choice': {
      const strange = values.find((value) => value !== 'null' && !world.choices.has(field.set, value));
      if (strange !== undefined) throw invalidChoice(name, strange);
      const isNegative = lookup === 'n';
      return (row) => values.includes(textOf(of(row))) !== isNegative;
    }
    case 'objectType':
      return (row) => values.includes(textOf(of(row)));
    case 'objectTypes':
      return (row) => values.some((value) => (of(row) as string[]).includes(value));
    default:
      return null;
  }
}

function refuseStrangers(type: string | undefined, name: string, values: readonly string[], { world }: FilterContext): void {
  const strange = type && values.find((value) => value !== 'null' && !world.db.table(type).get(Number(value)));
  if (strange) throw invalidChoice(name, strange);
}

const invalidChoice = (name: string, value: string) =>
  badFields({ [name]: [`Select a valid choice. ${value} is not one of the available choices.`] });

/** `vrf_id`, `import_target_id`: ids of objects that are there; `null` for none. */
function referenceTest(
  kind: Kind,
  base: string,
  lookup: string,
  name: string,
  values: readonly string[],
  { world }: FilterContext,
): RowTest | null {
  const field = kind.fields[base];
  const list = kind.fields[`${base}s`];
  const to = field?.type === 'ref' ? field.to : list?.type === 'refs' ? list.to : null;
  if (to === null) return null;
  const strange = values.find((value) => value !== 'null' && !world.db.table(to).get(Number(value)));
  if (strange !== undefined) throw invalidChoice(name, strange);
  const wanted = new Set(values);
  const isNegative = lookup === 'n';
  if (field?.type === 'ref') return (row) => wanted.has(textOf(row.values[base] ?? null)) !== isNegative;
  return (row) => (row.values[`${base}s`] as number[]).some((id) => wanted.has(String(id))) !== isNegative;
}

/** `vrf=65000:1`, `tenant=acme`: by what people call the object. */
function naturalTest(to: string, base: string, lookup: string, name: string, values: readonly string[], { world }: FilterContext): RowTest {
  const key = to === 'ipam.vrf' ? 'rd' : 'slug' in world.kind(to).fields ? 'slug' : 'name';
  const rows = world.db.table(to).all();
  const found = values.map((value) => rows.filter((row) => row.values[key] === value).map(({ id }) => id));
  const strange = values.find((value, at) => value !== 'null' && found[at]?.length === 0);
  if (strange !== undefined) throw invalidChoice(name, strange);
  const ids = new Set<Json>([...found.flat(), ...(values.includes('null') ? [null] : [])]);
  return (row) => ids.has(row.values[base] ?? null) !== (lookup === 'n');
}

function texts(of: (row: Row) => Json, lookup: string, values: readonly string[]): RowTest | null {
  const lower = values.map((value) => value.toLowerCase());
  const some =
    (test: (text: string, wanted: string) => boolean, isNegative = false): RowTest =>
    (row) =>
      lower.some((wanted) => test(textOf(of(row) ?? '').toLowerCase(), wanted)) !== isNegative;
  switch (lookup) {
    case '':
      return (row) => values.includes(textOf(of(row) ?? 'null'));
    case 'n':
      return (row) => !values.includes(textOf(of(row) ?? 'null'));
    case 'ie':
    case 'nie':
      return some((text, wanted) => text === wanted, lookup === 'nie');
    case 'ic':
    case 'nic':
      return some((text, wanted) => text.includes(wanted), lookup === 'nic');
    case 'isw':
    case 'nisw':
      return some((text, wanted) => text.startsWith(wanted), lookup === 'nisw');
    case 'iew':
    case 'niew':
      return some((text, wanted) => text.endsWith(wanted), lookup === 'niew');
    case 'empty':
      return (row) => (of(row) === null || of(row) === '') === (values[0] === 'true');
    case 'regex':
    case 'iregex': {
      const patterns = values.map((value) => new RegExp(value, lookup === 'iregex' ? 'i' : ''));
      return (row) => patterns.some((pattern) => pattern.test(textOf(of(row) ?? '')));
    }
    default:
      return null;
  }
}

function compare(lookup: string): ((have: number, wanted: number) => boolean) | null {
  switch (lookup) {
    case '':
      return (have, wanted) => have === wanted;
    case 'lt':
      return (have, wanted) => have < wanted;
    case 'lte':
      return (have, wanted) => have <= wanted;
    case 'gt':
      return (have, wanted) => have > wanted;
    case 'gte':
      return (have, wanted) => have >= wanted;
    default:
      return null;
  }
}

function numbers(of: (row: Row) => Json, name: string, lookup: string, values: readonly string[]): RowTest | null {
  if (lookup === 'empty') return (row) => (of(row) === null) === (values[0] === 'true');
  if (lookup !== '' && lookup !== 'n' && compare(lookup) === null) return null; // `id__in` is no filter.
  if (values.some((value) => !/^-?\d+$/.test(value))) throw badFields({ [name]: ['Enter a whole number.'] });
  const wanted = new Set(values.map(Number));
  if (lookup === '') return (row) => wanted.has(of(row) as number);
  if (lookup === 'n') return (row) => !wanted.has(of(row) as number);
  const test = compare(lookup);
  return test && ((row) => of(row) !== null && [...wanted].some((one) => test(Number(of(row)), one)));
}

function times(of: (row: Row) => number, name: string, lookup: string, values: readonly string[]): RowTest | null {
  const wanted = values.map(parseTime);
  if (wanted.includes(null)) throw badFields({ [name]: ['Enter a valid date/time.'] });
  const test = compare(lookup);
  return test && ((row) => wanted.some((one) => test(of(row), one ?? 0)));
}

/** Text fields are compared loosely unless the field says `exact`; one that says `disabled` filters nothing. */
function customTest(kind: Kind, rest: string, values: readonly string[], { world }: FilterContext): RowTest | null {
  const fields = customFieldsOf(world, kind.type);
  const find = (name: string) => fields.find((one) => one.values['name'] === name);
  const [base, lookup] = find(rest) ? [rest, ''] : splitLookup(rest);
  const field = find(base)?.values;
  if (!field || field['filter_logic'] === 'disabled') return null;
  const of = (row: Row): Json => row.custom[base] ?? null;
  if (field['type'] === 'integer') return numbers(of, `cf_${rest}`, lookup, values);
  if (field['type'] === 'boolean') return (row) => of(row) === (values[0] === 'true');
  const isLoose = ['text', 'longtext', 'url'].includes(textOf(field['type'])) && field['filter_logic'] === 'loose';
  return texts(of, lookup === '' && isLoose ? 'ic' : lookup, values);
}

const byRequest =
  (name: string, ...actions: readonly string[]): Filter =>
  (values, { world: { db }, kind }) => {
    const strange = values.find((value) => !/^[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}$/i.test(value));
    if (strange !== undefined) throw badFields({ [name]: ['Enter a valid UUID.'] });
    const log = db.table('core.objectchange');
    const rows = values.flatMap((value) => log.rowsWith('request', value));
    const ids = new Set(
      rows
        .filter((row) => row.values['changed_object_type'] === kind.type && actions.includes(textOf(row.values['action'])))
        .map((row) => row.values['changed_object_id']),
    );
    return ({ id }) => ids.has(id);
  };

const tagIds = (slugs: readonly string[], { world: { db } }: FilterContext, name: string): readonly number[] =>
  slugs.map((slug) => {
    const id = [...db.table('extras.tag').found('unique slug', slug)][0];
    if (id === undefined) throw invalidChoice(name, slug);
    return id;
  });

const COMMON: Readonly<Record<string, Filter>> = {
  tag: (values, context) => {
    const ids = tagIds(values, context, 'tag');
    return ({ tags }) => ids.every((id) => tags.includes(id));
  },
  tag__n: (values, context) => {
    const ids = tagIds(values, context, 'tag__n');
    return ({ tags }) => !ids.some((id) => tags.includes(id));
  },
  tag__any: (values, context) => {
    if (!context.world.release.isAtLeast('4.6')) return () => true;
    const ids = tagIds(values, context, 'tag__any');
    return ({ tags }) => ids.some((id) => tags.includes(id));
  },
  tag_id:
    (values) =>
    ({ tags }) =>
      values.every((id) => tags.includes(Number(id))),
  tenant_group_id: (values, context) => {
    refuseStrangers('tenancy.tenantgroup', 'tenant_group_id', values, context);
    const { db } = context.world;
    return (row) => values.includes(textOf(db.table('tenancy.tenant').get(Number(row.values['tenant'] ?? 0))?.values['group']));
  },
  created_by_request: byRequest('created_by_request', 'create'),
  updated_by_request: byRequest('updated_by_request', 'update'),
  modified_by_request: byRequest('modified_by_request', 'create', 'update'),
  q: ([wanted = ''], { kind }) => {
    const searched = Object.entries(kind.fields).flatMap(([name, { type }]) =>
      ['text', 'prefix', 'address'].includes(type) ? [name] : [],
    );
    return ({ values }) =>
      searched.some((name) =>
        textOf(values[name] ?? '')
          .toLowerCase()
          .includes(wanted.toLowerCase()),
      );
  },
};
