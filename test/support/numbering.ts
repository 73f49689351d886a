import { outboxOf } from '#contexts/events/testing';
import { type Numbering, numberingWith } from '#contexts/numbering/testing';
import type { OpenDatabase } from './open-database.js';
import { testConfig } from './world.js';

export type { Numbering };
export const numberingOn = ({ db, url }: OpenDatabase): Numbering => numberingWith(db, outboxOf(testConfig(url)));
