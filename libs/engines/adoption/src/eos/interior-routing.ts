/** OSPFv2 and IS-IS as an underlay has them; what else an instance says is kept. */
import { body } from '../grammar/body.js';
import { many, one, section, sections } from '../grammar/field.js';
import { choice } from '../grammar/part.js';
import { phrase } from '../grammar/phrase.js';
import { word } from '../grammar/part.js';
import { ip4, name, number, port } from './words.js';

/** Area, system id and selector, two digits an octet (ISO 10589 §7.1). */
const net = word((text) => (/^[0-9a-f]{2}(?:\.[0-9a-f]{4}){4,9}\.00$/.test(text) ? text : undefined));

export const ospf = sections(
  phrase('router ospf', number(1, 65_535)),
  body({
    routerId: one(phrase('router-id', ip4)),
    passiveByDefault: one(phrase('passive-interface default')),
    passive: many(phrase('passive-interface', port())),
    notPassive: many(phrase('no passive-interface', port())),
    maximumLsas: one(phrase('max-lsa', number(0, 100_000))),
  }),
);

export const isis = sections(
  phrase('router isis', name),
  body({
    net: one(phrase('net', net)),
    level: one(phrase('is-type', choice('level-1', 'level-2', 'level-1-2'))),
    ipv4: section('address-family ipv4 unicast', body({})),
    ipv6: section('address-family ipv6 unicast', body({})),
  }),
);
