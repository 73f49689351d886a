/** Reads the answer of `collect`: what runs beside the files, what looks otherwise than they say, and who wrote them last. */
import type { DeviceCollection, FileTrace } from '#contexts/deployment/ports';
import type { Answer } from './answer.js';
import { hostFileOf } from './host-file.js';
import { interfaceDrift } from './ifquery-report.js';

type Observed = Pick<DeviceCollection, 'running' | 'live' | 'traces' | 'upSeconds'>;

const pathOf = (slot: string): string => hostFileOf(slot)?.path ?? slot;
const FRR = pathOf('frr');
const INTERFACES = pathOf('interfaces');

/** @throws Error when ifquery gave no report: that is no host without deviations. */
export function observedOnHost(answer: Answer): Observed {
  const running = answer.get('running');
  const traces = tracesOf(answer.get('traces')?.text ?? '');
  return {
    running: new Map([[FRR, running?.status === 0 ? running.text : null]]),
    live: liveDeviations(answer),
    traces: traces.files,
    upSeconds: traces.upSeconds,
  };
}

function liveDeviations(answer: Answer): Observed['live'] {
  const file = answer.get('interfaces');
  if (file?.status !== 0) return []; // A file that is gone is told as such.
  const report = answer.get('ifquery')?.text ?? '';
  return interfaceDrift(report, file.text).map(({ name, message }) => ({ path: INTERFACES, subject: `iface ${name}`, message }));
}

/** Lines `clock <seconds>`, `up <seconds>` and `<slot> <seconds of its change> <owner>`, by the host's own clock. */
function tracesOf(text: string): { readonly files: ReadonlyMap<string, FileTrace>; readonly upSeconds: number | null } {
  const words = new Map(text.split('\n').map((line): [string, readonly string[]] => [line.split(' ')[0] ?? '', line.split(' ').slice(1)]));
  const seconds = (name: string): number | null => (/^\d+$/.test(words.get(name)?.[0] ?? '') ? Number(words.get(name)?.[0]) : null);
  const clock = seconds('clock');
  const files = [...words].flatMap(([name, [, owner]]): [string, FileTrace][] => {
    const [file, changed] = [hostFileOf(name), seconds(name)];
    return file === null || clock === null || changed === null || owner === undefined
      ? []
      : [[file.path, { modifiedSecondsAgo: clock - changed, owner }]];
  });
  return { files: new Map(files), upSeconds: seconds('up') };
}
