/**
 * Makes ed25519 keys in OpenSSH's formats (PROTOCOL.key of OpenSSH, RFC 8709). Not with ssh2.utils.generateKeyPairSync: in
 * 1.17.0 it drops leading zero octets, and one key in some 300 is unusable ("error in libcrypto").
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto';

export interface SshKeyPair {
  /** OpenSSH format, unencrypted. */
  readonly privateKey: string;
  /** One line without comment: `ssh-ed25519 AAAA…`. */
  readonly publicKey: string;
}

const TYPE = 'ssh-ed25519';

/** A new ed25519 key: the client key of a fabric, or the host key of a lab device. */
export function generateSshKeyPair(): SshKeyPair {
  // Encoded where they are made. In Node 20 a key object that is exported as JWK holds the key's lock while it makes strings; where these begin a garbage
  // collection that takes away the job that made the key, that waits for the same lock, and the process stands still for ever.
  const { publicKey, privateKey } = generateKeyPairSync('ed25519', {
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'der' },
  });
  return encodeKeyPair(octetsOf(publicKey), octetsOf(privateKey), randomBytes(4));
}

/** RFC 8410 §4 and §7: both documents end with the 32 octets of the key. */
const octetsOf = (der: Buffer): Buffer => der.subarray(-32);

/** @param check four octets that stand twice in the private part, where a wrong passphrase would show. */
export function encodeKeyPair(publicOctets: Buffer, seed: Buffer, check: Buffer): SshKeyPair {
  const publicBlob = Buffer.concat([text(TYPE), text(publicOctets)]);
  const secret = Buffer.concat([check, check, text(TYPE), text(publicOctets), text(Buffer.concat([seed, publicOctets])), text('')]);
  const padding = Buffer.from(Array.from({ length: (8 - (secret.length % 8)) % 8 }, (_, index) => index + 1));
  const one = Buffer.from([0, 0, 0, 1]);
  const body = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    text('none'), // cipher
    text('none'), // key derivation
    text(''), // its options
    one,
    text(publicBlob),
    text(Buffer.concat([secret, padding])),
  ]);
  const lines = body.toString('base64').match(/.{1,70}/g) ?? [];
  return {
    privateKey: ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----', ''].join('\n'),
    publicKey: `${TYPE} ${publicBlob.toString('base64')}`,
  };
}

/** `string` of RFC 4251 §5: length, then octets. */
function text(value: string | Buffer): Buffer {
  const octets = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(octets.length);
  return Buffer.concat([length, octets]);
}
