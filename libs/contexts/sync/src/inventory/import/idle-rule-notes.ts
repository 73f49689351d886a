import type { NotTaken } from './inventory-import.js';

/** A rule that nothing goes by is a name that somebody has mistyped. */
export const idleRuleNotes = (idle: readonly { readonly whose: 'VRF' | 'TENANT'; readonly name: string }[]): NotTaken[] =>
  idle.map(({ whose, name }) => ({
    kind: whose === 'VRF' ? 'vrf' : 'tenant',
    remoteId: '',
    label: `${whose.toLowerCase()}:${name}`,
    code: 'NOT_FOUND',
    reason: `no ${whose === 'VRF' ? 'VRF' : 'tenant'} that was taken is called so: nothing goes into the address space that was named for it`,
  }));
