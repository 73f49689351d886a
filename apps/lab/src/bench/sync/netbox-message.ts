/** What the process of the simulated NetBox is asked. */
export interface NetBoxQuestion {
  /** Whether it has this address. */
  readonly address?: string;
}

export interface NetBoxAnswer {
  /** GETs since it was started. */
  readonly reads: number;
  /** Everything else. */
  readonly writes: number;
  /** Tenants, prefixes and addresses that it has. */
  readonly objects: number;
  readonly hasAddress: boolean;
  readonly rssMb: number;
}

export interface NetBoxPlace {
  readonly url: string;
  readonly token: string;
}
