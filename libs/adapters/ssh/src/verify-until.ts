import { hasFailed, type VerifyCheck, type VerifyReport } from '#contexts/deployment/ports';
import { isDomainError } from '#engines/kernel';
import type { PushClient } from './push-client.js';

const POLL_MS = 200;

/**
 * Asks until nothing fails any more or the time is over, over a connection that was made after the change: only that proves that the device can still be managed.
 * @param look asks once. What it throws ends the verification, but for UNREACHABLE, which is a check that fails.
 */
export async function verifyUntil(
  client: PushClient,
  withinMs: number,
  look: () => Promise<readonly VerifyCheck[]>,
): Promise<VerifyReport> {
  const deadline = performance.now() + withinMs;
  let isNew = false;
  for (;;) {
    let checks: readonly VerifyCheck[];
    try {
      if (!isNew) await client.reconnect();
      isNew = true;
      checks = await look();
    } catch (error) {
      if (!isDomainError(error) || error.code !== 'UNREACHABLE') throw error;
      isNew = false;
      checks = [{ name: 'management', ok: false, message: `no new connection after the change: ${error.message}` }];
    }
    const ok = !checks.some(hasFailed);
    if (ok || performance.now() + POLL_MS > deadline) return { ok, checks };
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
