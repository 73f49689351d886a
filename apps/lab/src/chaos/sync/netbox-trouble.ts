/** What can be wrong with a NetBox, and on the way to it, while nobody kills anything. */
import type { Fault, FaultKind, NetBoxSimulator, Permissions, User } from '../../netbox-simulator/index.js';
import type { Dice } from '../dice.js';
import { pause } from '../timing.js';
import type { CrookedLine } from './crooked-line.js';

const KINDS = [
  'server-error',
  'deadlock',
  'throttled',
  'slow',
  'half-page',
  'truncated-json',
  'rewritten',
  'reset-before',
  'reset-after',
  'bad-gateway',
  'unavailable',
  'login-page',
] as const satisfies readonly FaultKind[];
const OTHERS = ['repeated', 'away', 'permissionLost', 'permissionNarrowed'] as const;
export type Trouble = (typeof KINDS)[number] | (typeof OTHERS)[number];
const TROUBLES: readonly Trouble[] = [...KINDS, ...OTHERS];
const PACE_MS = [100, 900] as const;
/** So many requests pass in peace between two of them, or that time: a complete run has about forty, and one that never ends proves nothing. */
const PEACE_REQUESTS = [0, 25] as const;
const PEACE_MS = 1500;
const AWAY_MS = [500, 2500] as const;
/** The other times it is away until nobody tries any more, and for a moment longer: somebody has to say that it works again. */
const LONG_AWAY_SHARE = 0.5;
/** Three failures, each with what is repeated at once, and the pauses between them are about ten seconds; a worker may be killed meanwhile. */
const GIVEN_UP_WITHIN_MS = 25_000;
/** It takes longest: so many kinds come before it at most, or the time is over. */
const KINDS_BEFORE_AWAY = 5;
const PATIENCE_MS = 3000;
const LOOK_EVERY_MS = 50;
const TYPES = [
  'tenancy.tenant',
  'ipam.routetarget',
  'ipam.vrf',
  'ipam.vlangroup',
  'ipam.vlan',
  'vpn.l2vpn',
  'vpn.l2vpntermination',
  'ipam.prefix',
  'ipam.iprange',
  'ipam.asn',
  'dcim.device',
  'dcim.interface',
  'ipam.ipaddress',
] as const;
const BESIDE = ['core.objectchange', 'extras.customfield', 'extras.tag', 'dcim.site', 'dcim.devicerole', 'dcim.devicetype', 'ipam.rir'];
const EVERYTHING = { view: true, add: true, change: true, delete: true } as const;

export class NetBoxTrouble {
  /** Those that met somebody. */
  readonly struck: Record<Trouble, number> = Object.fromEntries(TROUBLES.map((kind) => [kind, 0])) as Record<Trouble, number>;

  constructor(
    private readonly netbox: NetBoxSimulator,
    private readonly line: CrookedLine,
    private readonly trame: User,
    private readonly dice: Dice,
    private readonly tell: (event: object) => void,
    /** Trame leaves NetBox alone for a while, since it is not there. */
    private readonly isGivenUp: () => Promise<boolean>,
  ) {}

  async run(ending: AbortSignal): Promise<void> {
    while (!ending.aborted) {
      await this.make(this.next(), ending);
      await pause(this.dice.between(...PACE_MS), ending);
      const enough = this.netbox.requests.length + this.dice.integer(...PEACE_REQUESTS);
      await this.until(() => this.netbox.requests.length >= enough, ending, PEACE_MS);
    }
    this.end();
  }

  never(): string[] {
    return TROUBLES.filter((kind) => this.struck[kind] === 0);
  }

  /** Each kind once first: a slow machine has time for few. */
  private next(): Trouble {
    const fewest = Math.min(...TROUBLES.map((kind) => this.struck[kind]));
    const rare = TROUBLES.filter((kind) => this.struck[kind] === fewest);
    if (this.struck.away === 0 && TROUBLES.length - rare.length >= KINDS_BEFORE_AWAY) return 'away';
    return this.dice.pick(fewest === 0 || this.dice.chance(0.6) ? rare : TROUBLES);
  }

