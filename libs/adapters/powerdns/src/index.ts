export { PowerDnsError, type PowerDnsCode, type PowerDnsFacts } from './powerdns-error.js';
export { PowerDnsServer, type PowerDnsOptions } from './powerdns-server.js';
