export { FakeDevice, type FakeStep, FakeTransport } from './fake-device.js';
