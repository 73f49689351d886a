import { createLogger, LeaseService, type Logger, newId, systemScope } from '#platform';
import { encodeId } from '#engines/kernel';
import { type OpenDatabase, openTestDatabase } from '../../../../test/support/open-database.js';
import { AuditService } from './audit.service.js';
import { EventService } from './event.service.js';
import { type Invariant, InvariantRegistry, type Slices } from './invariant.js';
import { InvariantInspector } from './invariant-inspector.js';
import { InvariantWatch } from './invariant-watch.js';
import { ReconcilerRegistry } from './reconciler.js';
import { InvariantFindingStore } from './store/invariant-finding.store.js';

let opened: OpenDatabase;
beforeAll(async () => {
  opened = await openTestDatabase([]);
});
afterAll(() => opened.close());

const silent = createLogger('silent');
const sql = <Row extends object>(text: string, values: readonly unknown[] = []): Promise<Row[]> =>
  opened.db.inTransaction(systemScope('test'), (tx) => tx.sql<Row>(text, values));
const running = new AbortController().signal;

/** Five things in slices of two, and what is wrong with them; asked by two invariants. */
class Things {
  readonly ids = Array.from({ length: 5 }, () => newId<string>()).sort();
  readonly name = `things ${this.ids[0]}`;
  readonly wrong = new Map<string, string>();
  readonly asked: string[][] = [];
  /** What the first invariant answers instead. */
  failure: Error | undefined;
  onQuestion: () => Promise<void> = () => Promise.resolve();

  readonly slices: Slices = {
    name: this.name,
    kind: 'pool',
    next: async (_tx, after) => this.ids.filter((id) => after === null || id > after).slice(0, 2),
  };
  readonly sound: Invariant = {
    name: `sound ${this.name}`,
    says: 'Things are sound.',
    remedy: 'Mend them.',
    slices: this.slices,
    violations: async (_tx, ids) => {
      this.asked.push([...ids]);
      await this.onQuestion();
      if (this.failure) throw this.failure;
      return ids.filter((id) => this.wrong.has(id)).map((id) => ({ id, what: this.wrong.get(id) as string }));
    },
  };
  readonly quiet: Invariant = { ...this.sound, name: `quiet ${this.name}`, violations: async () => [] };
}

/** As one worker has it. */
function watchOf(things: Things, log: Logger = silent): InvariantWatch {
  const registry = new InvariantRegistry();
  registry.add(things.sound, things.quiet);
  const audit = new AuditService();
  return new InvariantWatch(
    opened.db,
    new LeaseService(opened.db, silent, 3),
    registry,
    new InvariantInspector(opened.db, audit),
    new InvariantFindingStore(),
    new EventService(),
    audit,
    new ReconcilerRegistry(),
    log,
  );
}

/** As if the last round was ten minutes ago. */
const later = (things: Things) =>
  sql(`UPDATE invariant_round SET ended_at = ended_at - interval '10 minutes' WHERE slices = $1`, [things.name]);
const told = async (things: Things): Promise<string[]> =>
  (
    await sql<{ type: string; subject_id: string }>('SELECT type, subject_id FROM event WHERE subject_id = ANY($1) ORDER BY cursor', [
      things.ids,
    ])
  ).map((row) => `${row.type} ${things.ids.indexOf(row.subject_id)}`);

