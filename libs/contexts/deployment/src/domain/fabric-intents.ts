import { FabricCompiler, type FabricIntent, type FabricSnapshot } from '#engines/intent';
import type { FabricId } from '#engines/kernel';

/** The intents of as many fabrics are kept; a large one takes some hundred megabytes. */
const FABRICS = 2;

/**
 * Intents of fabrics that are asked for again and again. Nothing but `compileFabric`, faster: a device of which nothing is another is the same
 * object as last time, and `renderDevice` knows its artefacts.
 */
export class FabricIntents {
  /** The one that was asked for last at the end. */
  private readonly compilers = new Map<FabricId, FabricCompiler>();

  /** @throws DomainError CHECK_FAILED, as `compileFabric`. */
  of(snapshot: FabricSnapshot): FabricIntent {
    const { id } = snapshot.fabric;
    const compiler = this.compilers.get(id) ?? new FabricCompiler();
    this.compilers.delete(id);
    this.compilers.set(id, compiler);
    for (const oldest of [...this.compilers.keys()].slice(0, -FABRICS)) this.compilers.delete(oldest);
    return compiler.compile(snapshot);
  }
}
