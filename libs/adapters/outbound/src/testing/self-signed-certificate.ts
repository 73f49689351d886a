// Node can read certificates and not make them. These few DER structures (RFC 5280 §4.1) spare the tests an openssl and a key in git.
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

export interface SelfSignedCertificate {
  /** PEM, PKCS #8. */
  readonly key: string;
  /** PEM, ECDSA P-256 with SHA-256, valid until 2049. */
  readonly cert: string;
  /** Base64 of SHA-256 over the SubjectPublicKeyInfo: what a client pins. */
  readonly spkiSha256: string;
}

/** A fresh key each time: two certificates of one name never share a pin. */
export function selfSignedCertificate(commonName = 'localhost'): SelfSignedCertificate {
  // Encoded where they are made: key objects of a pair share a lock with the job that made them, and Node 20 may wait for it for ever.
  const { privateKey, publicKey: spki } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const signature = sequence(der(0x06, Buffer.from('2a8648ce3d040302', 'hex'))); // ecdsa-with-SHA256
  const oidCommonName = der(0x06, Buffer.from('550403', 'hex'));
  const name = sequence(der(0x31, sequence(oidCommonName, der(0x0c, Buffer.from(commonName)))));
  const validity = sequence(der(0x17, Buffer.from('200101000000Z')), der(0x17, Buffer.from('491231235959Z')));
  const serial = der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)]));
  const version3 = der(0xa0, der(0x02, Buffer.from([2])));
  const body = sequence(version3, serial, signature, name, validity, name, spki);
  const bits = der(0x03, Buffer.concat([Buffer.from([0]), sign('sha256', body, privateKey)]));
  return {
    key: privateKey,
    cert: pem(sequence(body, signature, bits)),
    spkiSha256: createHash('sha256').update(spki).digest('base64'),
  };
}

const sequence = (...parts: Buffer[]): Buffer => der(0x30, Buffer.concat(parts));

function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function pem(content: Buffer): string {
  const lines = content.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}
