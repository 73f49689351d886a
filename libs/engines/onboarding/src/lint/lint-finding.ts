/** Something wrong, or worth knowing, about configurations that were imported. */
export type Severity = 'ERROR' | 'WARNING' | 'INFO';

export interface LintFinding {
  /** Stable: of a deviation, of a check of the fabric, or of this room. */
  readonly code: string;
  /** ERROR: wrong today. WARNING: breaks with the next device, release or mistake. INFO: otherwise than Trame would, and no harm. */
  readonly severity: Severity;
  readonly devices: readonly string[];
  /** In words of the device. */
  readonly subject: string;
  readonly sentence: string;
  readonly fix: string;
}
