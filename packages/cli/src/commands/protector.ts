import { Argument } from 'commander';
import { connectTo } from '../connect.ts';
import type { Context } from '../context.ts';
import type { Define } from '../define.ts';
import { exitCodes } from '../exit-code.ts';
import { examples } from '../help.ts';
import { planScreen, protectorScreen } from '../output/protector-screen.ts';

const modes = ['off', 'observe', 'test', 'dev', 'prod'] as const;
type Mode = (typeof modes)[number];

export const define: Define = (command, bind) => {
  command
    .helpCommand(false)
    .summary('the resource protector: what it sees, whom it would pick')
    .description(
      'The resource protector watches memory and CPU. It tells; where it may act it slows, asks to end, and only then ' +
        'kills, and never who is protected. By default it observes: it plans and tells, and touches nothing.',
    )
    .addHelpText('after', examples('omnictl protector status', 'omnictl protector plan', 'omnictl protector mode observe'));
  command
    .command('status')
    .summary('what it sees, and what it did')
    .description(
      'Shows the mode, what the machine needs, who grows, and what was done. With --json prints the ProtectorStatus.',
    )
    .addHelpText('after', examples('omnictl protector status'))
    .action(bind(protectorStatus));
  command
    .command('plan')
    .summary('whom it would pick now, and why')
    .description(
      'Looks at the machine, and says whom the protector would pick, why, and why not each of the next ten. Touches nothing. ' +
        'Exit code 1 where there is nobody. With --json prints the ProtectorPlan.',
    )
    .addHelpText('after', examples('omnictl protector plan', 'omnictl protector plan --json'))
    .action(bind(protectorPlan));
  command
    .command('mode')
    .summary('set the mode until the server ends')
    .description(
      'Sets the mode: off, observe (tells alone), or test, dev, prod (acts by these limits). For root and for whom the ' +
        'server runs as. What lasts stands in omnid.toml. With --json prints the ProtectorStatus.',
    )
    .addArgument(new Argument('<mode>', 'off, observe, test, dev or prod').choices(modes))
    .addHelpText('after', examples('omnictl protector mode observe', 'omnictl protector mode dev'))
    .action(bind(protectorMode));
};

async function protectorStatus({ globals, output }: Context): Promise<number> {
  await using client = await connectTo(globals);
  const status = await client.call('protector.status');
  if (globals.json) output.json(status);
  else output.write(protectorScreen(status, output));
  return exitCodes.yes;
}

async function protectorPlan({ globals, output }: Context): Promise<number> {
  await using client = await connectTo(globals);
  const plan = await client.call('protector.plan');
  if (globals.json) output.json(plan);
  else output.write(planScreen(plan, output));
  return plan.victims.length > 0 ? exitCodes.yes : exitCodes.no;
}

async function protectorMode({ globals, output }: Context, mode: Mode): Promise<number> {
  await using client = await connectTo(globals);
  const status = await client.call('protector.setMode', { mode });
  if (globals.json) output.json(status);
  else output.verdict(`protector ${status.mode}${status.acting ? ', acting' : ''}`);
  return exitCodes.yes;
}
