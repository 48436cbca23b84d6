/** Thrown by a scenario where the machine or the product lacks what it is about: it is skipped, with these words. */
export class NotHere extends Error {
  override readonly name = 'NotHere';
}
