/** Which request does what: lists and objects by the table of kinds, and the few addresses that are their own. */
import { type Kind, has } from './model.js';
import type { Act, Answer } from './act.js';
import type { AdvisoryLocks } from './advisory-locks.js';
import { allocate, POOLS, showFree } from './available.js';
import { createMany, destroyMany, updateMany } from './bulk.js';
import { listOf } from './list.js';
import { optionsOf } from './options.js';
import { detail } from './refusal.js';
import { create, destroy, retrieve, update } from './single.js';
import { statusOf } from './status.js';

export interface Router {
  readonly kinds: readonly Kind[];
  readonly locks: AdvisoryLocks;
  /** Does it after the answer. Null: now. */
  readonly background: (act: Act, kind: Kind, work: () => Promise<Answer>) => Answer | null;
}

/** Not an answer of the API: nothing of it is at this address. */
const NO_SUCH_PAGE: Answer = { status: 404, page: 'Page Not Found' };

const notAllowed = ({ method }: Act) => detail(405, `Method "${method}" not allowed.`);

/** @param path below `/api/`, without slashes around it. */
export async function route(router: Router, act: Act, path: string): Promise<Answer> {
  const [app = '', model = '', id, action, ...more] = path.split('/');
  if (path === 'status') return statusOf(act);
  if (path === 'authentication-check' && act.shared.release.isAtLeast('4.5'))
    return { status: 200, body: { id: act.user.id, username: act.user.name } };
  if (path === 'users/tokens') return tokensOf(act);
  const kind = router.kinds.find((one) => one.path === `${app}/${model}`);
  if (!kind || more.length > 0) return NO_SUCH_PAGE;
  if (id !== undefined && !/^\d+$/.test(id)) throw detail(404, 'Not found.');
  if (act.method === 'OPTIONS') return optionsOf(act, kind);
  if (id === undefined) return collection(router, act, kind);
  if (action === undefined) return single(router, act, kind, Number(id));
  const pool = POOLS[`${kind.path} ${action}`];
  if (!pool) return NO_SUCH_PAGE;
  if (act.method === 'GET') {
    act.demand(act.viewer.kind(pool.child), 'view');
    return showFree(act, pool, Number(id));
  }
  if (act.method !== 'POST') throw notAllowed(act);
  return router.locks.run(pool.lock, () => allocate(act, pool, Number(id)));
}

async function collection(router: Router, act: Act, kind: Kind): Promise<Answer> {
  if (act.method === 'GET') {
    act.demand(kind, 'view');
    return { status: 200, body: listOf(kind, act.parameters, act.viewer, act.test(kind, 'view')) };
  }
  if (!has(kind, 'writes')) throw notAllowed(act);
  const inBackground = (work: () => Promise<Answer>): Answer | Promise<Answer> =>
    (Array.isArray(act.body) && router.background(act, kind, work)) || work();
  switch (act.method) {
    case 'POST': {
      act.demand(kind, 'add');
      const { body } = act;
      return inBackground(() => locked(router, kind, () => (Array.isArray(body) ? createMany(act, kind, body) : create(act, kind))));
    }
    case 'PUT':
    case 'PATCH': {
      act.demand(kind, 'change');
      const verb = act.method;
      return inBackground(() => updateMany(act, kind, verb)); // These take no lock.
    }
    case 'DELETE':
      act.demand(kind, 'delete');
      return inBackground(() => destroyMany(act, kind));
    default:
      throw notAllowed(act);
  }
}

function single(router: Router, act: Act, kind: Kind, id: number): Promise<Answer> | Answer {
  if (act.method === 'GET') {
    act.demand(kind, 'view');
    return retrieve(act, kind, id);
  }
  if (!has(kind, 'writes')) throw notAllowed(act);
  switch (act.method) {
    case 'PUT':
    case 'PATCH': {
      act.demand(kind, 'change');
      const verb = act.method;
      return locked(router, kind, () => update(act, kind, id, verb));
    }
    case 'DELETE':
      act.demand(kind, 'delete');
      return locked(router, kind, () => destroy(act, kind, id));
    default:
      throw notAllowed(act);
  }
}

const locked = ({ locks }: Router, kind: Kind, work: () => Promise<Answer>): Promise<Answer> =>
  kind.lock === undefined ? work() : locks.run(kind.lock, work);

/** Only what is needed to see that a token is good; the value is never shown. */
function tokensOf(act: Act): Answer {
  if (act.method !== 'GET') throw notAllowed(act);
  const user = act.viewer.brief('users.user', act.user.id);
  return { status: 200, body: { count: 1, next: null, previous: null, results: [{ id: 1, user, write_enabled: act.token.writeEnabled }] } };
}
