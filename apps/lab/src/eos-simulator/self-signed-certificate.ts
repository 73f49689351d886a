/**
 * A self-signed X.509 v3 certificate (RFC 5280), as a switch makes for itself at first boot. Node makes keys and
 * signatures but no certificates, and a lab must run where there is no openssl: so the few DER structures are here.
 */
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

export interface SelfSignedCertificate {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  /** Base64 of SHA-256 over the SubjectPublicKeyInfo: what a client pins. */
  readonly spkiSha256: string;
}

const SEQUENCE = 0x30;
const SET = 0x31;
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OBJECT_IDENTIFIER = 0x06;
const UTF8_STRING = 0x0c;
const GENERALIZED_TIME = 0x18;

/** 2.5.4.3 */
const COMMON_NAME = Buffer.from('550403', 'hex');
/** 1.2.840.10045.4.3.2 */
const ECDSA_WITH_SHA256 = Buffer.from('2a8648ce3d040302', 'hex');

export function selfSignedCertificate(commonName: string): SelfSignedCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const name = der(
    SEQUENCE,
    der(SET, der(SEQUENCE, der(OBJECT_IDENTIFIER, COMMON_NAME), der(UTF8_STRING, Buffer.from(commonName, 'utf8')))),
  );
  const algorithm = der(SEQUENCE, der(OBJECT_IDENTIFIER, ECDSA_WITH_SHA256));
  // Version 1: without extensions; a pin needs none. Dates as RFC 5280 §4.1.2.5 wants them for "no known end".
  const validity = der(
    SEQUENCE,
    der(GENERALIZED_TIME, Buffer.from('20200101000000Z')),
    der(GENERALIZED_TIME, Buffer.from('99991231235959Z')),
  );
  const serial = randomBytes(16);
  serial[0] = ((serial[0] as number) & 0x7f) | 0x01; // positive, and no leading zero octet
  const unsigned = der(SEQUENCE, der(INTEGER, serial), algorithm, name, validity, name, spki);
  const signature = sign('sha256', unsigned, privateKey);
  const certificate = der(SEQUENCE, unsigned, algorithm, der(BIT_STRING, Buffer.concat([Buffer.from([0]), signature])));
  return {
    certificatePem: `-----BEGIN CERTIFICATE-----\n${(certificate.toString('base64').match(/.{1,64}/g) ?? []).join('\n')}\n-----END CERTIFICATE-----\n`,
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    spkiSha256: createHash('sha256').update(spki).digest('base64'),
  };
}

/** Tag, length, content (X.690 §8.1): lengths from 128 on are written as the number of length octets, then the length. */
function der(tag: number, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content);
  if (body.length < 128) return Buffer.concat([Buffer.from([tag, body.length]), body]);
  const length = Buffer.from(body.length.toString(16).padStart(body.length > 255 ? 4 : 2, '0'), 'hex');
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, body]);
}
