import { TransportError, type TransportErrorCode } from '#contexts/deployment/ports';

export const pushFailure = (device: string, code: TransportErrorCode, detail: string): TransportError =>
  new TransportError(code, `${device}: ${detail}`, { device, detail });
