import type { ConformanceKind } from './conformance-kind.js';
import { eos } from './eos.js';
import { pve } from './pve.js';
import { pveFabric } from './pve-fabric.js';

/** First word of the command line → how its cases are judged. */
export const KINDS = { eos, pve, 'pve-fabric': pveFabric } satisfies Record<string, ConformanceKind>;

export type KindName = keyof typeof KINDS;

export const isKindName = (name: string): name is KindName => Object.hasOwn(KINDS, name);
