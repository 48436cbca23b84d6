/** So many processes have few enough rows between two of their own; 3 MiB with what is made of them. */
const textsMax = 4096;

/** What is made of texts, of each once as long as it keeps coming. */
export class SeenTexts {
  readonly #made = new Map<string, string>();
  readonly #make: (text: string) => string;

  constructor(make: (text: string) => string) {
    this.#make = make;
  }

  get(text: string): string {
    const known = this.#made.get(text);
    if (known !== undefined) return known;
    const made = this.#make(text);
    if (this.#made.size >= textsMax) this.#made.clear();
    // A copy: V8 keeps the whole page alive for a part that was cut out of it.
    this.#made.set(Buffer.from(text).toString(), made);
    return made;
  }
}
