import { createPrivateKey } from 'node:crypto';
import ssh2 from 'ssh2';
import { encodeKeyPair, generateSshKeyPair } from './ssh-key-pair.js';

const SEEDS = [36, 218, 220];

function parsed(text: string): ssh2.ParsedKey {
  const key = ssh2.utils.parseKey(text);
  if (key instanceof Error) throw key;
  return key;
}

describe('SSH key pairs', () => {
  it('are read by an SSH implementation, and what one half signs the other half accepts', () => {
    for (let round = 0; round < 20; round += 1) {
      const { privateKey, publicKey } = generateSshKeyPair();
      expect(publicKey).toMatch(/^ssh-ed25519 [A-Za-z0-9+/]+=*$/);
      const data = Buffer.from('data');
      expect(parsed(publicKey).verify(data, parsed(privateKey).sign(data))).toBe(true);
    }
  });

  // Seeds whose public key begins with a zero octet, found by trying all: one in 256.
  it.each(SEEDS)('keep octets that are zero at the start of the public key: seed %i', (index) => {
    const { seed, publicOctets } = keyOfSeed(index);
    expect(publicOctets[0]).toBe(0);
    const pair = encodeKeyPair(publicOctets, seed, Buffer.from('abcd'));
    const data = Buffer.from('data');
    expect(parsed(pair.publicKey).verify(data, parsed(pair.privateKey).sign(data))).toBe(true);
  });
});

/** The key whose seed is a number: RFC 8410 PKCS #8 around 32 octets. */
function keyOfSeed(index: number): { seed: Buffer; publicOctets: Buffer } {
  const seed = Buffer.alloc(32);
  seed.writeUInt32BE(index, 28);
  const key = createPrivateKey({
    key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]),
    format: 'der',
    type: 'pkcs8',
  });
  return { seed, publicOctets: Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url') };
}
