import type { Define } from './define.ts';

interface VerbModule {
  readonly define: Define;
}

/** Every verb and its file, loaded when it is asked for: a command pays for no other. In the order of the help text. */
export const verbs: Readonly<Record<string, () => Promise<VerbModule>>> = {
  status: () => import('./commands/status.ts'),
  top: () => import('./commands/top.ts'),
  list: () => import('./commands/list.ts'),
  register: () => import('./commands/register.ts'),
  heartbeat: () => import('./commands/heartbeat.ts'),
  release: () => import('./commands/release.ts'),
  run: () => import('./commands/run.ts'),
  attach: () => import('./commands/attach.ts'),
  'may-kill': () => import('./commands/may-kill.ts'),
  kill: () => import('./commands/kill.ts'),
  confine: () => import('./commands/confine.ts'),
  history: () => import('./commands/history.ts'),
  why: () => import('./commands/why.ts'),
  trace: () => import('./commands/trace.ts'),
  isolate: () => import('./commands/isolate.ts'),
  protector: () => import('./commands/protector.ts'),
  doctor: () => import('./commands/doctor.ts'),
  server: () => import('./commands/server.ts'),
  completion: () => import('./commands/completion.ts'),
};

/** Loads a verb. @param name one of the table */
export async function loadVerb(name: string): Promise<VerbModule> {
  const load = verbs[name];
  if (load === undefined) throw new TypeError(`no verb is called ${name}`);
  return await load();
}

/**
 * The verb of a command line, where it can be told without knowing the verbs' own options.
 *
 * @param args without node and the script
 */
export function verbOf(args: readonly string[]): string | undefined {
  for (let index = 0; index < args.length; index += 1) {
    const word = args[index] ?? '';
    if (word === '--socket') index += 1;
    else if (!word.startsWith('-')) return Object.hasOwn(verbs, word) ? word : undefined;
  }
  return undefined;
}
