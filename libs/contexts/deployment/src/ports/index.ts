export type {
  DeviceCollection,
  DeviceConnection,
  DeviceFindings,
  DeviceTarget,
  DeviceTransport,
  DeviceVitals,
  Expectations,
  FileTrace,
  PendingPush,
  PushIdentity,
  StagedChange,
  TransportErrorCode,
  VerifyReport,
} from './device-transport.js';
export { TransportError } from './device-transport.js';