  /** Everything is as it should be from now on. */
  private end(): void {
    this.netbox.faults.clear();
    this.line.repeatNext(0);
    this.trame.permissions = null;
  }

  private async make(kind: Trouble, ending: AbortSignal): Promise<void> {
    this.tell({ trouble: kind });
    switch (kind) {
      case 'repeated': {
        const before = this.line.repeated();
        this.line.repeatNext(2);
        await this.until(() => this.line.repeated() > before, ending);
        this.struck.repeated += this.line.repeated() - before;
        return;
      }
      case 'away':
        return this.away(ending);
      case 'permissionLost':
      case 'permissionNarrowed':
        return this.permission(kind, ending);
      default: {
        // What nobody meets would be met all at once by the next worker that starts.
        const before = this.struck[kind];
        this.netbox.faults.add(this.fault(kind));
        return this.until(() => this.struck[kind] > before, ending);
      }
    }
  }

  private fault(kind: (typeof KINDS)[number]): Fault {
    // What is lost is most of all lost while something is written.
    const writesOnly = (kind === 'reset-after' || kind === 'slow') && this.dice.chance(0.7);
    return {
      kind,
      when: ({ method, path }) => {
        const isMeant = writesOnly ? method !== 'GET' && method !== 'OPTIONS' : path.startsWith('/api/');
        if (isMeant) this.struck[kind]++;
        return isMeant;
      },
      ms: Math.round(this.dice.between(50, 1500)),
      retryAfter: 1,
      // Another release, or a plugin, calls it otherwise.
      rewrite: (answer) =>
        JSON.parse(JSON.stringify(answer).replaceAll(/"(?:display|name|prefix|address|status)"/g, '"title"')) as typeof answer,
    };
  }

  private async away(ending: AbortSignal): Promise<void> {
    const isLong = this.struck.away === 0 || this.dice.chance(LONG_AWAY_SHARE);
    let isOver = false;
    const met = (): boolean => {
      if (!isOver) this.struck.away++;
      return !isOver;
    };
    this.netbox.faults.add({ kind: this.dice.pick(['reset-before', 'unavailable']), times: 10_000, when: met });
    const before = this.struck.away;
    await this.until(() => this.struck.away > before, ending);
    if (isLong) await this.until(this.isGivenUp, ending, GIVEN_UP_WITHIN_MS);
    await pause(this.dice.between(...AWAY_MS), ending);
    isOver = true;
  }

  private async permission(kind: 'permissionLost' | 'permissionNarrowed', ending: AbortSignal): Promise<void> {
    const asked = this.netbox.requests.length;
    const lost = this.dice.pick(TYPES);
    const hides = (object: Readonly<Record<string, unknown>>): boolean => Number(object['id']) % 3 !== 0;
    const left = Object.fromEntries(
      [...TYPES, ...BESIDE].flatMap((type): [string, Permissions[string]][] => {
        if (type !== lost) return [[type, EVERYTHING]];
        return kind === 'permissionLost' ? [] : [[type, { ...EVERYTHING, view: hides }]];
      }),
    );
    this.trame.permissions = left;
    await this.until(() => this.netbox.requests.length > asked + 3, ending);
    await pause(this.dice.between(...AWAY_MS) / 2, ending);
    this.trame.permissions = null;
    if (this.netbox.requests.length > asked) this.struck[kind]++;
  }

  /** Somebody meets it, or it lasts long enough. */
  private async until(isMet: () => boolean | Promise<boolean>, ending: AbortSignal, withinMs = PATIENCE_MS): Promise<void> {
    for (let left = withinMs; left > 0 && !(await isMet()) && !ending.aborted; left -= LOOK_EVERY_MS) await pause(LOOK_EVERY_MS, ending);
  }
}
