/** Who changes things in Trame, and looks after its connector: approves what was stopped, decides what is in conflict, says that it be tried again. */
import { encodeId } from '#engines/kernel';
import type { ApiCaller } from '../api-caller.js';
import type { ChaosDatabase } from '../chaos-database.js';
import type { Dice } from '../dice.js';
import type { Customer } from '../order-client.js';
import { pause } from '../timing.js';
import type { Edits } from './edits.js';

const ERRORS = 'errors { code message }';
const TENANT = `mutation ($input: CreateTenantInput!) { createTenant(input: $input) { tenant { id } ${ERRORS} } }`;
const VRF = `mutation ($input: CreateVrfInput!) { createVrf(input: $input) { vrf { id } ${ERRORS} } }`;
const PREFIX = `mutation ($input: AllocatePrefixInput!) { allocatePrefix(input: $input) { allocations { id } ${ERRORS} } }`;
const ADDRESS = `mutation ($input: AllocateIpInput!) { allocateIp(input: $input) { allocations { id } ${ERRORS} } }`;
const RELEASE = `mutation ($input: ReleaseAllocationInput!) { releaseAllocation(input: $input) { changed ${ERRORS} } }`;
const START = `mutation ($input: StartSyncInput!) { startSync(input: $input) { run { id } ${ERRORS} } }`;
const APPROVE = `mutation ($id: ID!, $digest: String!) { approveSyncRun(id: $id, digest: $digest) { run { id } ${ERRORS} } }`;
const RESOLVE = `mutation ($id: ID!, $keep: SyncConflictSide!) { resolveSyncConflict(id: $id, keep: $keep) { conflict { id } ${ERRORS} } }`;
const ADOPT = `mutation ($run: ID!, $seqs: [Int!]) { adoptSyncProposals(run: $run, seqs: $seqs) { run { id } ${ERRORS} } }`;
const TOUCH = `mutation ($id: ID!, $version: Int!) { updateConnector(id: $id, ifVersion: $version, input: {}) { connector { id } ${ERRORS} } }`;
const LOOK = `query ($id: ID) { connector(id: $id) { version health { circuit lagSeconds } lastRun { id state digest dryRun }
  runs(first: 10) { nodes { id state digest dryRun } } conflicts(first: 50) { nodes { id decision } } } }`;
const HIDDEN = `SELECT run_id AS run, seq FROM sync_change WHERE state = 'PROPOSED' AND action = 'CREATE' AND run_id =
  (SELECT id FROM sync_run WHERE trigger = 'PERSON' AND phase = 'ENDED' AND NOT is_dry_run ORDER BY started_at DESC, id DESC LIMIT 1)`;
const DESCRIBE = {
  tenant: ['describeTenant', `SELECT id FROM tenant`],
  vrf: ['describeVrf', `SELECT id FROM vrf`],
  network: ['describeNetwork', `SELECT id FROM network WHERE state = 'ACTIVE'`],
  prefix: ['describePrefix', `SELECT id FROM prefix WHERE state = 'BOUND' AND role = 'SUBNET'`],
  ipAddress: ['describeIpAddress', `SELECT id FROM ip_address WHERE state = 'BOUND'`],
} as const;
const HABITS = { tenant: 0.8, vrf: 1, prefix: 2.5, address: 4, release: 3, describe: 8, describeTheirs: 3 } as const;
const DUTIES = { complete: 3, approve: 3, adopt: 2, resolve: 2 } as const;
/** `touch` comes before all others where NetBox is not reached any more. */
type Duty = keyof typeof DUTIES | 'touch';
export type ClerkAct = keyof typeof HABITS | Duty;
const PACE_MS = [80, 500] as const;
const DUTY_PACE_MS = [400, 2000] as const;
const MOST_VRFS = 30;

interface Seen {
  readonly version: number;
  readonly health: { readonly circuit: string; readonly lagSeconds: number | null };
  readonly lastRun: SeenRun | null;
  readonly runs: { readonly nodes: readonly SeenRun[] };
  readonly conflicts: { readonly nodes: readonly { readonly id: string; readonly decision: string | null }[] };
}
interface SeenRun {
  readonly id: string;
  readonly state: string;
  readonly digest: string | null;
  readonly dryRun: boolean;
}

