/** `/circuits/`: only that there are some, and whose. */
import { ApiRefusal } from '../api-refusal.js';
import type { ApiAnswer, ApiCall, Controller } from '../api-call.js';
import { listOf } from './tools.js';

function get(call: ApiCall): ApiAnswer {
  if (call.params.has('id')) throw new ApiRefusal(501, 'Not Implemented');
  return listOf(call, 'circuits', 'circuits', 'No circuits configured');
}

export const circuits: Controller = { GET: get };
