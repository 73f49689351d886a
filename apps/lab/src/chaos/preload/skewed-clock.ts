/** `node --import`: this process' wall clock jumps by so many seconds, after so many milliseconds. Timers go on, as in the kernel. */
import { CLOCK_AFTER_MS, CLOCK_SECONDS } from './settings.js';

const RealDate = Date;
const jumpMs = Number(process.env[CLOCK_SECONDS] ?? 0) * 1000;
const jumpsAt = performance.now() + Number(process.env[CLOCK_AFTER_MS] ?? 0);
const now = (): number => RealDate.now() + (performance.now() < jumpsAt ? 0 : jumpMs);

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args: [], newTarget: typeof Date) => Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as Date,
  apply: () => new RealDate(now()).toString(),
  get: (target, name, receiver) => (name === 'now' ? now : (Reflect.get(target, name, receiver) as unknown)),
});
