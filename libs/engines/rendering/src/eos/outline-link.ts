import type { DeviceIntent } from '#engines/intent';
import { when } from './when.js';

/** Of a link on which another protocol than BGP runs. */
export function linkKeys(igp: DeviceIntent['igp']): readonly string[] {
  if (!igp) return [];
  const { bfd } = igp;
  const timers = when(bfd, `bfd interval ${bfd?.transmitMs} min-rx ${bfd?.receiveMs} multiplier ${bfd?.multiplier}`);
  if (igp.protocol === 'OSPF') {
    return [...timers, ...when(bfd, 'ip ospf neighbor bfd'), 'ip ospf network point-to-point', `ip ospf area ${igp.area}`];
  }
  return [...timers, 'isis enable', ...when(bfd, 'isis bfd'), 'isis network point-to-point'];
}
