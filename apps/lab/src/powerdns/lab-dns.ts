/** A name server of the lab, on loopback. */
export interface LabDns {
  /** Where the API listens, without a path: `http://127.0.0.1:40123`. */
  readonly apiUrl: string;
  readonly apiKey: string;
  /** UDP and TCP on 127.0.0.1. */
  readonly dnsPort: number;
  /** Returns when the ports are free. May be called twice. */
  stop(): Promise<void>;
}

/** NS of every zone of the lab: a name that is in none of them (RFC 6761 §6.4), since a zone such as `0/26.…` can hold no host name. */
export const LAB_NAMESERVER = 'ns1.lab.invalid.';
