/** `npm run chaos -- --scenario sync`: a NetBox is kept right while workers die, the line is bad, and people work on both sides of it. */
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startDemoDevices } from '../../demo/demo-devices.js';
import { demoInventory } from '../../fabrics/demo-inventory.js';
import { type NetBoxSimulator, startNetBoxSimulator } from '../../netbox-simulator/index.js';
import { ApiCaller } from '../api-caller.js';
import type { ChaosDatabase } from '../chaos-database.js';
import { Dice } from '../dice.js';
import { Installation, type InstallationOptions, type Place, type Say } from '../installation.js';
import { leaveBehind } from '../leave-behind.js';
import { Ledger } from '../ledger.js';
import { Nemesis } from '../nemesis.js';
import { type Customer, OrderClient } from '../order-client.js';
import { settle, type Settling } from '../settle.js';
import { pause } from '../timing.js';
import { checkSync, wordsThatDiffer } from './check-sync.js';
import { Clerk } from './clerk.js';
import { type CrookedLine, startCrookedLine } from './crooked-line.js';
import { Edits } from './edits.js';
import { NetBoxColleague } from './netbox-colleague.js';
import { NetBoxTrouble } from './netbox-trouble.js';
import type { SyncChaosReport } from './sync-chaos-report.js';

/** Deaths in the middle of a run above all. */
const WEIGHTS = {
  killApi: 0.7,
  killWorker: 3,
  stopWorker: 1.5,
  wipeQueue: 1.5,
  restartPostgres: 0.6,
  crashWorker: 6,
  jumpClock: 0,
  twoReleases: 0,
};
const POINTS = ['inventory.planned', 'inventory.batch_written', 'inventory.applied'] as const;
/** Two workers share some dozen runs: whoever waits for a fourth one is killed before. */
const PASSES = 2;
/** A worker that comes back takes some seconds before it does anything that it can die in. */
const PACE_MS = [2000, 5000] as const;
/** So many requests come to NetBox between two faults of processes, or that time passes: on a busy machine a worker would be struck before it has done anything. */
const PEACE_REQUESTS = 20;
const PEACE_MS = 5000;
/** Whoever is to die in a run has so long to come by. */
const DEATH_WITHIN_MS = 12_000;
/** What has to have been carried out, or the run proves nothing of it. */
const LINES = ['CREATE', 'UPDATE', 'DELETE'] as const;
const CONNECTOR = { kind: 'NETBOX', slug: 'netbox', mode: 'WRITE', graceSeconds: 1, scanEverySeconds: 60 } as const;
const SETTINGS = { device: { role: 'leaf', deviceType: 'vtep', site: 'par1' }, rir: 'private', createMissing: true };
const CREATE = `mutation ($input: CreateConnectorInput!) { createConnector(input: $input) { connector { id } errors { code message } } }`;
/** What is sent to be made and not answered is sent again by nobody for three minutes. */
const GIVE_UP_AFTER_SECONDS = 300;
const AT_REST = `SELECT r.state, r.counts, r.trigger FROM sync_run r WHERE r.id = (SELECT id FROM sync_run WHERE NOT is_dry_run ORDER BY started_at DESC, id DESC LIMIT 1)`;
const WAITING = `SELECT (SELECT count(*) FROM sync_run WHERE phase <> 'ENDED')::int AS runs, (SELECT count(*) FROM sync_hint)::int AS hints,
  (SELECT count(*) FROM sync_conflict WHERE resolved_at IS NULL)::int AS conflicts,
  (SELECT count(*) FROM sync_link WHERE state = 'DEPRECATED')::int AS leaving,
  (SELECT count(*) FROM sync_change WHERE state = 'PROPOSED' AND run_id = (SELECT id FROM sync_run WHERE trigger = 'PERSON' ORDER BY started_at DESC, id DESC LIMIT 1))::int AS proposed`;

export interface SyncChaosOptions extends Pick<InstallationOptions, 'queue' | 'directory'> {
  readonly seed: number;
  readonly seconds: number;
}

