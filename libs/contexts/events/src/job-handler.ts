import type { Topic } from './domain/topic.js';

/** What a signal leads to. It gets an id and reads the world again; it may run at any time, twice, and twice at once. */
export interface JobHandler {
  run(key: string, signal: AbortSignal): Promise<void>;
}

/** Token under which a context provides the handler of a topic; the worker refuses to start while one is missing. */
export const JOB_HANDLERS: Readonly<Record<Topic, symbol>> = {
  'inbox.received': Symbol('JobHandler inbox.received'),
  'fabric.changed': Symbol('JobHandler fabric.changed'),
  'deployment.settled': Symbol('JobHandler deployment.settled'),
  'device.hint': Symbol('JobHandler device.hint'),
  'recall.wanted': Symbol('JobHandler recall.wanted'),
  'sync.wanted': Symbol('JobHandler sync.wanted'),
  'number-pool.changed': Symbol('JobHandler number-pool.changed'),
  'prefix-pool.changed': Symbol('JobHandler prefix-pool.changed'),
};