export class Clerk {
  readonly did = Object.fromEntries([...Object.keys(HABITS), ...Object.keys(DUTIES), 'touch'].map((act) => [act, 0])) as Record<
    ClerkAct,
    number
  >;
  /** What the API said no to, by code. */
  readonly refused = new Map<string, number>();
  /** Allocations that it asked for. */
  private readonly own: string[] = [];
  private serial = 0;

  constructor(
    private readonly api: ApiCaller,
    private readonly database: ChaosDatabase,
    private readonly customer: Customer,
    /** `syt_…` */
    private readonly connector: string,
    private readonly edits: Edits,
    private readonly dice: Dice,
    private readonly tell: (event: object) => void,
  ) {}

  async run(ending: AbortSignal): Promise<void> {
    const duties = async (): Promise<void> => {
      for (; !ending.aborted; await pause(this.dice.between(...DUTY_PACE_MS), ending)) {
        const seen = await this.look();
        if (seen) await this.attendTo(isReached(seen) ? this.dice.weighted(DUTIES) : 'touch', seen);
      }
    };
    const changes = async (): Promise<void> => {
      for (; !ending.aborted; await pause(this.dice.between(...PACE_MS), ending)) await this.change(this.dice.weighted(HABITS));
    };
    await Promise.all([duties(), changes()]);
  }

  /** @returns what there is to do for a person; null: the API is away. */
  async look(): Promise<Seen | null> {
    const answer = await this.api.graphql<Seen>(this.customer.operatorToken, LOOK, { id: this.connector });
    return answer.kind === 'acked' ? answer.value : null;
  }

  /** A complete run. @returns its id. */
  async start(): Promise<string | null> {
    const answer = await this.ask<{ run: { id: string } }>(START, { input: { connector: this.connector } });
    return answer?.run.id ?? null;
  }

  async attend(duty: Duty): Promise<void> {
    const seen = await this.look();
    if (seen) await this.attendTo(duty, seen);
  }

  private async attendTo(duty: Duty, seen: Seen): Promise<void> {
    if (duty === 'complete') {
      // Nobody asks for another one while one is under way.
      const isUnderWay = seen.runs.nodes.some(({ state }) => state === 'RUNNING');
      if (!isUnderWay && (await this.start()) !== null) this.did.complete++;
    } else if (duty === 'approve') {
      const stopped = seen.runs.nodes.find(({ state, dryRun }) => state === 'BLOCKED_BY_GUARD' && !dryRun);
      if (stopped && (await this.ask(APPROVE, { id: stopped.id, digest: stopped.digest }))) this.did.approve++;
    } else if (duty === 'adopt') {
      // Of what is not shown any more a person knows that it is gone, and that it is to be made again.
      const lines = await this.database.rows<{ run: string; seq: number }>(HIDDEN);
      const [first] = lines;
      if (first && (await this.ask(ADOPT, { run: encodeId('syncRun', first.run), seqs: lines.map(({ seq }) => seq) }))) this.did.adopt++;
    } else if (duty === 'resolve') {
      for (const { id, decision } of seen.conflicts.nodes)
        if (decision === null && (await this.ask(RESOLVE, { id, keep: this.dice.chance(0.5) ? 'US' : 'THEM' }))) this.did.resolve++;
    } else if (!isReached(seen)) {
      // Somebody repaired it, and says so: it is tried again now.
      if (await this.ask(TOUCH, { id: this.connector, version: seen.version })) this.did.touch++;
    }
  }

