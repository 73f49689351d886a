export type {
  DeviceConnection,
  DeviceFindings,
  DeviceTarget,
  DeviceTransport,
  DeviceVitals,
  Expectations,
  PendingPush,
  PushIdentity,
  StagedChange,
  TransportErrorCode,
  VerifyReport,
} from './device-transport.js';
export { TransportError } from './device-transport.js';
