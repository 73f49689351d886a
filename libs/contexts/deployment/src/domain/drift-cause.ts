/** What has probably happened, in one sentence. Told from where a line stands and where it does not; never from a guess about people. */
import type { FileTrace } from '../ports/index.js';

export interface HostTraces {
  /** Does what runs say it, and does the file? */
  readonly isRunning: boolean;
  readonly isInFile: boolean;
  readonly file: string;
  /** Undefined: nobody knows. */
  readonly trace: FileTrace | undefined;
  /** vtysh writes the version into what it saves; we do not. */
  readonly isSavedByVtysh: boolean;
  /** Ours, and not said any more. */
  readonly isLineGone: boolean;
}

export interface SwitchTraces {
  /** What the startup-config says of it is what runs. */
  readonly isSaved: boolean;
  /** Ours, and gone or changed. */
  readonly isOurs: boolean;
  readonly upSeconds: number | null;
  readonly secondsSincePush: number | null;
}

export const UNCONFIRMED = 'our last push was not confirmed, and the device carries a part of it';
export const LIVE = 'changed by hand with `ip` or `bridge`, or it did not come up: the file says it as we left it';
export const NOT_IN_FORCE =
  'somebody changed it and did not apply that, a node did not take it, or an execution of Trame ended before it was done';
export const FILE_GONE = 'the file was deleted: what runs stays until the next reload or restart';
export const FRR_SILENT = 'FRR is not running, or does not answer';

export function causeOnHost({ isRunning, isInFile, file, trace, isSavedByVtysh, isLineGone }: HostTraces): string {
  if (isRunning && !isInFile)
    return isLineGone
      ? `taken away by hand in vtysh, or FRR did not take it: ${file} still has it`
      : 'typed by hand in vtysh: `write memory` is missing, the next restart of FRR takes it away';
  if (isSavedByVtysh) return 'typed by hand in vtysh and saved with `write memory`';
  const who = trace === undefined ? '' : ` (owner ${trace.owner}, changed ${ago(trace.modifiedSecondsAgo)})`;
  return `another program or person overwrote ${file}${who}${isRunning ? '' : '; it is not in force before the next reload'}`;
}

export function causeOnSwitch({ isSaved, isOurs, upSeconds, secondsSincePush }: SwitchTraces): string {
  if (isOurs && isSaved && upSeconds !== null && secondsSincePush !== null && upSeconds < secondsSincePush)
    return `the device rebooted ${ago(upSeconds)} and booted an older startup-config`;
  if (!isSaved) return isOurs ? 'changed by hand and not saved: a reload brings ours back' : 'typed by hand: `write memory` is missing';
  return isOurs ? 'changed by hand and saved' : 'typed by hand and saved, or written by another tool';
}

function ago(seconds: number): string {
  if (seconds < 120) return `${Math.max(0, Math.round(seconds))} s ago`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min ago`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h ago` : `${Math.round(seconds / 86_400)} days ago`;
}
