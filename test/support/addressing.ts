import { type Addressing, addressingWith } from '#contexts/addressing/testing';
import { outboxOf } from '#contexts/events/testing';
import type { OpenDatabase } from './open-database.js';
import { testConfig } from './world.js';

export type { Addressing };
export const addressingOn = ({ db, url }: OpenDatabase): Addressing => addressingWith(db, outboxOf(testConfig(url)));