describe('the watch over invariants', () => {
  it('looks at everything slice by slice, and then rests', async () => {
    const things = new Things();
    await watchOf(things).run(running);
    expect(things.asked).toEqual([things.ids.slice(0, 2), things.ids.slice(2, 4), things.ids.slice(4)]);
    await watchOf(things).run(running);
    expect(things.asked).toHaveLength(3);
    await later(things);
    await watchOf(things).run(running);
    expect(things.asked).toHaveLength(6);
    expect(await told(things)).toEqual([]);
  });

  it('tells once what is broken, says it in the log in every round, and tells when it is over', async () => {
    const things = new Things();
    const lines: [level: string, event: string, subject: unknown][] = [];
    const log: Logger = {
      ...silent,
      error: (event, fields) => void lines.push(['error', event, fields?.['subject']]),
      info: (event, fields) => void lines.push(['info', event, fields?.['subject']]),
    };
    const broken = things.ids[3] as string;
    things.wrong.set(broken, '7 of 8 is missing');
    for (let round = 0; round < 3; round++) {
      await watchOf(things, log).run(running);
      await later(things);
    }
    expect(await told(things)).toEqual(['invariant.broken 3']);
    expect(lines).toEqual(Array(3).fill(['error', 'invariant.broken', encodeId('pool', broken)]));
    expect(await sql('SELECT tenant_id, body FROM event WHERE subject_id = $1', [broken])).toEqual([
      {
        tenant_id: null,
        body: {
          invariant: things.sound.name,
          subject: encodeId('pool', broken),
          says: 'Things are sound.',
          remedy: 'Mend them.',
          what: ['7 of 8 is missing'],
        },
      },
    ]);
    expect(await sql('SELECT actor, action FROM audit_entry WHERE subject_id = $1', [broken])).toEqual([
      { actor: 'invariants', action: 'invariant.broken' },
    ]);
    things.wrong.clear();
    await watchOf(things, log).run(running);
    expect(await told(things)).toEqual(['invariant.broken 3', 'invariant.restored 3']);
    things.wrong.set(broken, 'again');
    await later(things);
    await watchOf(things).run(running);
    expect(await told(things)).toEqual(['invariant.broken 3', 'invariant.restored 3', 'invariant.broken 3']);
  });

  it('goes on where the last one stopped, whichever process that was', async () => {
    const things = new Things();
    things.wrong.set(things.ids[0] as string, 'wrong');
    const dying = new AbortController();
    things.onQuestion = async () => {
      if (things.asked.length === 2) dying.abort();
    };
    await watchOf(things).run(dying.signal);
    expect(things.asked).toHaveLength(2);
    await watchOf(things).run(running);
    expect(things.asked.flat()).toEqual(things.ids);
    expect(await told(things)).toEqual(['invariant.broken 0']);
  });

  it('is one at a time over all workers', async () => {
    const things = new Things();
    let [atOnce, most] = [0, 0];
    things.onQuestion = async () => {
      most = Math.max(most, ++atOnce);
      await watchOf(things).run(running); // While the first holds the lease.
      atOnce--;
    };
    await Promise.all([watchOf(things).run(running), watchOf(things).run(running)]);
    expect(most).toBe(1);
    expect(things.asked.flat()).toEqual(things.ids);
  });

  it('forgets a finding about a thing that is gone', async () => {
    const things = new Things();
    things.wrong.set(things.ids[4] as string, 'wrong');
    await watchOf(things).run(running);
    const gone = things.ids.pop() as string;
    await later(things);
    await watchOf(things).run(running);
    expect(await sql('SELECT 1 AS one FROM invariant_finding WHERE subject_id = $1', [gone])).toEqual([]);
  });

  it('says so when a question fails, asks the others, and does not take the silence for an all-clear', async () => {
    const things = new Things();
    const errors: string[] = [];
    const log: Logger = { ...silent, error: (event, fields) => void errors.push(`${event} ${String(fields?.['invariant'])}`) };
    things.wrong.set(things.ids[1] as string, 'wrong');
    await watchOf(things, log).run(running);
    await later(things);
    things.failure = new Error('canceling statement due to statement timeout');
    await watchOf(things, log).run(running);
    expect(errors).toEqual([`invariant.broken ${things.sound.name}`, ...Array<string>(3).fill(`invariant.not_asked ${things.sound.name}`)]);
    expect(await told(things)).toEqual(['invariant.broken 1']);
    things.failure = undefined;
    things.wrong.clear();
    await later(things);
    await watchOf(things, log).run(running);
    expect(await told(things)).toEqual(['invariant.broken 1', 'invariant.restored 1']);
  });

  it('finds each broken thing of a slice, however much is wrong with one of them', async () => {
    const things = new Things();
    const [first, second] = things.ids as [string, string];
    const flood: Invariant = {
      ...things.sound,
      violations: async (_tx, ids, limit) =>
        [...Array.from({ length: 150 }, (_, i) => ({ id: first, what: String(i) })), { id: second, what: 'one' }]
          .filter(({ id }) => ids.includes(id))
          .slice(0, limit),
    };
    const found = await new InvariantInspector(opened.db, new AuditService()).violations(flood, [first, second], 'test');
    expect(new Set(found.map(({ id }) => id))).toEqual(new Set([first, second]));
  });
});
