/** The one type between the stages: what a device shall have, by path. */
export interface Artefact {
  /** Device slug. */
  readonly device: string;
  /** Absolute path on a host; `running-config` for the owned lines of an EOS device. */
  readonly path: string;
  readonly format: 'ifupdown2' | 'frr' | 'eos';
  /** Octal file mode, e.g. 0o644; unused for EOS. */
  readonly mode: number;
  readonly owner: 'root' | 'frr';
  readonly content: string;
  /** SHA-256 of `content`, hexadecimal. */
  readonly sha256: string;
}
