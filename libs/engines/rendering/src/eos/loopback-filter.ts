/**
 * What the underlay takes and gives, where the fabric says in which prefixes its loopbacks lie: hosts of these and nothing else, so that
 * no default route and no management network of one device becomes everybody's.
 */
import type { BgpIntent } from '#engines/intent';
import { Cidr } from '#engines/kernel';
import { block } from '../text.js';
import type { Family } from './next-hop-map.js';
import { STEP } from './step.js';

export const loopbackListName = (family: Family): string => (family === '4' ? 'TRAME-LOOPBACKS' : 'TRAME-LOOPBACKS-V6');

/** Empty where anything passes. */
export function loopbackPrefixes({ loopbacks, neighbors }: BgpIntent, family: Family): readonly Cidr[] {
  const isSpoken = neighbors.some(({ families }) => families.includes(`IPV${family}_UNICAST`));
  return isSpoken ? loopbacks.filter((prefix) => Cidr.family(prefix) === Number(family)) : [];
}

export function loopbackLists(bgp: BgpIntent): string[][] {
  return (['4', '6'] as const).flatMap((family) => {
    const prefixes = loopbackPrefixes(bgp, family);
    if (prefixes.length === 0) return [];
    const length = family === '4' ? 32 : 128;
    // A prefix of full length has nothing longer.
    const entries = prefixes.map(
      (prefix, at) => `seq ${10 * (at + 1)} permit ${prefix}${Cidr.length(prefix) === length ? '' : ` eq ${length}`}`,
    );
    return [block(STEP, `${family === '4' ? 'ip' : 'ipv6'} prefix-list ${loopbackListName(family)}`, entries)];
  });
}
