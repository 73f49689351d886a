/** `node --import`: this process is of a release that has one migration more than the others. */
import { NEWER_RELEASE } from './settings.js';

class NewerRelease {
  readonly name = NEWER_RELEASE;
  up = (): Promise<void> => Promise.resolve();
  down = (): Promise<void> => Promise.resolve();
}

// By address: nothing of the lab may depend on migrations, and this does not, it only adds one.
const { migrations } = (await import(new URL('../../../../../migrations/index.js', import.meta.url).href)) as { migrations: unknown[] };
migrations.push(NewerRelease);