interface Actors {
  readonly clerk: Clerk;
  readonly colleague: NetBoxColleague;
  readonly trouble: NetBoxTrouble;
  readonly nemesis: Nemesis;
}

export class SyncChaosRun {
  private readonly installation: Installation;
  private readonly edits = new Edits();

  constructor(
    private readonly options: SyncChaosOptions,
    private readonly say: Say,
  ) {
    this.installation = new Installation({ ...options, outbox: true, durable: false }, say);
  }

  /** @throws when the set-up fails, which is no verdict about the product. */
  async run(): Promise<SyncChaosReport> {
    const devices = await startDemoDevices(join(this.options.directory, 'lab'), ['this is about NetBox']);
    this.installation.later(() => devices.close());
    const place = await this.installation.start();
    const customer = await this.installation.populate(place, demoInventory(devices.endpoints));
    const netbox = await startNetBoxSimulator();
    this.installation.later(() => netbox.close());
    const line = await startCrookedLine(netbox.url);
    this.installation.later(() => line.close());
    return this.breakAndCheck(place, customer, netbox, line);
  }

  close(): Promise<void> {
    return this.installation.close();
  }

  killNow(): void {
    this.installation.killNow();
  }

  private async breakAndCheck(place: Place, customer: Customer, netbox: NetBoxSimulator, line: CrookedLine): Promise<SyncChaosReport> {
    const { seed, seconds, directory } = this.options;
    const { over, supervisor } = this.installation;
    const dice = new Dice(seed);
    const api = new ApiCaller(place.apiUrl);
    const tell = (event: object): void =>
      appendFileSync(join(directory, 'faults.jsonl'), `${JSON.stringify({ at: new Date().toISOString(), ...event })}\n`);
    const trame = netbox.state.user('trame', null);
    const input = { ...CONNECTOR, url: line.url, secret: trame.value, settings: SETTINGS };
    const made = await api.graphql<{ connector: { id: string } }>(customer.operatorToken, CREATE, { input });
    if (made.kind !== 'acked') throw new Error(`the connector could not be made: ${JSON.stringify(made)}`);
    const actors: Actors = {
      clerk: new Clerk(api, place.database, customer, made.value.connector.id, this.edits, dice.fork(), tell),
      colleague: new NetBoxColleague(netbox, this.edits, dice.fork(), tell),
      trouble: new NetBoxTrouble(netbox, line, trame.user, dice.fork(), tell, () => this.isGivenUp(place)),
      nemesis: new Nemesis({ supervisor, ...place, devices: new Map() }, dice.fork(), tell, {
        weights: WEIGHTS,
        points: POINTS,
        passes: PASSES,
        pace: PACE_MS,
        peace: (ending) => this.peace(netbox, ending),
      }),
    };
    await this.untilKept(place, actors);
    const layout = {
      hosts: ['pve1', 'pve2'],
      leafs: ['test'],
      edgePorts: ['Ethernet2', 'Ethernet4'],
      hostsOfEach: [1, 2] as const,
      mostLeafs: 1,
      pace: [600, 2500] as const,
    };
    const ending = this.installation.endingAfter(seconds);
    this.say(`NetBox has what Trame has; people work on both sides, faults begin, for ${seconds} s`);
    const ledger = new Ledger(join(directory, 'ledger.jsonl'));
    const client = new OrderClient('c1', dice.fork(), api, customer, ledger, layout).run(ending, over.signal);
    const { clerk, colleague, trouble, nemesis } = actors;
    await Promise.all([clerk.run(ending), colleague.run(ending), trouble.run(ending), nemesis.run(ending)]);
    tell({ faultsEnded: true });
    this.say('faults are over; what waits for a person is decided, until NetBox has what Trame has');
    const from = performance.now();
    const orders = await settle(place.database, client, GIVE_UP_AFTER_SECONDS);
    const rest = await this.rest(place, netbox, actors);
    over.abort();
    const settleSeconds = Math.round((performance.now() - from) / 100) / 10;
    return this.report(place, netbox, actors, { orders, rest, settleSeconds });
  }

