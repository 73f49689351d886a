export { frrHosts } from './frr-hosts.js';
