/** The token of an Authorization header (RFC 6750 §2.1). A token in a URL is none: URLs end up in logs. */
export function bearerOf(authorization: unknown): string | undefined {
  return typeof authorization === 'string' ? /^Bearer +(\S+)$/i.exec(authorization)?.[1] : undefined;
}
