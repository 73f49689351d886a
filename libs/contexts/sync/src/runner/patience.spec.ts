import { DomainError } from '#engines/kernel';
import { isOfTheirs, mayComeYet, Patience, underWay } from './patience.js';

const unanswered = (words: string, more: object = {}): DomainError =>
  new DomainError('FOREIGN_UNAVAILABLE', words, { retriable: true, ...more });
/** So many in a row were not answered. @returns whether the others are still worth a try. */
const fail = (patience: Patience, times: number): boolean =>
  Array.from({ length: times }, (_, n) => patience.failed(unanswered(`no ${n + 1}`))).at(-1) ?? true;

describe('patience with what is not answered', () => {
  it('ends a group at the fifth object in a row, and begins anew where one is answered', () => {
    const patience = new Patience();
    expect(fail(patience, 4)).toBe(true);
    patience.worked();
    expect(fail(patience, 4)).toBe(true);
    expect(patience.failed(unanswered('the fifth'))).toBe(false);
  });

  it('gives each group its own five, and ends with the second in a row, with the last words', () => {
    const patience = new Patience();
    fail(patience, 5);
    patience.gaveUp();
    expect(fail(patience, 4)).toBe(true);
    patience.failed(unanswered('at last'));
    expect(() => patience.gaveUp()).toThrow('at last');
  });

  it('goes on after a group where anything was answered since', () => {
    const patience = new Patience();
    for (let group = 0; group < 3; group++) {
      fail(patience, 5);
      patience.gaveUp();
      patience.worked();
    }
    expect(() => patience.end()).not.toThrow();
  });

  it('ends the run with its words where a group was given up and nothing was answered since', () => {
    const patience = new Patience();
    patience.end();
    patience.failed(unanswered('nobody is there'));
    patience.gaveUp();
    expect(() => patience.end()).toThrow('nobody is there');
  });

  it('makes few at once where they were tried before or came late', () => {
    const [first, second] = [new Patience(), new Patience(true)];
    expect(second.creates).toBeLessThan(first.creates);
    first.slow();
    expect(first.creates).toBe(second.creates);
  });
});

describe('an error', () => {
  it('is of the other system where it says whether asking again helps', () => {
    expect(isOfTheirs(unanswered(''))).toBe(true);
    expect([new Error('lease'), new DomainError('NOT_FOUND', '', {})].some(isOfTheirs)).toBe(false);
  });

  it('of a write that nobody waits for any more may be followed by what was written', () => {
    expect(mayComeYet(unanswered('', { isTimeout: true }))).toBe(true);
    expect([unanswered(''), new DomainError('NOT_FOUND', '', { isTimeout: true })].some(mayComeYet)).toBe(false);
  });

  it('says which of several writes is under way, or it may be any of them', () => {
    expect(underWay(unanswered('', { underWay: [1] }), ['a', 'b', 'c'])).toEqual(['b']);
    expect(underWay(unanswered(''), ['a', 'b'])).toEqual(['a', 'b']);
  });
});
