/** phpIPAM cannot hold this: nothing is sent, and the words are the outcome. */
export class UnfitValue extends Error {
  constructor(words: string) {
    super(words);
    this.name = 'UnfitValue';
  }
}
