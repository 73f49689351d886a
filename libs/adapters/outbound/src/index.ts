export {
  type ApiTiming,
  JsonApi,
  jsonOf,
  MAX_JSON_VALUES,
  retryAfter,
  type Unanswered,
} from './json-api.js';
export { OutboundError, type OutboundCode, type OutboundFacts, type OutboundPhase } from './outbound-error.js';
export { OutboundHttp, type OutboundOptions, type OutboundRequest, type OutboundResponse } from './outbound-http.js';
export { pause } from './pause.js';
export { WritePath } from './write-path.js';
