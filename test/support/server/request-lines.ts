/**
 * The same request on many lines, as a client sends that does not wait for answers.
 *
 * @param count how many; their ids are 0 and up
 */
export function requestLines(count: number, method: string, params: unknown): string {
  return Array.from({ length: count }, (_, id) => `${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`).join('');
}
