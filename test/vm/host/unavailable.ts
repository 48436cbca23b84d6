/** This machine lacks what a virtual machine needs, in words that name it: the tests are skipped. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
}
