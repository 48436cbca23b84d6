import type { MethodName, MethodParams, MethodResult } from '#protocol/methods.ts';
import { protocolVersion } from '#protocol/version.ts';
import { AnswerLines, readAnswer } from './answer-lines.ts';

/** A call that changes nothing. */
export interface Question<Name extends MethodName = MethodName> {
  readonly method: Name;
  readonly params: MethodParams<Name>;
}

type Answers<Questions extends readonly Question[]> = {
  readonly [Index in keyof Questions]: Questions[Index] extends Question<infer Name> ? MethodResult<Name> : never;
};

/**
 * Asks a server all that a command wants to know, in one write on one connection, and hears the answers.
 *
 * The connection is left to the end of the process, which it does not hold up: to close it takes longer than to ask.
 *
 * @param socket this one alone; undefined: as every client looks for one
 * @returns which socket answered, and the answers in order
 * @throws as connect and Client.call
 */
export async function askAtOnce<const Questions extends readonly Question[]>(
  socket: string | undefined,
  questions: Questions,
): Promise<{ readonly socketPath: string; readonly answers: Answers<Questions> }> {
  const lines = await AnswerLines.connect(socket);
  // The first question is whether the server speaks our protocol: its no comes before any other answer.
  const all = [{ method: 'server.info', params: { protocolVersion } } as const, ...questions];
  lines.send(...all.map((question, id) => ({ id, ...question })));
  const results: unknown[] = [];
  for (let left = all.length; left > 0; left -= 1) {
    const { id, result } = readAnswer(await lines.next());
    results[Number(id)] = result;
  }
  return { socketPath: lines.socketPath, answers: results.slice(1) as unknown as Answers<Questions> };
}
