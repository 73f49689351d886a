import { body } from '../grammar/body.js';
import { many, one, sections } from '../grammar/field.js';
import { choice, freeText } from '../grammar/part.js';
import { phrase } from '../grammar/phrase.js';
import { name, rd, vlan } from './words.js';

export const vlans = sections(
  phrase('vlan', vlan),
  body({
    name: one(phrase('name', freeText)),
    state: one(phrase('state', choice('active', 'suspend'))),
    trunkGroups: many(phrase('trunk group', name)),
  }),
);

export const vrfs = sections(
  phrase('vrf instance', name),
  body({
    description: one(phrase('description', freeText)),
    rd: one(phrase('rd', rd)), // only before 4.22: `vrf definition`
  }),
);
