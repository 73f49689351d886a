import { journeySuite } from '../support/journey.suite.js';

describe('the journey on simulated hosts', () => {
  vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 }); // What it waits for has deadlines of its own.
  journeySuite(['real hosts: this is the test of the others']);
});
