import { SessionClient } from './session-client.js';

/** Proves that its timer runs, and does not ask whether somebody else has committed since its session was opened. */
export class WithoutGuard extends SessionClient {
  async commit(): Promise<'DONE' | 'FAILED'> {
    try {
      await this.run(`configure session ${this.session}`, 'commit timer 00:01:00');
    } catch {
      // No answer is no failure: what became of it is asked next.
    }
    if (await this.isTimerRunning()) return this.confirm();
    await this.abort();
    return 'FAILED';
  }
}
