import { v7 } from 'uuid';

/** A new row id: UUIDv7, so that rows of one time lie together in the index. Ids carry no secrecy. */
export const newId = <Id extends string>(): Id => v7() as Id;
