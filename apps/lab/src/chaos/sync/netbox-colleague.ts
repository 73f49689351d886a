/** People who work in the NetBox while Trame keeps it: they describe, rename, delete, and have things of their own there. */
import type { NetBoxSimulator } from '../../netbox-simulator/index.js';
import type { Dice } from '../dice.js';
import { pause } from '../timing.js';
import type { Edits } from './edits.js';

export const KEPT_PATHS = [
  'tenancy/tenants',
  'ipam/route-targets',
  'ipam/vrfs',
  'ipam/vlan-groups',
  'ipam/vlans',
  'vpn/l2vpns',
  'vpn/l2vpn-terminations',
  'ipam/prefixes',
  'ipam/ip-ranges',
  'ipam/ip-addresses',
  'ipam/asns',
  'dcim/devices',
  'dcim/interfaces',
] as const;
const MARK = 'trame_id';
const HABITS = { describe: 8, correct: 3, remove: 1.2, justBefore: 5, ofTheirOwn: 2, lose: 0.25 } as const;
export type Habit = keyof typeof HABITS;
/** How often it is what was done least: some things need what others have done before. */
const RARE_SHARE = 0.15;
/** After each a person decides, and until then that kind waits. */
const MOST_LOSSES = 2;
const PACE_MS = [60, 500] as const;
const DESCRIBED = ['tenancy/tenants', 'ipam/vrfs', 'vpn/l2vpns', 'ipam/prefixes', 'ipam/ip-addresses'];
/** What Trame alone has a say in: it is put right again, but for what VLANs are called: that is left alone. */
const NOT_THEIRS: Readonly<Record<string, (words: string) => Readonly<Record<string, string>>>> = {
  'ipam/vrfs': (name) => ({ name }),
  'ipam/vlans': (name) => ({ name }),
  'ipam/ip-addresses': (words) => ({ dns_name: `${words}.others.example` }),
};
const REMOVED = ['ipam/ip-addresses', 'ipam/prefixes', 'ipam/vrfs', 'vpn/l2vpn-terminations'];
/** Of a restore from an older copy. */
const LOST_SHARE = 0.4;

interface Kept {
  readonly path: string;
  readonly id: number;
  readonly mark: string;
}

export class NetBoxColleague {
  readonly did: Record<Habit, number> = { describe: 0, correct: 0, remove: 0, justBefore: 0, ofTheirOwn: 0, lose: 0 };
  /** As text, by path and id: nobody else has anything to write there. */
  private readonly own = new Map<string, string>();
  private serial = 0;
  private isInWait = false;

  constructor(
    private readonly netbox: NetBoxSimulator,
    private readonly edits: Edits,
    private readonly dice: Dice,
    private readonly tell: (event: object) => void,
  ) {}

  async run(ending: AbortSignal): Promise<void> {
    while (!ending.aborted) {
      this.act(this.nextHabit());
      await pause(this.dice.between(...PACE_MS), ending);
    }
  }

  private nextHabit(): Habit {
    if (!this.dice.chance(RARE_SHARE)) return this.dice.weighted(HABITS);
    const habits = Object.keys(this.did) as Habit[];
    const fewest = Math.min(...habits.map((habit) => this.did[habit]));
    return this.dice.pick(habits.filter((habit) => this.did[habit] === fewest));
  }

  kept(paths: readonly string[] = KEPT_PATHS): Kept[] {
    return paths.flatMap((path) =>
      this.netbox.state.objects(path).flatMap(({ id, custom }) => {
        const mark = custom[MARK];
        return typeof mark === 'string' && mark !== '' ? [{ path, id, mark }] : [];
      }),
    );
  }

  /** What is of others and is not as they left it. */
  touched(): string[] {
    return [...this.own].flatMap(([key, before]) => {
      const [path = '', id = ''] = key.split(' ');
      const now = this.textOf(path, Number(id));
      return now === before ? [] : [`${key}: ${before} became ${now}`];
    });
  }

