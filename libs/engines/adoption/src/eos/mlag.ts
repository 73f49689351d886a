import { body } from '../grammar/body.js';
import { one, section } from '../grammar/field.js';
import { after, flag, maybe, parts } from '../grammar/part.js';
import { phrase } from '../grammar/phrase.js';
import { ip, name, number, port } from './words.js';

const reload = number(0, 86_400);

export const mlag = section(
  'mlag configuration',
  body({
    domain: one(phrase('domain-id', name)),
    heartbeatInterval: one(phrase('heartbeat-interval', number(1000, 30_000))),
    localInterface: one(phrase('local-interface', port('Vlan'))),
    peerAddress: one(phrase('peer-address', ip)),
    heartbeatPeer: one(phrase('peer-address heartbeat', parts({ address: ip, vrf: maybe(after('vrf', name)) }))),
    peerLink: one(phrase('peer-link', port('Port-Channel', 'Ethernet'))),
    dualPrimary: one(
      phrase('dual-primary detection delay', parts({ seconds: number(0, 3600), disables: flag('action errdisable all-interfaces') })),
    ),
    reloadDelay: one(phrase('reload-delay mlag', reload)),
    otherReloadDelay: one(phrase('reload-delay non-mlag', reload)),
  }),
);
