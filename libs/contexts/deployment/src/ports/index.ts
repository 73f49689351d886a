export type {
  DeviceCollection,
  DeviceConnection,
  DeviceFindings,
  DeviceTarget,
  DeviceTransport,
  DeviceVitals,
  ExpectedPath,
  ExpectedRoute,
  Expectations,
  FileTrace,
  PendingPush,
  PushIdentity,
  SecretSource,
  StagedChange,
  TransportErrorCode,
  VerifyReport,
} from './device-transport.js';
export { TransportError } from './device-transport.js';
export { type Encode, keepingSecrets, secretNames, WireSecrets } from './wire-secrets.js';
