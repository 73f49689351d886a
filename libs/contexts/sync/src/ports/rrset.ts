/**
 * A DNS record set (RFC 2181 §5) as plans compare it. Its key inside a zone is `name/type`, both in lower case, the name without the
 * trailing dot: `gw.cust.example/a`, `1.0.20.10.in-addr.arpa/ptr`.
 */
export interface RrsetValue {
  /** Seconds, one for the whole set (RFC 2181 §5.2). */
  readonly ttl: number;
  /** Canonical contents in natural order: addresses as RFC 5952 writes them, names in lower case with the trailing dot. */
  readonly records: readonly string[];
}
