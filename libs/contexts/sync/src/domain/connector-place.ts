import type { Connector } from './connector.js';

/**
 * Where a connector keeps its objects: the address, however it is spelled, with `/api` or without, and the column of the marks where it can be another one. Two connectors to
 * one place would both make, mark and delete the same objects. One that is switched off is nowhere; a name server is shared by zones.
 */
export function placeOf({ kind, url, enabled, settings }: Pick<Connector, 'kind' | 'url' | 'enabled' | 'settings'>): string | null {
  if (kind === 'POWERDNS' || !enabled) return null;
  const column = settings['markColumn'];
  return `${serverOf(url)} ${typeof column === 'string' ? column : ''}`;
}

/** Host and path of an address, however it is spelled. */
export function serverOf(url: string): string {
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`
    .toLowerCase()
    .replace(/\/+$/, '')
    .replace(/\/api$/, '');
}
