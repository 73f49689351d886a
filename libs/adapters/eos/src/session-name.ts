/**
 * Names of our configuration sessions: `trame-<fence>-<n>`. The fence on the switch lets an older execution see that it is
 * not alone any more; n counts attempts, because EOS does not take a completed name again. Sessions of others are never touched.
 */
export interface SessionName {
  readonly fence: number;
  readonly attempt: number;
}

export function sessionName({ fence, attempt }: SessionName): string {
  return `trame-${fence}-${attempt}`;
}

export function parseSessionName(name: string): SessionName | undefined {
  const match = /^trame-(\d{1,16})-(\d{1,9})$/.exec(name);
  return match === null ? undefined : { fence: Number(match[1]), attempt: Number(match[2]) };
}
