export { generateSshKeyPair, type SshKeyPair } from './ssh-key-pair.js';
