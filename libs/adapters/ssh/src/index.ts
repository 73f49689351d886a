export { SshHostTransport } from './host-transport.js';
export type { HostTimeouts } from './push-client.js';
export { generateSshKeyPair, type SshKeyPair } from './ssh-key-pair.js';
