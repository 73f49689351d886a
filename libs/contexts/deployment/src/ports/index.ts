export type {
  Chassis,
  DeviceCollection,
  DeviceConnection,
  DeviceFindings,
  DeviceTarget,
  DeviceTransport,
  DeviceVitals,
  ExpectedEvi,
  ExpectedMac,
  ExpectedPath,
  ExpectedPrefix,
  ExpectedRoute,
  Expectations,
  FileTrace,
  MlagState,
  PendingPush,
  ProofQuestion,
  PushIdentity,
  SecretSource,
  StagedChange,
  TransportErrorCode,
  VerifyCheck,
  VerifyReport,
} from './device-transport.js';
export { eosSecretCode } from './neighbor-password.js';
export { hasFailed, staleRevision, TransportError } from './device-transport.js';
export { type Encode, keepingSecrets, secretNames, WireSecrets } from './wire-secrets.js';
