import { decodeStageRequest, encodeStageRequest } from './stage-request.js';

describe('a stage request', () => {
  const request = {
    planId: 'plan-1',
    revision: 7,
    isForced: true,
    files: new Map([
      ['interfaces', 'auto lo\nend\nfile frr 3\nü\n'],
      ['frr', null],
      ['network:guests.xml', '<network/>\n'],
    ] as const),
    transaction: ['--', 'set', 'Port', 'eno1', 'tag=5'],
  };

  it('carries contents that look like its own words', () => {
    expect(decodeStageRequest(encodeStageRequest(request))).toEqual(request);
  });

  it('is nothing when it was cut off anywhere', () => {
    const whole = encodeStageRequest(request);
    for (let length = 0; length < whole.length; length += 1) expect(decodeStageRequest(whole.subarray(0, length))).toBeNull();
  });
});
