'use strict';
// Runs omnictl in the current folder once, and leaves beside each of its files what V8 compiled of it.
// It is loaded by relative paths: what V8 writes down holds the names of the files.
const { readFileSync, writeFileSync } = require('node:fs');
const { compileFunction } = require('node:vm');

const [, , ...args] = process.argv;
process.argv = [process.execPath, 'omnictl', ...args];
const loader = { exports: new Map() };
process.on('exit', () => {
  for (const [name, { script }] of loader.exports) {
    writeFileSync(`${name}.${process.version}-${process.arch}.code`, script.createCachedData());
  }
});
compileFunction(readFileSync('omnictl.cjs', 'utf8'), ['require', 'module', '__dirname'])(require, loader, '.');
