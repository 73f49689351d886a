/** `interface LoopbackN`: router id, VTEP, the address of a pair, and one per VRF that needs an address of this switch alone. */
import type { DeviceIntent, VrfIntent } from '#engines/intent';
import type { Ip } from '#engines/kernel';
import { remembered } from '../remembered.js';
import { block } from '../text.js';
import { interiorLines } from './interior-routing.js';
import { hasRouterIdLoopback, LOOPBACK, ROUTER_ID_LOOPBACK, SHARED_LOOPBACK } from './names.js';
import { STEP } from './step.js';

export function loopbacks(intent: DeviceIntent): string[][] {
  const { vtep, bgp, mlag, vrfs } = intent;
  const underlay = intent.igp ? interiorLines(intent.igp, 'LOOPBACK') : [];
  return [
    bgp && hasRouterIdLoopback(intent) ? loopback(ROUTER_ID_LOOPBACK, bgp.routerId, [], underlay) : [],
    vtep ? loopback(LOOPBACK, vtep.address, [], underlay) : [],
    mlag?.sharedVtep ? loopback(SHARED_LOOPBACK, mlag.sharedVtep, [], underlay) : [],
    ...ofVrfs(vrfs),
  ];
}

const ofVrfs = remembered<readonly VrfIntent[], readonly string[][]>((vrfs) =>
  vrfs
    .flatMap(({ name, loopbacks: own }) =>
      own.map(({ number, address }) => ({ number, text: loopback(`Loopback${number}`, address, [`vrf ${name}`]) })),
    )
    .sort((a, b) => a.number - b.number)
    .map(({ text }) => text),
);

function loopback(name: string, address: Ip, before: readonly string[], after: readonly string[] = []): string[] {
  const line = address.includes(':') ? `ipv6 address ${address}/128` : `ip address ${address}/32`;
  return block(STEP, `interface ${name}`, [...before, line, ...after]);
}
