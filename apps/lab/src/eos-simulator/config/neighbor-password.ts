/**
 * `neighbor X password 7 …`: EOS prints the password in a code that it can read back, made with the neighbor's own name, so that one
 * password prints differently for each neighbor and the same again for the same one. DES is no protection; it is what EOS does.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto';

const SEED = [0xd5, 0xa8, 0xc9, 0x1e, 0xf5, 0xd5, 0x8a, 0x23];
const SIGNATURE = Buffer.from([0x4c, 0x88, 0xbb]);
const BLOCK = 8;

/** @param peer address or group that the line names. */
export function encodePassword(peer: string, password: string): string {
  const data = Buffer.from(password, 'utf8');
  const padding = (BLOCK - ((data.length + 4) % BLOCK)) % BLOCK;
  const plain = Buffer.concat([SIGNATURE, Buffer.from([padding * 16 + 0xe]), data, Buffer.alloc(padding)]);
  const cipher = createCipheriv('des-ede3-cbc', keyOf(peer), Buffer.alloc(BLOCK)).setAutoPadding(false);
  return Buffer.concat([cipher.update(plain), cipher.final()]).toString('base64');
}

/** @returns null for a code that was not made with this name: EOS takes the line and no session comes up. */
export function decodePassword(peer: string, code: string): string | null {
  const data = Buffer.from(code, 'base64');
  if (data.length === 0 || data.length % BLOCK !== 0) return null;
  const cipher = createDecipheriv('des-ede3-cbc', keyOf(peer), Buffer.alloc(BLOCK)).setAutoPadding(false);
  const plain = Buffer.concat([cipher.update(data), cipher.final()]);
  const padding = (plain[3] as number) >> 4;
  return plain.subarray(0, 3).equals(SIGNATURE) && padding < BLOCK ? plain.subarray(4, plain.length - padding).toString('utf8') : null;
}

/** Three times the same key is plain DES; the lowest bit of each octet is parity and without effect. */
function keyOf(peer: string): Buffer {
  const key = Buffer.from(SEED);
  for (const [at, octet] of Buffer.from(`${peer}_passwd`, 'utf8').entries()) key[at % BLOCK] = (key[at % BLOCK] as number) ^ octet;
  const folded = key.map((octet) => octet & 0x7e);
  return Buffer.concat([folded, folded, folded]);
}
