import { DomainError } from '#engines/kernel';

export type PowerDnsCode =
  | 'ZONE_MISSING'
  | 'ZONE_TOO_LARGE'
  | 'DNS_UNAUTHORIZED'
  | 'DNS_UNREACHABLE'
  /** The server understood and said no (422): `detail` is its text. */
  | 'DNS_REFUSED'
  | 'DNS_UNEXPECTED_ANSWER';

export interface PowerDnsFacts extends Readonly<Record<string, unknown>> {
  readonly zone: string;
  /** Running the same plan later is safe and may help. */
  readonly retriable: boolean;
  readonly status?: number;
  readonly detail?: string;
}

export class PowerDnsError extends DomainError<PowerDnsCode, PowerDnsFacts> {
  constructor(code: PowerDnsCode, message: string, facts: PowerDnsFacts, options?: ErrorOptions) {
    super(code, message, facts, options);
    this.name = 'PowerDnsError';
  }
}
