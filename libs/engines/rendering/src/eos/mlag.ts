import type { MlagIntent } from '#engines/intent';
import { block } from '../text.js';
import { wordOf } from './names.js';
import { STEP } from './step.js';

export function mlagConfiguration({ domain, vlan, peerAddress, peerLink }: MlagIntent): string[] {
  return block(STEP, 'mlag configuration', [
    `domain-id ${wordOf(domain)}`,
    `local-interface Vlan${vlan}`,
    `peer-address ${peerAddress}`,
    `peer-link ${peerLink}`,
  ]);
}
