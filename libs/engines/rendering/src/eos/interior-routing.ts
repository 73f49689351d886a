/** OSPFv2 or IS-IS below the overlay: lines on the interfaces, and the instance. The VTEP address is announced, nothing else of the switch. */
import type { DeviceIntent, IgpIntent } from '#engines/intent';
import { block } from '../text.js';
import { ISIS_INSTANCE, OSPF_PROCESS } from './names.js';
import { STEP } from './step.js';

/** LINK = point to point to another device; LOOPBACK = announced only. */
export function interiorLines({ protocol, area, bfd }: IgpIntent, on: 'LINK' | 'LOOPBACK'): string[] {
  const isLink = on === 'LINK';
  const timers = isLink && bfd ? [`bfd interval ${bfd.transmitMs} min-rx ${bfd.receiveMs} multiplier ${bfd.multiplier}`] : [];
  const followsBfd = isLink && bfd !== null;
  if (protocol === 'OSPF') {
    return [
      ...timers,
      ...(followsBfd ? ['ip ospf neighbor bfd'] : []),
      ...(isLink ? ['ip ospf network point-to-point'] : []),
      `ip ospf area ${area}`,
    ];
  }
  return [
    ...timers,
    `isis enable ${ISIS_INSTANCE}`,
    ...(followsBfd ? ['isis bfd'] : []),
    isLink ? 'isis network point-to-point' : 'isis passive',
  ];
}

export function interiorInstance({ igp, bgp, vtep }: DeviceIntent): string[] {
  if (!igp) return [];
  if (igp.protocol === 'OSPF') {
    // `max-lsa` is what EOS prints anyway.
    return block(STEP, `router ospf ${OSPF_PROCESS}`, [bgp !== null && `router-id ${bgp.routerId}`, 'max-lsa 12000']);
  }
  return block(STEP, `router isis ${ISIS_INSTANCE}`, [
    `net ${igp.net}`,
    'is-type level-2',
    '!',
    `address-family ${vtep?.address.includes(':') ? 'ipv6' : 'ipv4'} unicast`,
  ]);
}
