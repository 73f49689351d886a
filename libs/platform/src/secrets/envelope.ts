import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { DomainError } from '#engines/kernel';
import { Secret } from './secret.js';

const TAG_BYTES = 16; // Node accepts a 4-byte tag unless the length is stated (measured on 20.20).
const NONCE_BYTES = 12;
const ID_BYTES = 8;
/** Version 1 named no key: it is tried with each. Version 2 is `2 · key id · nonce · tag · body`. */
const WITHOUT_ID = 1;
const WITH_ID = 2;

interface Kek {
  /** The first bytes of a hash of the key: it says which key, and nothing of it. */
  readonly id: Buffer;
  readonly key: Buffer;
}

/**
 * Secrets at rest: AES-256-GCM, 96-bit random nonce, bound to the row it stands in. `context` names that row
 * (`device/<id>/secret`): a ciphertext that was moved to another row does not open. Several keys open, one seals: so a key can be replaced
 * while processes with the one before still run.
 */
export class Envelope {
  readonly #keks: readonly Kek[];

  /** @param previous keys that only open. */
  constructor(kek: Secret, previous: readonly Secret[] = []) {
    this.#keks = [kek, ...previous].map((secret) => kekOf(Buffer.from(secret.reveal(), 'base64')));
  }

  /** What everything begins with that is sealed under the present key. */
  get header(): Buffer {
    return Buffer.concat([Buffer.from([WITH_ID]), this.sealing.id]);
  }

  seal(context: string, secret: Secret): Buffer {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.sealing.key, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(boundTo(WITH_ID, context));
    const body = Buffer.concat([cipher.update(secret.reveal(), 'utf8'), cipher.final()]);
    return Buffer.concat([this.header, nonce, cipher.getAuthTag(), body]);
  }

  /** @throws DomainError SECRET_UNREADABLE when the key, the row or the bytes are not those it was sealed with. */
  open(context: string, sealed: Buffer): Secret {
    try {
      if (sealed[0] === WITHOUT_ID) return this.openWithAny(context, sealed.subarray(1));
      if (sealed[0] !== WITH_ID) throw new Error(`unknown envelope version ${sealed[0]}`);
      const id = sealed.subarray(1, 1 + ID_BYTES);
      const kek = this.#keks.find((known) => known.id.equals(id));
      if (!kek) throw new Error(`it was sealed with the key ${id.toString('hex')}, which is not one of ours`);
      return decipher(kek, WITH_ID, context, sealed.subarray(1 + ID_BYTES));
    } catch (cause) {
      throw new DomainError('SECRET_UNREADABLE', `the secret of ${context} cannot be read with this TRAME_KEK`, { context }, { cause });
    }
  }

  private openWithAny(context: string, rest: Buffer): Secret {
    let cause: unknown;
    for (const kek of this.#keks) {
      try {
        return decipher(kek, WITHOUT_ID, context, rest);
      } catch (error) {
        cause = error; // Another key may be the one; if none is, the last one says why.
      }
    }
    throw cause;
  }

  private get sealing(): Kek {
    return this.#keks[0] as Kek;
  }
}

const kekOf = (key: Buffer): Kek => ({ key, id: createHash('sha256').update('trame|kek|').update(key).digest().subarray(0, ID_BYTES) });

const boundTo = (version: number, context: string): Buffer => Buffer.from(`trame|v${version}|${context}`);

function decipher({ key }: Kek, version: number, context: string, rest: Buffer): Secret {
  const body = NONCE_BYTES + TAG_BYTES;
  const opening = createDecipheriv('aes-256-gcm', key, rest.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
  opening.setAAD(boundTo(version, context));
  opening.setAuthTag(rest.subarray(NONCE_BYTES, body));
  return new Secret(Buffer.concat([opening.update(rest.subarray(body)), opening.final()]).toString('utf8'));
}
