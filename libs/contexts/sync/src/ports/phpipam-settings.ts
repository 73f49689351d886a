import { z } from 'zod';
import { invalidValue } from '#engines/kernel';

export interface PhpIpamSettings {
  /** App id of API management. */
  readonly app: string;
  /** Present: the app is one with "SSL with User token", and the connector's secret is the password. Absent: the secret is the app's code. */
  readonly user?: string;
  /** Ids or names of the sections that are kept; a subnet that lies in no other is made in the first. */
  readonly sections: readonly string[];
  /** Makes those of `sections` that are named and not there, before the first write. */
  readonly createMissing?: boolean;
  /** Added column with our mark, default `custom_trame_id`. */
  readonly markColumn?: string;
  /** Calls that it is asked at most, 1 to 1000; default: as fast as it answers. */
  readonly requestsPerSecond?: number;
}

const Settings = z.strictObject({
  app: z.string().regex(/^[A-Za-z0-9_.-]{1,32}$/),
  user: z.string().min(1).max(255).optional(),
  sections: z.array(z.union([z.string().min(1).max(128), z.number().int().positive()])).min(1),
  createMissing: z.boolean().optional(),
  markColumn: z
    .string()
    .regex(/^custom_[A-Za-z0-9_]{2,24}$/)
    .optional(),
  requestsPerSecond: z.number().min(1).max(1000).optional(),
});
const ACCEPTED =
  'app (the id of an app), sections (a list of ids or names), and perhaps user (for an app with user tokens), createMissing (true or false), markColumn (custom_…) and requestsPerSecond (1 to 1000)';

/** @throws DomainError INVALID_VALUE with what would have been accepted. */
export function parsePhpIpamSettings(settings: Readonly<Record<string, unknown>>): PhpIpamSettings {
  const parsed = Settings.safeParse(settings);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalidValue('settings', `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`, ACCEPTED);
  }
  const { app, user, sections, createMissing, markColumn, requestsPerSecond } = parsed.data;
  return {
    app,
    sections: sections.map(String),
    ...(user === undefined ? {} : { user }),
    ...(createMissing === undefined ? {} : { createMissing }),
    ...(markColumn === undefined ? {} : { markColumn }),
    ...(requestsPerSecond === undefined ? {} : { requestsPerSecond }),
  };
}
