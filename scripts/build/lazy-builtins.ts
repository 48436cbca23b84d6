import type { Plugin } from 'rolldown';

const eager =
  /^let (\w+) = require\("(node:[\w/]+)"\);\n\1 = (?:\w+\.)?__toESM\(\1, 1\);$|^let (\w+) = require\("(node:[\w/]+)"\);$/gm;

const helper = `const __lazy = (load) => {
	let module;
	return new Proxy({}, { get: (_, key) => (module ??= load(), key === "default" ? module : module[key]) });
};
`;

/**
 * Loads Node's own modules when they are first used, in CommonJS output. `child_process` alone takes as long to load as
 * a sixth of all of `node -e 0`, and most commands need it for no more than a name in a help text.
 */
export function lazyBuiltins(): Plugin {
  return {
    name: 'lazy-builtins',
    renderChunk(code) {
      const lazy = code.replaceAll(eager, (_text, first?: string, firstId?: string, second?: string, secondId?: string) => {
        const name = first ?? second ?? '';
        const id = firstId ?? secondId ?? '';
        return `const ${name} = __lazy(() => require("${id}"));`;
      });
      return lazy === code ? null : { code: helper + lazy, map: null };
    },
  };
}
