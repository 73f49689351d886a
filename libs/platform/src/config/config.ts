/** Settings of every process, read once at boot. All problems are listed together; nothing listens before they are solved. */
import { isIP } from 'node:net';
import { z } from 'zod';
import './production.js';
import { CRASH_POINTS, parseCrashOrder } from '../crash/crash-point.js';
import { Secret } from '../secrets/secret.js';

const key32 = (name: string) =>
  z
    .string(`${name} is not set: 32 random bytes in base64 (openssl rand -base64 32)`)
    .refine((text) => Buffer.from(text, 'base64').length === 32, `${name} must be 32 bytes in base64 (openssl rand -base64 32)`)
    .transform((text) => new Secret(text));
const integer = (fallback: number, min: number, max: number) =>
  z.coerce.number(`must be a number from ${min} to ${max}`).int().min(min).max(max).default(fallback);
const url = (...protocols: string[]) =>
  z
    .string()
    .refine(
      (text) => URL.canParse(text) && protocols.includes(new URL(text).protocol),
      `must be a URL that starts with ${protocols.join(' or ')}//`,
    );

/** An address or a CIDR; a prefix of no length would believe everybody. */
function isNetwork(text: string): boolean {
  const [address = '', length, ...rest] = text.split('/');
  const version = address.includes('%') ? 0 : isIP(address);
  if (version === 0 || rest.length > 0) return false;
  return length === undefined || (/^[1-9]\d{0,2}$/.test(length) && Number(length) <= (version === 4 ? 32 : 128));
}

const schema = z.object({
  /** Owner of the schema. Transactions drop to the roles trame_tenant and trame_system. */
  DATABASE_URL: url('postgres:', 'postgresql:'),
  /** Queue in Redis; where it is not set the queue lives in Postgres. */
  REDIS_URL: url('redis:', 'rediss:').optional(),
  /** Connections of one process to Postgres. */
  PG_POOL: integer(10, 2, 200),
  HTTP_HOST: z.string().default('127.0.0.1'),
  HTTP_PORT: integer(4000, 0, 65_535),
  /** Reverse proxies whose X-Forwarded-For, -Proto and -Host are believed. A number of hops is not taken: whoever reaches the port could make them up. */
  TRUST_PROXY: z
    .string()
    .transform((text) => text.split(',').map((part) => part.trim()))
    .refine(
      (networks) => networks.every(isNetwork),
      'TRUST_PROXY must be the addresses of reverse proxies, or CIDRs they are in, separated by commas: 127.0.0.1,10.0.0.0/24,fd00::/64',
    )
    .default([]),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
  /** Key-encryption key of stored secrets. */
  TRAME_KEK: key32('TRAME_KEK'),
  /** Keys that still open what they sealed, separated by commas; nothing new is sealed with them. */
  TRAME_KEK_PREVIOUS: z
    .string()
    .transform((text) => text.split(',').map((part) => part.trim()))
    .refine(
      (keys) => keys.every((key) => Buffer.from(key, 'base64').length === 32),
      'TRAME_KEK_PREVIOUS must be keys of 32 bytes in base64, separated by commas',
    )
    .transform((keys) => keys.map((key) => new Secret(key)))
    .default([]),
  /** Pepper of API token hashes. */
  TRAME_TOKEN_PEPPER: key32('TRAME_TOKEN_PEPPER'),
  /** An order that is not live by then is undone. */
  ORDER_DEADLINE_SECONDS: integer(600, 5, 86_400),
  /** Failed pushes of one device before the orders that wait for it are undone. */
  MAX_PUSH_ATTEMPTS: integer(3, 1, 100),
  /** Dead-man timer on the device. */
  CONFIRM_WITHIN_SECONDS: integer(60, 5, 3600),
  /** How long protocol state may take to come up after a push. */
  VERIFY_WITHIN_SECONDS: integer(20, 1, 600),
  /** Lease on a device; a worker that dies is replaced after this time. */
  LEASE_SECONDS: integer(6, 2, 600),
  /** How long a wave of more than LOW risk is watched before the next one begins. */
  ROLLOUT_SOAK_SECONDS: integer(60, 0, 86_400),
  /** UDP port on 127.0.0.1 where a worker hears syslog: what devices say of their configuration is a hint of drift. Not set: it hears none. */
  DRIFT_SYSLOG_PORT: z.coerce.number('must be a number from 0 to 65535').int().min(0).max(65_535).optional(),
  /** People who have to approve a plan of HIGH risk; from two on, whoever made the plan is not one of them. */
  APPROVALS_FOR_HIGH: integer(1, 1, 5),
  /**
   * Only for showing what the outbox is for: jobs are added directly after the commit and no timer looks for lost ones.
   * Orders get lost.
   */
  TRAME_UNSAFE_DIRECT_ENQUEUE: z.stringbool().default(false),
  /** Only for tests: the process kills itself at this crash point, `name` or `name:n` for the n-th passing. */
  TRAME_CRASH_AT: z
    .string()
    .transform((text, context) => {
      const order = parseCrashOrder(text);
      if (order) return order;
      context.addIssue({
        code: 'custom',
        message: `TRAME_CRASH_AT is no crash point; accepted: ${CRASH_POINTS.join(', ')}, each with :n for its n-th passing`,
      });
      return z.NEVER;
    })
    .optional(),
});

export type Config = Readonly<z.infer<typeof schema>>;

export class ConfigError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(
      `the configuration has ${problems.length} problem${problems.length === 1 ? '' : 's'}:\n${problems.map((p) => `  - ${p}`).join('\n')}`,
    );
    this.name = 'ConfigError';
  }
}

/** @throws ConfigError with one line per problem. Values are never in the text: they may be secrets. */
export function loadConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const present = Object.fromEntries(Object.entries(env).filter(([name, value]) => name in schema.shape && value !== ''));
  const result = schema.safeParse(present);
  if (result.success) return Object.freeze(result.data);
  throw new ConfigError(
    result.error.issues.map((issue) => {
      const name = issue.path.join('.');
      return issue.message.startsWith(name)
        ? issue.message
        : `${name}: ${issue.code === 'invalid_type' && !(name in present) ? 'is not set' : issue.message}`;
    }),
  );
}
