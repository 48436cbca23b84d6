import type { ErrorKind } from '#protocol/errors.ts';

/** A rule's no, as an error: the word that programs branch on, and a sentence for people. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly kind: ErrorKind;
  readonly data: Readonly<Record<string, unknown>>;

  /**
   * @param kind the protocol's word for it
   * @param message names the offending thing and what would be right
   * @param data further members for programs
   */
  constructor(kind: ErrorKind, message: string, data: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.kind = kind;
    this.data = data;
  }
}