  private async change(habit: keyof typeof HABITS): Promise<void> {
    const n = ++this.serial;
    const tenant = encodeId('tenant', this.customer.tenantId);
    const idempotencyKey = `clerk-${n}`;
    let isDone = false;
    switch (habit) {
      case 'tenant':
        isDone = (await this.ask(TENANT, { input: { slug: `clerk-${n}`, name: `Clerk ${n}` } })) !== null;
        break;
      case 'vrf':
        isDone = await this.makeVrf(n, tenant);
        break;
      case 'prefix': {
        const pool = encodeId('prefixPool', this.customer.prefixPoolId);
        isDone = await this.allocate(PREFIX, { pool, tenant, idempotencyKey, length: 28, count: this.dice.integer(1, 4) });
        break;
      }
      case 'address': {
        const subnet = await this.any('SELECT id FROM subnet');
        if (subnet === null) break;
        const dnsName = this.dice.chance(0.5) ? { dnsName: `clerk-${n}.cust.example` } : {};
        isDone = await this.allocate(ADDRESS, { subnet: encodeId('subnet', subnet), tenant, idempotencyKey, ...dnsName });
        break;
      }
      case 'release':
        isDone = await this.release();
        break;
      case 'describe':
        isDone = await this.describe(null);
        break;
      case 'describeTheirs':
        isDone = await this.describe(this.edits.standing.filter(({ side }) => side === 'THEIRS').at(-1)?.mark ?? null);
    }
    if (isDone) this.did[habit]++;
  }

  private async makeVrf(n: number, tenant: string): Promise<boolean> {
    const [{ count, pool } = { count: MOST_VRFS, pool: '' }] = await this.database.rows<{ count: number; pool: string }>(
      `SELECT (SELECT count(*)::int FROM vrf) AS count, id AS pool FROM number_pool WHERE slug = 'l3vni'`,
    );
    if (count >= MOST_VRFS) return false;
    const input = { slug: `clerk-${n}`, name: `Clerk ${n}`, tenant, l3vniPool: encodeId('pool', pool), idempotencyKey: `vrf-${n}` };
    return (await this.ask(VRF, { input })) !== null;
  }

  private async release(): Promise<boolean> {
    const allocation = this.dice.pick(this.own);
    if (!allocation) return false;
    this.own.splice(this.own.indexOf(allocation), 1);
    return (await this.ask(RELEASE, { input: { allocation, reason: 'no more' } })) !== null;
  }

  private async allocate(document: string, input: object): Promise<boolean> {
    const answer = await this.ask<{ allocations: { id: string }[] }>(document, { input });
    this.own.push(...(answer?.allocations ?? []).map(({ id }) => id));
    return answer !== null;
  }

  /** @param mark of an object that somebody else has just described there: both want the last word. */
  private async describe(mark: string | null): Promise<boolean> {
    const kinds = Object.keys(DESCRIBE) as (keyof typeof DESCRIBE)[];
    const PREFIX_OF = { tenant: 'ten_', vrf: 'vrf_', network: 'net_', prefix: 'pfx_', ipAddress: 'ip_' } as const;
    const kind = mark === null ? this.dice.pick(kinds) : kinds.find((one) => mark.startsWith(PREFIX_OF[one]));
    if (!kind) return false;
    const [mutation, query] = DESCRIBE[kind];
    const found = mark === null ? await this.any(query) : null;
    const id = mark ?? (found === null ? null : encodeId(kind, found));
    if (id === null) return false;
    const text = this.edits.words('OURS');
    const document = `mutation ($id: ID!, $text: Description) { ${mutation}(id: $id, description: $text) { ${ERRORS} } }`;
    const answer = await this.api.graphql<object>(this.customer.operatorToken, document, { id, text });
    const edit = { text, side: 'OURS', mark: id, field: 'description' } as const;
    if (answer.kind === 'unknown') this.edits.mayHaveWritten(edit);
    if (answer.kind !== 'acked') return false;
    this.edits.wrote(edit);
    this.tell({ clerk: 'describe', mark: id, words: text });
    return true;
  }

  private async any(query: string): Promise<string | null> {
    const rows = await this.database.rows<{ id: string }>(`${query} LIMIT 500`);
    return rows.length === 0 ? null : this.dice.pick(rows).id;
  }

  private async ask<Answer extends object>(document: string, variables: object): Promise<Answer | null> {
    const answer = await this.api.graphql<Answer>(this.customer.operatorToken, document, variables);
    if (answer.kind === 'refused') {
      const code = answer.code.replace(/:.*/, '');
      this.refused.set(code, (this.refused.get(code) ?? 0) + 1);
    }
    return answer.kind === 'acked' ? answer.value : null;
  }
}

const isReached = ({ health }: Seen): boolean => health.circuit === 'CLOSED';
