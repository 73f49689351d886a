/** What devices have against what a fabric would write for them: the proof of an import, for a fabric that comes from anywhere. */
import { compileFabric, deviceIntent, type FabricSnapshot } from '#engines/intent';
import { countFacts } from './count-facts.js';
import { countSdn } from './count-sdn.js';
import { countVirtual } from './count-virtual.js';
import type { ImportedFile } from './documents/imported-file.js';
import { readDocuments } from './documents/read-documents.js';
import { slugOf } from './lift/lift-fabric.js';
import { readDevice } from './read-device.js';

/** @returns none exactly when every file would mean the same to its device. @throws DomainError CHECK_FAILED | NOT_FOUND (a device that the fabric has not). */
export function differencesOf(snapshot: FabricSnapshot, files: readonly ImportedFile[]): readonly string[] {
  const intent = compileFabric(snapshot);
  return readDocuments(files)
    .map(readDevice)
    .flatMap(({ seen, sources, virtual, sdn }) => {
      const own = deviceIntent(intent, slugOf(seen.name));
      const counts = [
        ...sources.map((source) => countFacts(own, source)),
        ...countVirtual(own, virtual),
        ...(sdn === null ? [] : [countSdn(snapshot, sdn)]),
      ];
      return counts.flatMap(({ differences }) => differences.map((line) => `${seen.name}: ${line}`));
    });
}
