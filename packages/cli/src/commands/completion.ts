import type { Context } from '../context.ts';
import type { Define } from '../define.ts';
import { exitCodes } from '../exit-code.ts';
import { examples } from '../help.ts';
import type { Shell } from '../completion/script.ts';

const shells: readonly Shell[] = ['bash', 'zsh', 'fish'];

export const define: Define = (command, bind) => {
  command
    .summary('completion for bash, zsh or fish')
    .description('Prints a script that completes omnictl in a shell.')
    .addArgument(command.createArgument('<shell>', 'which shell').choices(shells))
    .addHelpText(
      'after',
      examples(
        'omnictl completion bash > omnictl.bash   # in ~/.bashrc: . /path/to/omnictl.bash',
        'omnictl completion zsh > _omnictl        # in a folder of $fpath',
        'omnictl completion fish > omnictl.fish   # in ~/.config/fish/completions',
      ),
    )
    .action(bind(completion));
};

/** Prints a completion script. */
export async function completion({ output }: Context, shell: Shell): Promise<number> {
  // Loads every verb: here, not at the top, so that describing this one does not.
  const { completionScript } = await import('../completion/script.ts');
  output.write(await completionScript(shell));
  return exitCodes.yes;
}
