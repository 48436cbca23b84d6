import { createProgram } from '../program.ts';
import { verbs } from '../verbs.ts';
import { bashScript } from './bash.ts';
import { fishScript } from './fish.ts';
import { completionVerbs, globalOptions } from './tree.ts';
import { zshScript } from './zsh.ts';

export type Shell = 'bash' | 'zsh' | 'fish';

const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;

/** The script that completes omnictl in a shell; made from the verbs as commander knows them. */
export async function completionScript(shell: Shell): Promise<string> {
  const program = await createProgram(Object.keys(verbs), () => undefined);
  return scripts[shell](completionVerbs(program), globalOptions(program));
}
