import { isDomainError } from '#engines/kernel';
import { isDatabaseAway } from '#platform';

/** It says nothing of a device, and is not written down as if it did: the next execution goes on from what is written, and reads the device. */
export const isFaultOfDatabase = (error: unknown): boolean => !isDomainError(error) && isDatabaseAway(error);
