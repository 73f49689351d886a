import type { Connector } from './connector.js';

/**
 * Where a connector keeps its objects: the address, however it is spelled, with `/api` or without, and the column of the marks where it can be another one. Two connectors to
 * one place would both make, mark and delete the same objects. One that is switched off is nowhere; a name server is shared by zones.
 */
export function placeOf({ kind, url, enabled, settings }: Pick<Connector, 'kind' | 'url' | 'enabled' | 'settings'>): string | null {
  if (kind === 'POWERDNS' || !enabled) return null;
  const { host, pathname } = new URL(url);
  const column = settings['markColumn'];
  return (
    `${host}${pathname}`
      .toLowerCase()
      .replace(/\/+$/, '')
      .replace(/\/api$/, '') + ` ${typeof column === 'string' ? column : ''}`
  );
}
