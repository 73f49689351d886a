/** One installation of phpIPAM: its release, settings, apps and users, and what it keeps in its database. */
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiRefusal } from './api-refusal.js';
import { type Cell, IpamDatabase } from './ipam-database.js';
import { toDecimal } from './ip-number.js';
import type { TableName } from './schema.js';
import { WriteLock } from './write-lock.js';

export type IpamRelease = '1.5.2' | '1.7.4' | '1.8.2';

export interface IpamApp {
  readonly id: string;
  /** 32 characters. */
  readonly code: string;
  readonly security: 'ssl_token' | 'ssl_code' | 'crypt' | 'none';
  /** 0 disabled, 1 read, 2 write, 3 admin. */
  permissions: 0 | 1 | 2 | 3;
  /** Since 1.8. */
  lockType?: 'Auto' | 'File' | 'MySQL' | 'Disabled';
  /** Default 30 seconds. */
  lockWaitMs?: number;
  nestsCustomFields?: boolean;
  showsLinks?: boolean;
}

export interface IpamUser {
  readonly name: string;
  password: string;
  /** One for all apps and clients of this user. */
  token?: string | undefined;
  expires?: Date | undefined;
}

export interface IpamOptions {
  /** Default 1.8.2. */
  readonly release?: IpamRelease;
  /** Below 8.1 numbers are strings. Default 8.2. */
  readonly php?: '7.4' | '8.2';
  readonly apps: readonly IpamApp[];
  readonly users?: readonly IpamUser[];
  readonly now?: () => Date;
  readonly isStrictSql?: boolean;
}

const TOKEN_MS = 21_600_000;
const MAX_FAILURES = 10;
const BLOCK_MS = 300_000;
const HASH_MS = 5;
const TOKEN_LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789.-_';

export class Ipam {
  readonly release: IpamRelease;
  readonly database: IpamDatabase;
  readonly apps: IpamApp[];
  readonly users: IpamUser[];
  readonly settings = { isApiEnabled: true, vlanMax: 4096, vlanDuplicate: false, allowsUnsafe: false };
  readonly lock = new WriteLock();
  /** How long a password takes to be compared. */
  hashing: () => Promise<unknown> = () => sleep(HASH_MS);
  readonly now: () => Date;
  private readonly php: '7.4' | '8.2';
  private failures: { count: number; since: number } = { count: 0, since: 0 };

  constructor({ release = '1.8.2', php = '8.2', apps, users = [], now = () => new Date(), isStrictSql = true }: IpamOptions) {
    this.release = release;
    this.php = php;
    this.apps = [...apps];
    this.users = [...users];
    this.now = now;
    this.database = new IpamDatabase(now, isStrictSql);
  }

  isAtLeast(minor: number): boolean {
    return Number(this.release.split('.')[1]) >= minor;
  }

  get hasNativeNumbers(): boolean {
    return this.php === '8.2';
  }

  /** As somebody does it in the web interface, without a lock and without the checks of the API. Addresses may be dotted. */
  typed(table: TableName, values: Readonly<Record<string, Cell>>): number {
    return this.database.insert(table, decimals(values));
  }

  edited(table: TableName, id: number, values: Readonly<Record<string, Cell>>): void {
    this.database.update(table, id, decimals(values));
  }

  refuseBlocked(): void {
    if (this.now().getTime() - this.failures.since > BLOCK_MS) this.failures = { count: 0, since: this.now().getTime() };
    if (this.failures.count > MAX_FAILURES)
      throw new ApiRefusal(500, 'Your IP has been blocked for 5 minutes because of excesive login failures');
  }

  login(name: string, password: string): IpamUser {
    const user = this.users.find((one) => one.name === name && one.password === password);
    if (user === undefined) {
      this.failures = { count: this.failures.count + 1, since: this.now().getTime() };
      throw new ApiRefusal(500, 'Invalid username or password');
    }
    const isValid = user.token !== undefined && user.expires !== undefined && user.expires > this.now();
    if (!isValid) user.token = Array.from({ length: 24 }, () => TOKEN_LETTERS.charAt(randomInt(TOKEN_LETTERS.length))).join('');
    user.expires = new Date(this.now().getTime() + TOKEN_MS);
    return user;
  }

  /** Every call makes the token live on, written at most once a minute. */
  userOf(token: string | undefined): IpamUser | undefined {
    const user = this.users.find((one) => token !== undefined && one.token === token);
    if (user?.expires === undefined || user.expires < this.now()) return undefined;
    const fresh = this.now().getTime() + TOKEN_MS;
    if (fresh - user.expires.getTime() >= 60_000) user.expires = new Date(fresh);
    return user;
  }
}

function decimals(values: Readonly<Record<string, Cell>>): Readonly<Record<string, Cell>> {
  const entries = Object.entries(values).map(([name, value]): [string, Cell] => {
    const isAddress = (name === 'subnet' || name === 'ip_addr') && typeof value === 'string';
    return [name, isAddress ? toDecimal(value) : value];
  });
  return Object.fromEntries(entries);
}
