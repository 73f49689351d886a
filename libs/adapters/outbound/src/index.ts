export { OutboundError, type OutboundCode, type OutboundFacts, type OutboundPhase } from './outbound-error.js';
export { OutboundHttp, type OutboundOptions, type OutboundRequest, type OutboundResponse } from './outbound-http.js';
export { WritePath } from './write-path.js';
