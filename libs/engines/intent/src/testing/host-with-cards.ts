import { PortName } from '#engines/kernel';
import type { DeviceFacts } from '../snapshot.js';
import { demoFabric } from './demo-fabric.js';
import { hostFacts, type HostSpec } from './host-facts.js';

/** pve1 of the demo with more cards. */
export const hostWithCards = (spec: HostSpec, more: Partial<DeviceFacts> = {}) =>
  demoFabric().deviceFacts('pve1', {
    host: hostFacts(spec),
    ports: ['ens18', 'ens19', 'ens20', 'eno1', 'eno2'].map((name) => ({ name: PortName.parse(name), description: null, mtu: null })),
    ...more,
  });

/** What its spec may have: both cards as one. */
export const bondOfCards = { name: 'bond0', mode: '802.3ad', members: ['eno1', 'eno2'] } as const;
export const bridgeOfCard = { name: 'vmbr1', ports: ['eno1'], addresses: ['10.66.0.1/24'] } as const;
