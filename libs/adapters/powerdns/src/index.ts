export type { PowerDnsCode, PowerDnsError, PowerDnsFacts } from './powerdns-error.js';
export { PowerDnsServer, type PowerDnsOptions } from './powerdns-server.js';
