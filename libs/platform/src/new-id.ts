import { randomFillSync } from 'node:crypto';
import { v7 } from 'uuid';

/** One question to the kernel for 256 ids: asked for each of them, it costs as much as the rest of a small request. */
const pool = Buffer.alloc(256 * 16);
let used = pool.length;

function random(): Buffer {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += 16;
  return pool.subarray(used - 16, used);
}

let [lastMs, sequence] = [0, 0];

/** A new row id: UUIDv7, so that rows of one time lie together in the index; within a process they rise. Ids carry no secrecy. */
export function newId<Id extends string>(): Id {
  const bytes = random();
  const now = Date.now();
  if (now > lastMs) [lastMs, sequence] = [now, bytes.readUInt32BE(6) >>> 1];
  else {
    sequence = (sequence + 1) >>> 0;
    if (sequence === 0) lastMs += 1;
  }
  return v7({ random: bytes, msecs: lastMs, seq: sequence }) as Id;
}