  private act(habit: Habit): void {
    switch (habit) {
      case 'describe':
        return this.write('describe', this.some(DESCRIBED), (words) => ({ description: words }));
      case 'correct': {
        const one = this.some(Object.keys(NOT_THEIRS));
        return this.write('correct', one, NOT_THEIRS[one?.path ?? ''] ?? ((description) => ({ description })));
      }
      case 'remove':
        return this.remove(this.some(REMOVED));
      case 'justBefore':
        return this.lieInWait();
      case 'ofTheirOwn':
        return this.make();
      case 'lose':
        return this.lose();
    }
  }

  private some(paths: readonly string[]): Kept | undefined {
    const kept = this.kept([this.dice.pick(paths)]);
    return kept.length === 0 ? undefined : this.dice.pick(kept);
  }

  private write(habit: Habit, one: Kept | undefined, change: (words: string) => Readonly<Record<string, string>>): void {
    if (!one) return;
    const words = this.edits.words('THEIRS');
    const body = change(words);
    try {
      this.netbox.state.change(one.path, one.id, body);
    } catch {
      return; // NetBox says no to people as well.
    }
    for (const [field, text] of Object.entries(body)) this.edits.wrote({ text, side: 'THEIRS', mark: one.mark, field });
    this.did[habit]++;
    this.tell({ colleague: habit, ...one, words });
  }

  private remove(one: Kept | undefined): void {
    if (!one) return;
    try {
      this.netbox.state.remove(one.path, one.id);
    } catch {
      return;
    }
    const there = new Set(this.kept().map(({ mark }) => mark));
    if (!there.has(one.mark)) this.edits.void(one.mark, 'THEIRS');
    this.did.remove++;
    this.tell({ colleague: 'remove', ...one });
  }

  /** Between what Trame has read and what it is about to write. */
  private lieInWait(): void {
    if (this.isInWait) return;
    this.isInWait = true;
    let id = 0;
    let path = '';
    this.netbox.faults.meanwhile(
      ({ method, path: at, body }) => {
        if (method !== 'PATCH') return false;
        path = DESCRIBED.find((one) => at.startsWith(`/api/${one}/`)) ?? '';
        id = Number(/\/(\d+)\/$/.exec(at)?.[1] ?? /"id":\s*(\d+)/.exec(body)?.[1] ?? 0);
        return path !== '' && id > 0;
      },
      () => {
        this.isInWait = false;
        const one = this.kept([path]).find((kept) => kept.id === id);
        this.write('justBefore', one, (words) => ({ description: words }));
      },
    );
  }

  private make(): void {
    const n = ++this.serial;
    const made: readonly (readonly [string, Readonly<Record<string, string | number>>])[] = [
      ['ipam/prefixes', { prefix: `172.${16 + (n % 16)}.${Math.floor(n / 16) % 256}.0/24`, description: `of others ${n}` }],
      ['ipam/ip-addresses', { address: `192.0.2.${n % 250}/24`, dns_name: `host-${n}.others.example` }],
      ['ipam/vrfs', { name: `of others ${n}` }],
      ['tenancy/tenants', { name: `Others ${n}`, slug: `others-${n}` }],
      ['vpn/l2vpns', { name: `of others ${n}`, slug: `of-others-${n}`, type: 'vxlan-evpn', identifier: 500_000 + n }],
    ];
    const [path, body] = this.dice.pick(made);
    try {
      const [id = 0] = this.netbox.state.seed(path, [body]);
      this.own.set(`${path} ${id}`, this.textOf(path, id));
      this.did.ofTheirOwn++;
    } catch {
      // Taken already: 192.0.2.x comes round.
    }
  }

  /** A restore from an older copy: without a word. */
  private lose(): void {
    if (this.did.lose >= MOST_LOSSES) return;
    const path = this.dice.pick(['ipam/prefixes', 'ipam/ip-addresses']);
    const kept = this.kept([path]);
    const lost = this.dice.sample(kept, Math.ceil(kept.length * LOST_SHARE));
    if (lost.length < 2) return;
    this.netbox.state.lose(
      path,
      lost.map(({ id }) => id),
    );
    for (const { mark } of lost) this.edits.void(mark, 'THEIRS');
    this.did.lose++;
    this.tell({ colleague: 'lose', path, lost: lost.length });
  }

  private textOf(path: string, id: number): string {
    const found = this.netbox.state.objects(path).find((one) => one.id === id);
    return found ? JSON.stringify(found) : 'nothing';
  }
}
