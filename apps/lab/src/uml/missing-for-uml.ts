/** Says in words why the user-mode kernel cannot run on this machine, as `Debian package …`, `root` or a reason. */
import { existsSync } from 'node:fs';

/** @param programs further Debian packages that a test runs inside → a file of theirs: the machine inside has the root of this one. */
export function missingForUml(programs: Readonly<Record<string, string>> = {}): string[] {
  if (process.platform !== 'linux') return [`Linux (this is ${process.platform})`];
  const needed = { 'user-mode-linux': '/usr/bin/linux.uml', iproute2: '/usr/bin/ip', kmod: '/usr/sbin/modprobe', ...programs };
  const lacking = Object.entries(needed).filter(([, file]) => !existsSync(file));
  return [...(process.getuid?.() === 0 ? [] : ['root']), ...lacking.map(([name]) => `Debian package ${name}`)];
}
