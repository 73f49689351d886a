/** `node --import`: this process is of a release that has one migration more than the others. */
import type { MigrationInterface } from 'typeorm';
import { migrations } from '../../../../../migrations/index.js';
import { NEWER_RELEASE } from '../newer-release-name.js';

class NewerRelease implements MigrationInterface {
  readonly name = NEWER_RELEASE;
  up = (): Promise<void> => Promise.resolve();
  down = (): Promise<void> => Promise.resolve();
}

(migrations as (new () => MigrationInterface)[]).push(NewerRelease);
