/**
 * `neighbor X password 7 …` as EOS prints it: no secret, a code. DES in CBC mode with a zero vector; the key is made of the name of the neighbor or
 * group, so one password is another text for each of them. Found out by K. Köhntopp (blog.koehntopp.info, "Arista Type 7 Passwords", 2021);
 * checked against codes that switches have printed. What is sent in this form is printed back byte for byte.
 */
import { createCipheriv } from 'node:crypto';

const SEED = Buffer.from('d5a8c91ef5d58a23', 'hex');
const SIGNATURE = Buffer.from('4c88bb', 'hex');
const BLOCK = 8;

/** @param peer address, interface or group, as it stands in the line. */
export function encodeNeighborPassword(peer: string, password: string): string {
  const [text, header] = [Buffer.from(password, 'utf8'), SIGNATURE.length + 1];
  const padding = (BLOCK - ((text.length + header) % BLOCK)) % BLOCK;
  const plain = Buffer.concat([SIGNATURE, Buffer.from([padding * 16 + 0x0e]), text, Buffer.alloc(padding)]);
  const key = keyOf(`${peer}_passwd`);
  // OpenSSL 3 has no single DES; three times the same key is one.
  const cipher = createCipheriv('des-ede3-cbc', Buffer.concat([key, key, key]), Buffer.alloc(BLOCK)).setAutoPadding(false);
  return Buffer.concat([cipher.update(plain), cipher.final()]).toString('base64');
}

/** Each byte of the name is added to one of eight; the highest bit does not count. */
function keyOf(name: string): Buffer {
  const key = Buffer.from(SEED);
  for (const [at, byte] of Buffer.from(name, 'utf8').entries()) key[at % BLOCK] = (key[at % BLOCK] as number) ^ byte;
  return Buffer.from(key.map((byte) => byte & 0x7f));
}

/** `neighbor X password 7 ` is the only place for a secret in our lines. */
export function eosSecretCode(secret: string, before: string): string {
  const [, peer] = /^\s*neighbor (\S+) password 7 $/.exec(before) ?? [];
  return peer === undefined ? secret : encodeNeighborPassword(peer, secret);
}
