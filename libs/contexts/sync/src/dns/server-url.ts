import { invalidValue } from '#engines/kernel';

/** What Trame adds by itself, with the id of the server: asked for twice, every zone would be missing there. */
const OF_THE_API = /\/+api(?:\/+v1(?:\/.*)?)?\/*$/i;

/** Address of a PowerDNS, as it was said. @throws DomainError INVALID_VALUE with the address that is meant, where it goes on into the API. */
export function parseServerUrl(url: string): string {
  const path = OF_THE_API.exec(url)?.[0];
  if (path !== undefined)
    throw invalidValue('url', url, `the address of PowerDNS without ${path}, which is added here: ${url.slice(0, -path.length)}`);
  return url;
}
