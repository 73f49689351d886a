export { SshHostTransport } from './host-transport.js';
export { OpenBsdTransport } from './openbsd/gateway-transport.js';
export type { HostTimeouts } from './push-client.js';
export { generateSshKeyPair, type SshKeyPair } from './ssh-key-pair.js';
// What a host has to answer: for the simulated hosts of apps/lab, which speak the same protocol without a shell.
export { type AnswerPart, encodeAnswer } from './answer.js';
export { HOST_FILES, hostFileAt, hostFileOf, type HostSlot } from './host-file.js';
export { installScript } from './install-script.js';
export { INSTALL_COMMAND, PUSH_EXIT, PUSH_PROGRAM_PATH, PUSH_PROGRAM_SHA256 } from './push-program.js';
export { decodeStageRequest } from './stage-request.js';
