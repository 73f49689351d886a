import ssh2 from 'ssh2';

export interface SshKeyPair {
  /** OpenSSH format, unencrypted. */
  readonly privateKey: string;
  /** One line without comment: `ssh-ed25519 AAAA…`. */
  readonly publicKey: string;
}

/** A new ed25519 key: the client key of a fabric, or the host key of a lab device. */
export function generateSshKeyPair(): SshKeyPair {
  const pair = ssh2.utils.generateKeyPairSync('ed25519');
  return { privateKey: pair.private, publicKey: pair.public.trim() };
}
