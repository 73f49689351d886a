import { Vni } from '#engines/kernel';

/** The whole 24-bit space. */
export const ALL_VNIS = { first: Vni.min, last: Vni.max };
