import type { Provider } from '@nestjs/common';
import { JOB_HANDLERS } from '#contexts/events';
import { DriftResolver } from './api/drift.resolver.js';
import { DriftCollector } from './drift-collector.js';
import { DriftJob } from './drift-job.js';
import { DriftService } from './drift.service.js';
import { DriftStore } from './store/drift.store.js';

const job = { provide: JOB_HANDLERS['device.hint'], useClass: DriftJob };

/** What the module needs for drift. A process without transports knows what was read; only one with transports reads. */
export const driftProviders: Provider[] = [DriftStore, DriftCollector, DriftService, DriftResolver, job];
export const driftExports = [DriftCollector, DriftService, job.provide];
