import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError } from '#engines/kernel';

const pidFile = (cluster: string): string => path.join(cluster, 'postmaster.pid');

/**
 * Postgres refuses a directory whose `postmaster.pid` names a living process, whatever process that is: after a crash of the
 * machine or of a container the number often belongs to something else. Such a file is removed here. A real postmaster is
 * given the time to end, because that of a launcher which was killed is on its way out (see `Postmaster`).
 *
 * @throws DomainError EMBEDDED_POSTGRES_IN_USE when another Postgres works on the directory.
 */
export async function releaseDirectory(cluster: string, withinMs = 5000): Promise<void> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const pid = recordedPid(cluster);
    if (pid === undefined) return;
    if (!worksOn(pid, cluster)) return fs.rmSync(pidFile(cluster), { force: true });
    if (performance.now() > deadline) {
      throw new DomainError(
        'EMBEDDED_POSTGRES_IN_USE',
        `process ${pid} is a Postgres that works on ${cluster}: stop it, or choose another directory`,
        {
          pid,
          directory: cluster,
        },
      );
    }
    await sleep(20);
  }
}

function recordedPid(cluster: string): number | undefined {
  try {
    const pid = Number.parseInt(fs.readFileSync(pidFile(cluster), 'utf8'), 10);
    return pid > 0 ? pid : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** A postmaster stays in its data directory. Where /proc cannot tell (macOS, a process of somebody else), alive is enough. */
function worksOn(pid: number, cluster: string): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  try {
    return fs.readlinkSync(`/proc/${pid}/cwd`) === cluster;
  } catch (error) {
    // ENOENT with a /proc: a dead process that nobody has waited for yet (an init of a container that reaps nothing).
    return (error as NodeJS.ErrnoException).code !== 'ENOENT' || !fs.existsSync('/proc/self');
  }
}
