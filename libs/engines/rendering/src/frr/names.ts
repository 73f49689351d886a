/** Names that Trame gives to objects of FRR: in capitals, so that they stand out among those of an operator. */
import type { BfdFacts, VrfIntent } from '#engines/intent';

export type Family = '4' | '6';
export const FAMILIES: readonly Family[] = ['4', '6'];

const suffix = (family: Family): string => (family === '4' ? '' : '-V6');

/** IS-IS and OpenFabric instance. */
export const IGP_INSTANCE = 'TRAME';

/** Loopbacks of the fabric, and the map that lets nothing else in or out of the underlay. */
export const loopbacksList = (family: Family): string => `TRAME-LOOPBACKS${suffix(family)}`;
export const underlayMap = (family: Family): string => `TRAME-UNDERLAY${suffix(family)}`;

/** Subnets for which an exit node keeps the way back in its main table. */
export const wayBackList = (family: Family): string => `TRAME-WAY-BACK${suffix(family)}`;
export const wayBackMap = (family: Family): string => `TRAME-WAY-BACK${suffix(family)}`;

export const defaultList = (family: Family): string => `TRAME-DEFAULT${suffix(family)}`;
/** Prefixes that belong to a VRF itself, and the map through which they are announced. */
export const ownList = ({ name }: VrfIntent, family: Family): string => `TRAME-OWN-${name}${suffix(family)}`;
export const announceMap = ({ name }: Pick<VrfIntent, 'name'>, family: Family): string => `TRAME-ANNOUNCE-${name}${suffix(family)}`;

export const bfdProfile = ({ transmitMs, receiveMs, multiplier }: BfdFacts): string => `trame-${transmitMs}-${receiveMs}-${multiplier}`;
