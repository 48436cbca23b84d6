'use strict';
// Starts the bundle from the code that V8 made of it when it was built: to compile it again would take a tenth of a short
// command. That code lies beside the source, and is trusted as the source is; it fits one Node on one kind of machine,
// and where V8 does not find or take it, the source is compiled.
const { readFileSync } = require('node:fs');
const { Script } = require('node:vm');

const compiled = `.${process.version}-${process.arch}.code`;
const loaded = new Map();

function load(name) {
  const known = loaded.get(name);
  if (known !== undefined) return known.module.exports;
  const filename = `${__dirname}/${name}`;
  const source = `(function (exports, require, module, __filename, __dirname) {${readFileSync(filename, 'utf8')}\n})`;
  let cachedData;
  try {
    cachedData = readFileSync(filename + compiled);
  } catch {
    // Built for another Node.
  }
  const script = new Script(source, { filename, cachedData });
  const module = { exports: {} };
  loaded.set(name, { script, module });
  const requireOf = (id) => (id.startsWith('./') ? load(id.slice(2)) : require(id));
  script.runInThisContext()(module.exports, requireOf, module, filename, __dirname);
  return module.exports;
}

module.exports = loaded;
load('MAIN');
