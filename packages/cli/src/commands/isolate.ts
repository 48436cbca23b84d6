import { resolve } from 'node:path';
import type { Context } from '../context.ts';
import type { Define } from '../define.ts';
import { UsageError } from '../errors.ts';
import { exitCodes } from '../exit-code.ts';
import { examples } from '../help.ts';
import { askYes, canAsk } from '../isolate/ask.ts';
import { applyPlan, type Applied } from '../isolate/apply.ts';
import { ProjectFolder } from '../isolate/folder.ts';
import { isolationModes, type IsolationMode } from '../isolate/modes.ts';
import { planFile, planUndo, type FilePlan } from '../isolate/plan.ts';
import { projectFileNames, projectFiles } from '../isolate/project-files.ts';
import { escapeText } from '../output/escape.ts';
import { styled, type Style } from '../output/style.ts';

interface IsolateOptions {
  readonly dir?: string;
  readonly check?: boolean;
  readonly undo?: boolean;
  readonly replace?: boolean;
}

export const define: Define = (command, bind) => {
  command
    .summary("write a project's resource limits and protection rules")
    .description(
      'Writes, for a mode, .env.resource_config (for a shell to source), resource_isolation_config.py (for a Python backend to ' +
        'import) and omnid-rules.toml (rules for omnid.toml). What is as it should be stays. Where a person has changed a file, or had one ' +
        'of that name, the difference is shown first: then nothing is written, exit code 1, unless the question is answered with y or ' +
        '--replace is given; what was there is kept in .omnimind-isolate, and --undo brings it back. Needs no server. With --json prints ' +
        '{mode, dir, files: [{name, action, done, diff, keptAs?}]}.',
    )
    .addArgument(command.createArgument('[mode]', 'what the machine is used for').choices(isolationModes))
    .option('--dir <path>', "the project's folder (default: the current one)")
    .option('--check', 'write nothing: exit code 0 where all is as it would be written, 1 with the differences where not')
    .option('--undo', 'take it all back: what was there before is there again')
    .option('--replace', 'replace what a person wrote too, and keep it')
    .addHelpText(
      'after',
      examples(
        'omnictl isolate test',
        'omnictl isolate test && omnictl isolate test --check',
        'omnictl isolate dev --replace && . ./.env.resource_config && echo "$OMNIMIND_RESOURCE_PROTECTOR_MODE"',
        'omnictl isolate --undo',
      ),
    )
    .action(bind(isolate));
};

/** Writes a project's files, compares them, or takes them back. */
export async function isolate(context: Context, mode: IsolationMode | undefined, options: IsolateOptions): Promise<number> {
  const { check = false, undo = false, replace = false } = options;
  if (undo === (mode !== undefined)) throw new UsageError('isolate takes a mode (test, dev or prod), or --undo alone');
  if (check && undo) throw new UsageError('--check writes nothing, and --undo does: use one of them');
  const folder = new ProjectFolder(resolve(options.dir ?? '.'));
  const plans = mode === undefined ? undoPlans(folder) : plansOf(folder, mode);
  if (check) return report(context, folder, mode, plans.map(notDone));
  const replaced = plans.filter(({ action }) => action === 'replace');
  if (!context.globals.json) for (const { diff } of replaced) printDiff(context, diff);
  if (replaced.length > 0 && !replace && !(await mayReplace(context))) {
    report(context, folder, mode, plans.map(notDone), false);
    context.output.note('nothing was written, for a person wrote what differs: --replace replaces it, and keeps a copy');
    return exitCodes.no;
  }
  report(
    context,
    folder,
    mode,
    plans.map((plan) => applyPlan(folder, plan, undo)),
    false,
  );
  return exitCodes.yes;
}

function plansOf(folder: ProjectFolder, mode: IsolationMode): readonly FilePlan[] {
  return [...projectFiles(mode)].map(([name, text]) => planFile(name, folder.read(name), text));
}

function undoPlans(folder: ProjectFolder): readonly FilePlan[] {
  return projectFileNames.map((name) => planUndo(name, folder.read(name), folder.newestKept(name)?.text));
}

function notDone(plan: FilePlan): Applied {
  return { ...plan, done: false };
}

/** Asks a person who has seen the difference. @returns false where there is nobody to ask */
async function mayReplace({ globals, output }: Context): Promise<boolean> {
  if (globals.json || output.quiet || output.columns === undefined || !canAsk()) return false;
  return await askYes('Replace it? What is there is kept in .omnimind-isolate.');
}

/**
 * Tells what became of the files.
 *
 * @param withDiff where it was not shown yet
 * @returns 0 where nothing was to be done
 */
function report(
  context: Context,
  folder: ProjectFolder,
  mode: IsolationMode | undefined,
  files: readonly Applied[],
  withDiff = true,
): number {
  const { globals, output } = context;
  if (globals.json) {
    const rows = files.map(({ before: _before, after: _after, ...row }) => row);
    output.json({ mode: mode ?? null, dir: folder.path, files: rows });
  } else {
    if (withDiff) for (const { diff } of files) printDiff(context, diff);
    for (const { name, action, done, keptAs } of files) {
      const words = done ? doneWords[action] : toDoWords[action];
      output.verdict(`${words} ${name}${keptAs === undefined ? '' : ` (what was there: ${keptAs})`}`);
    }
  }
  return files.every(({ action }) => action === 'unchanged') ? exitCodes.yes : exitCodes.no;
}

const doneWords = {
  unchanged: 'unchanged',
  create: 'created',
  update: 'updated',
  replace: 'replaced',
  remove: 'removed',
} as const;
const toDoWords = {
  unchanged: 'as it should be:',
  create: 'missing:',
  update: 'of another mode:',
  replace: 'changed by a person:',
  remove: 'to be removed:',
} as const;

const styleOfMark: Readonly<Record<string, Style>> = { '-': 'red', '+': 'green', '@': 'dim' };

function printDiff({ output }: Context, diff: readonly string[]): void {
  for (const line of diff) {
    const style = styleOfMark[line[0] ?? ''];
    const text = escapeText(line);
    output.verdict(style === undefined ? text : styled(output, style, text));
  }
}
