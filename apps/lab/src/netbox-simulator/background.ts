/** `?background=true` of 4.7: a list of writes is done after the answer, by a worker, and asked for as a job. */
import type { Kind } from './model.js';
import { randomUUID } from 'node:crypto';
import type { Act, Answer } from './act.js';
import type { Json, JsonObject } from './json.js';
import { detail, Refusal } from './refusal.js';
import { isoFormat } from './timestamps.js';
import type { Shared } from './viewer.js';

export class Background {
  private readonly running = new Set<Promise<void>>();

  constructor(
    private readonly shared: Shared,
    /** Without a worker nothing is taken. */
    private readonly hasWorkers: boolean,
    /** Done when the work is: what would be done after a request. */
    private readonly finished: (act: Act) => void,
  ) {}

  /** Null where it is not asked for. */
  take(act: Act, kind: Kind, work: () => Promise<Answer>): Answer | null {
    if (!this.shared.release.isAtLeast('4.7') || act.parameters.get('background')?.toLowerCase() !== 'true') return null;
    if (act.hasPrecondition) throw new Refusal(400, ['The If-Match header is not supported with background processing.']);
    if (!this.hasWorkers) throw detail(503, 'Unable to process request: RQ worker process not running.');
    const { db } = this.shared;
    const [id, now] = [db.table('core.job').takeId(), db.now()];
    const verb = { POST: 'create', DELETE: 'delete' }[act.method] ?? 'update';
    const values: JsonObject = {
      name: `Bulk ${verb} ${kind.label}s`,
      state: 'pending',
      user: act.user.id,
      data: null,
      error: '',
      job_id: randomUUID(),
      started: null,
      completed: null,
    };
    db.put('core.job', { id, created: now, updated: now, values, tags: [], custom: {} });
    const job = this.run(act, id, work);
    this.running.add(job);
    void job.finally(() => this.running.delete(job));
    const url = `${act.origin}/api/core/jobs/${id}/`;
    return { status: 202, body: { job: { id, url, status: 'pending' } }, headers: { location: url } };
  }

  async idle(): Promise<void> {
    while (this.running.size > 0) await Promise.all(this.running);
  }

  private async run(act: Act, id: number, work: () => Promise<Answer>): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.set(id, { state: 'running', started: isoFormat(this.shared.db.now(), 'Z') });
    const { status, body } = await work().catch((error: unknown) => {
      if (error instanceof Refusal) return { status: error.status, body: error.body };
      return { status: 500, body: { error: String(error) } as Json };
    });
    if (status < 400) this.finished(act);
    const state = status < 400 ? 'completed' : 'failed';
    this.set(id, { state, completed: isoFormat(this.shared.db.now(), 'Z'), data: { status_code: status, data: body ?? null } });
  }

  private set(id: number, changed: JsonObject): void {
    const row = this.shared.db.table('core.job').get(id);
    if (row) this.shared.db.put('core.job', { ...row, values: { ...row.values, ...changed } });
  }
}
