import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { DomainError } from '#engines/kernel';
import { Secret } from './secret.js';

const TAG_BYTES = 16; // Node accepts a 4-byte tag unless the length is stated (measured on 20.20).

/**
 * Secrets at rest: AES-256-GCM, 96-bit random nonce, bound to the row it stands in. `context` names that row
 * (`device/<id>/secret`): a ciphertext that was moved to another row does not open.
 */
export class Envelope {
  readonly #kek: Buffer;
  constructor(kek: Secret) {
    this.#kek = Buffer.from(kek.reveal(), 'base64');
  }

  seal(context: string, secret: Secret): Buffer {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.#kek, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(Buffer.from(`trame|v1|${context}`));
    const body = Buffer.concat([cipher.update(secret.reveal(), 'utf8'), cipher.final()]);
    return Buffer.concat([Buffer.from([1]), nonce, cipher.getAuthTag(), body]);
  }

  /** @throws DomainError SECRET_UNREADABLE when the key, the row or the bytes are not those it was sealed with. */
  open(context: string, sealed: Buffer): Secret {
    try {
      if (sealed[0] !== 1) throw new Error(`unknown envelope version ${sealed[0]}`);
      const decipher = createDecipheriv('aes-256-gcm', this.#kek, sealed.subarray(1, 13), { authTagLength: TAG_BYTES });
      decipher.setAAD(Buffer.from(`trame|v1|${context}`));
      decipher.setAuthTag(sealed.subarray(13, 13 + TAG_BYTES));
      return new Secret(Buffer.concat([decipher.update(sealed.subarray(13 + TAG_BYTES)), decipher.final()]).toString('utf8'));
    } catch (cause) {
      throw new DomainError('SECRET_UNREADABLE', `the secret of ${context} cannot be read with this TRAME_KEK`, { context }, { cause });
    }
  }
}
