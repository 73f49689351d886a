/**
 * Names of our configuration sessions: `trame-<revision>-<fence>-<n>`. They are what a switch knows of us: a person reads the revision there,
 * and the fence lets an older execution see that it is not alone any more; n counts attempts, because EOS does not take a completed name
 * again. Nothing of it is in the configuration: a network that goes leaves the bytes that were there before. Sessions of others are never
 * touched.
 */
export interface SessionName {
  readonly revision: number;
  readonly fence: number;
  readonly attempt: number;
}

export function sessionName({ revision, fence, attempt }: SessionName): string {
  return `trame-${revision}-${fence}-${attempt}`;
}

export function parseSessionName(name: string): SessionName | undefined {
  const match = /^trame-(\d{1,15})-(\d{1,15})-(\d{1,9})$/.exec(name);
  return match === null ? undefined : { revision: Number(match[1]), fence: Number(match[2]), attempt: Number(match[3]) };
}
