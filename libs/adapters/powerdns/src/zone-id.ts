/**
 * How the API names a zone in a path: the absolute name, everything outside `A-Za-z0-9_.-` as `=XX` (ws-api.cc, apiZoneNameToId);
 * `0/26.2.0.192.in-addr.arpa` (RFC 2317) is `0=2F26.2.0.192.in-addr.arpa.`, the root zone `=2E`.
 */
export function zoneId(zone: string): string {
  if (zone === '') return '=2E';
  const encode = (byte: number): string => {
    const char = String.fromCharCode(byte);
    return /[A-Za-z0-9_.-]/.test(char) ? char : `=${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  };
  return [...Buffer.from(`${zone}.`, 'utf8')].map(encode).join('');
}
