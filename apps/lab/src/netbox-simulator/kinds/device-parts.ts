/** What is in a device beside its interfaces, and the cables between: all of it goes with the device. */
import type { Field, Kind, Row, World } from '../model.js';
import { COMMENTS, choice, computed, countOf, DESCRIPTION, genericRef, integer, json, name, ref, text } from '../fields.js';
import { isObject, type Json, type JsonObject, textOf } from '../json.js';

const byName: Pick<Kind, 'display' | 'ordering'> = {
  display: ({ values }) => textOf(values['name']),
  ordering: ({ values }) => `${textOf(values['device']).padStart(9, '0')} ${textOf(values['name'])}`,
};

/** Of a device. Ports for consoles and power, patch panels and modules are not there, so there are none. */
export const PART_COUNTS: Readonly<Record<string, Field>> = {
  interface_count: countOf('dcim.interface', 'device'),
  inventory_item_count: countOf('dcim.inventoryitem', 'device'),
  device_bay_count: countOf('dcim.devicebay', 'device'),
  ...Object.fromEntries(
    ['console_port', 'console_server_port', 'power_port', 'power_outlet', 'front_port', 'rear_port', 'module_bay'].map((part) => [
      `${part}_count`,
      computed(() => 0),
    ]),
  ),
};

/** The device whose bay it is in. */
export const PARENT_DEVICE: Field = computed(({ id }, world) => {
  const [bay] = world.db.table('dcim.devicebay').referring('installed_device', id);
  const parent = bay === undefined ? undefined : world.db.table('dcim.devicebay').get(bay)?.values['device'];
  return typeof parent === 'number' ? world.brief('dcim.device', parent) : null;
});

const endsOf = (values: JsonObject): readonly JsonObject[] =>
  ['a_terminations', 'b_terminations'].flatMap((side) => (values[side] as JsonObject[] | null) ?? []);
const keyOf = (end: JsonObject): string => `${textOf(end['object_type'])}:${textOf(end['object_id'])}`;
const cablesAt = (interfaceId: number, { db }: World): Row[] => db.table('dcim.cable').rowsWith('end', `dcim.interface:${interfaceId}`);

export const CABLE_OF_INTERFACE: Field = computed(({ id }, world) => {
  const [cable] = cablesAt(id, world);
  return cable ? world.brief('dcim.cable', cable.id) : null;
});

/** The cable stays, with nothing at this end. */
export function unplug(gone: Row, world: World): void {
  for (const cable of cablesAt(gone.id, world)) {
    const left = (side: string): Json =>
      ((cable.values[side] as JsonObject[] | null) ?? []).filter((end) => keyOf(end) !== `dcim.interface:${gone.id}`);
    world.db.put('dcim.cable', {
      ...cable,
      values: { ...cable.values, a_terminations: left('a_terminations'), b_terminations: left('b_terminations') },
    });
  }
}

const isEnds = (value: Json): boolean =>
  Array.isArray(value) &&
  value.every((end) => isObject(end) && end['object_type'] === 'dcim.interface' && Number.isInteger(end['object_id']));
const ends = json({ default: [], nullable: false, problem: (value) => (isEnds(value) ? null : 'Expected a list of interfaces.') });

export const DEVICE_PARTS: readonly Kind[] = [
  {
    type: 'dcim.virtualdevicecontext',
    path: 'dcim/virtual-device-contexts',
    label: 'virtual device context',
    fields: {
      name: name(64),
      device: ref('dcim.device', { required: true }),
      identifier: integer(0, 32_767, { nullable: true }),
      tenant: ref('tenancy.tenant'),
      primary_ip4: ref('ipam.ipaddress', { onDelete: 'clear' }),
      primary_ip6: ref('ipam.ipaddress', { onDelete: 'clear' }),
      status: choice('VirtualDeviceContext.status', { required: true }),
      description: DESCRIPTION,
      comments: COMMENTS,
    },
    brief: ['name', 'identifier', 'device', 'description'],
    ...byName,
  },
  {
    type: 'dcim.inventoryitem',
    path: 'dcim/inventory-items',
    label: 'inventory item',
    fields: {
      device: ref('dcim.device', { required: true, onDelete: 'cascade' }),
      name: name(64),
      ...genericRef('component', ['dcim.interface'], { onDelete: 'cascade' }),
      serial: text({ max: 50 }),
      description: DESCRIPTION,
    },
    brief: ['device', 'name', 'description'],
    ...byName,
  },
  {
    type: 'dcim.devicebay',
    path: 'dcim/device-bays',
    label: 'device bay',
    fields: {
      device: ref('dcim.device', { required: true, onDelete: 'cascade' }),
      name: name(64),
      installed_device: ref('dcim.device', { onDelete: 'clear' }),
      description: DESCRIPTION,
    },
    brief: ['device', 'name', 'description'],
    ...byName,
  },
  {
    type: 'dcim.cable',
    path: 'dcim/cables',
    label: 'cable',
    fields: { a_terminations: ends, b_terminations: ends, label: text({ max: 100 }), description: DESCRIPTION, comments: COMMENTS },
    brief: ['label', 'description'],
    display: ({ values, id }) => textOf(values['label']) || `#${id}`,
    ordering: ({ id }) => String(id).padStart(9, '0'),
    lookups: { end: ({ values }) => endsOf(values).map(keyOf) },
    clean: ({ values, before }, { db }) => {
      for (const end of endsOf(values)) {
        if (!db.table('dcim.interface').get(Number(end['object_id'])))
          return { __all__: [`Invalid object ID: ${textOf(end['object_id'])}`] };
        const taken = [...db.table('dcim.cable').found('end', keyOf(end))].some((id) => id !== before?.id);
        if (taken) return { __all__: [`Duplicate termination found for interface ${textOf(end['object_id'])}`] };
      }
      return null;
    },
  },
];