  private async peace({ requests }: NetBoxSimulator, ending: AbortSignal): Promise<void> {
    const { supervisor } = this.installation;
    const [enough, begun] = [requests.length + PEACE_REQUESTS, Date.now()];
    const isPeace = (): boolean => {
      const within = supervisor.isAnyArmed ? DEATH_WITHIN_MS : PEACE_MS;
      return Date.now() < begun + within && (supervisor.isAnyArmed || requests.length < enough);
    };
    while (isPeace() && !ending.aborted) await pause(50, ending);
  }

  private async isGivenUp({ database }: Place): Promise<boolean> {
    const rows = await database.ask('SELECT 1 FROM sync_target WHERE failures >= 3').catch(() => []);
    return rows.length > 0;
  }

  /** The first time everything is written in peace. */
  private async untilKept({ database }: Place, { clerk }: Actors): Promise<void> {
    for (const deadline = Date.now() + 60_000; ; await pause(200)) {
      const [run] = await database.rows<{ state: string }>(AT_REST);
      if (run && run.state !== 'RUNNING') {
        if (run.state !== 'SUCCEEDED') throw new Error(`the first run ended as ${run.state}`);
        return;
      }
      if (Date.now() > deadline) throw new Error(`NetBox was not filled within a minute: ${JSON.stringify(await clerk.look())}`);
    }
  }

  /** @returns what is not at rest; empty: everything is. `unlisted`: words that differed and were in no conflict. */
  private async rest({ database }: Place, netbox: NetBoxSimulator, { clerk }: Actors): Promise<{ left: string[]; unlisted: string[] }> {
    let unlisted: string[] = [];
    for (const deadline = Date.now() + GIVE_UP_AFTER_SECONDS * 1000; ; await pause(300)) {
      await clerk.attend('touch');
      await this.untilIdle(database, deadline);
      // Decided first: a run that is begun before only finds the same once more.
      for (const duty of ['approve', 'adopt', 'resolve'] as const) await clerk.attend(duty);
      const id = await clerk.start();
      const run = id === null ? null : await this.ended(clerk, id, deadline);
      const [waiting = { conflicts: 0, runs: 0, hints: 0, leaving: 0, proposed: 0 }] = await database.rows<Record<string, number>>(WAITING);
      const apart = await wordsThatDiffer(database, netbox);
      const isQuiet = run?.state === 'SUCCEEDED' && waiting['runs'] === 0 && waiting['hints'] === 0;
      if (isQuiet && (waiting['conflicts'] ?? 0) > 0) {
        const rows = await database.rows<{ mark: string }>('SELECT local_id AS mark FROM sync_conflict WHERE resolved_at IS NULL');
        const listed = new Set(rows.map(({ mark }) => mark));
        unlisted = [...new Set([...unlisted, ...apart.filter((what) => !listed.has(what.split(' ')[0] ?? ''))])];
      }
      const [last] = await database.rows<{ counts: Record<string, number> }>(
        'SELECT counts FROM sync_run WHERE id = (SELECT id FROM sync_run ORDER BY started_at DESC, id DESC LIMIT 1)',
      );
      const { created = 0, updated = 0, deleted = 0, skipped = 0 } = last?.counts ?? {};
      if (isQuiet && created + updated + deleted + skipped + Object.values(waiting).reduce((sum, count) => sum + count, 0) === 0)
        return { left: [], unlisted };
      if (Date.now() > deadline)
        return {
          left: [
            `the last complete run is ${run?.state ?? 'none'} (${JSON.stringify(last?.counts)}), there wait ${JSON.stringify(waiting)}`,
          ],
          unlisted,
        };
    }
  }

  /** What people have begun while everything broke is worked through first. */
  private async untilIdle(database: ChaosDatabase, deadline: number): Promise<void> {
    while (Date.now() < deadline) {
      const [{ runs } = { runs: 0 }] = await database.rows<{ runs: number }>(
        `SELECT count(*)::int AS runs FROM sync_run WHERE phase <> 'ENDED' AND state <> 'BLOCKED_BY_GUARD'`,
      );
      if (runs === 0) return;
      await pause(150);
    }
  }

