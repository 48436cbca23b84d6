/** Requests that are put together before the clock runs: what is measured is the server, and not the making of questions. */
export type Frames = readonly Buffer[];

/** How many different ids; each has the same number of digits, so that all frames of a kind are of equal size. */
const idsFrom = 1000;
const idsTo = 2000;

/** One request, with its newline. */
export function requestFrame(id: number, method: string, params: object): Buffer {
  return Buffer.from(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
}

/** The same request under many ids. */
export function framesOf(method: string, params: object): Frames {
  const frames: Buffer[] = [];
  for (let id = idsFrom; id < idsTo; id += 1) frames.push(requestFrame(id, method, params));
  return frames;
}

/** The frame for the n-th request. */
export function frameAt(frames: Frames, index: number): Buffer {
  const frame = frames[index % frames.length];
  if (frame === undefined) throw new RangeError('no frames');
  return frame;
}
