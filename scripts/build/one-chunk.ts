import type { CodeSplittingOptions, Plugin } from 'rolldown';

/** What belongs to `run`, whose cost comes on top of a command's; its terminals are files of their own. */
const runFiles = /\/cli\/src\/(run\/[^/]+|commands\/run|parse\/(number|bytes))\.ts$/;

/**
 * What of it most commands end without. A group takes along what its files import: with these came the SDK's client,
 * more than all the rest.
 */
const laterFiles = /\/run\/(reader-gone|find-kill|explain-death|death-block)\.ts$/;

/**
 * Puts all that a program needs to start into one file, and what `run` needs besides into a second: without it, modules
 * that its lazy parts use too would be files of their own, and each costs half a millisecond to load.
 */
export function oneStartingChunk(): { readonly plugin: Plugin; readonly codeSplitting: CodeSplittingOptions } {
  const starting = new Set<string>();
  const plugin: Plugin = {
    name: 'one-starting-chunk',
    buildEnd() {
      const waiting = [...this.getModuleIds()].filter((id) => this.getModuleInfo(id)?.isEntry);
      for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
        if (starting.has(id)) continue;
        starting.add(id);
        waiting.push(...(this.getModuleInfo(id)?.importedIds ?? []));
      }
    },
  };
  return {
    plugin,
    codeSplitting: {
      groups: [
        { name: 'start', test: (id) => starting.has(id) },
        { name: 'run', test: (id) => runFiles.test(id) && !laterFiles.test(id) },
      ],
    },
  };
}