  private async ended(clerk: Clerk, id: string, deadline: number): Promise<{ state: string } | null> {
    for (; Date.now() < deadline; await pause(150)) {
      const run = (await clerk.look())?.runs.nodes.find((one) => one.id === id);
      if (run && run.state !== 'RUNNING') return run;
    }
    return null;
  }

  private async report(
    place: Place,
    netbox: NetBoxSimulator,
    { clerk, colleague, trouble, nemesis }: Actors,
    { orders, rest, settleSeconds }: { orders: Settling; rest: { left: string[]; unlisted: string[] }; settleSeconds: number },
  ): Promise<SyncChaosReport> {
    const { seed, seconds, directory } = this.options;
    const { database } = place;
    const { selfExits } = this.installation.supervisor;
    const found = await checkSync(database, netbox, colleague, this.edits);
    const unlisted = [...rest.unlisted, ...found.unlisted];
    const tally = async (query: string): Promise<Record<string, number>> =>
      Object.fromEntries((await database.rows<{ what: string; count: number }>(query)).map(({ what, count }) => [what, count]));
    const acts = { ...clerk.did, ...colleague.did };
    const lines = await tally(
      `SELECT action AS what, count(*)::int AS count FROM sync_change WHERE state = 'APPLIED' GROUP BY 1 ORDER BY 1`,
    );
    const crashed = ['worker-1', 'worker-2'].reduce((sum, worker) => sum + this.installation.supervisor.crashes(worker), 0);
    const never = [
      ...nemesis.never(),
      ...trouble.never(),
      ...Object.entries({ ...acts, crashed }).flatMap(([what, times]) => (times === 0 ? [what] : [])),
      ...LINES.filter((action) => (lines[action] ?? 0) === 0),
    ];
    const findings = [
      ...found.twins.map((what) => `twins: ${what}`),
      ...found.foreign.map((what) => `of others: ${what}`),
      ...found.wrong.map((what) => `wrong: ${what}`),
      ...found.lostEdits.map((what) => `an edit was lost: ${what}`),
      ...unlisted.map((what) => `in no conflict: ${what}`),
      ...selfExits.map((what) => `ended by itself: ${what}`),
      ...(orders.isSettled ? [] : [`orders are not settled after ${orders.seconds} s: ${JSON.stringify(orders.left)}`]),
      ...rest.left,
    ];
    const report: SyncChaosReport = {
      result: {
        seed,
        seconds,
        objects: colleague.kept().length,
        runs: await tally('SELECT state AS what, count(*)::int AS count FROM sync_run GROUP BY 1 ORDER BY 1'),
        lines,
        conflicts: (await tally(`SELECT 'all' AS what, count(*)::int AS count FROM sync_conflict`))['all'] ?? 0,
        acts,
        refusedActs: Object.fromEntries(clerk.refused),
        edits: this.edits.counts,
        faults: { ...nemesis.counts, crashed },
        troubles: trouble.struck,
        never,
        twins: found.twins.length,
        foreign: found.foreign.length,
        wrong: found.wrong.length,
        lostEdits: found.lostEdits.length,
        unlisted: unlisted.length,
        selfExits: selfExits.length,
        settleSeconds,
        ok: findings.length === 0,
      },
      findings,
    };
    if (findings.length > 0) await leaveBehind(database, directory, SYNC_TABLES);
    writeFileSync(join(directory, 'result.json'), `${JSON.stringify(report, null, 1)}\n`);
    return report;
  }
}

const SYNC_TABLES = {
  connectors: `SELECT slug, mode, enabled, failures, next_try_at, last_error, seen, last_full_scan_at FROM sync_target`,
  runs: `SELECT id, trigger, state, phase, started_at, finished_at, counts, guards, error FROM sync_run ORDER BY started_at DESC LIMIT 400`,
  lines: `SELECT c.*, r.started_at FROM sync_change c JOIN sync_run r ON r.id = c.run_id ORDER BY r.started_at, c.seq`,
  syncConflicts: `SELECT * FROM sync_conflict`,
  links: `SELECT kind, local_id, remote_id, state FROM sync_link`,
};
