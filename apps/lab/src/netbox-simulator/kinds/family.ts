import type { Field } from '../model.js';
import { textOf } from '../json.js';
import { computed } from '../fields.js';

export const familyOf = (field: string): Field =>
  computed(({ values }) => (textOf(values[field]).includes(':') ? { value: 6, label: 'IPv6' } : { value: 4, label: 'IPv4' }));
