// The floor of an export: one process that iterates over the table, stringifies each row as it is, and writes the text to a
// file in large pieces. No server, no socket, no rights, and no shape of its own.
import { closeSync, openSync, writeSync } from 'node:fs';
import Sqlite from 'better-sqlite3';

const pieceChars = 256 * 1024;
const [path = '', file = ''] = process.argv.slice(2);

const database = new Sqlite(path, { readonly: true });
const fd = openSync(file, 'w');
let text = '';
for (const row of database.prepare('SELECT * FROM event ORDER BY id DESC').iterate()) {
  text += `${JSON.stringify(row)}\n`;
  if (text.length < pieceChars) continue;
  writeSync(fd, text);
  text = '';
}
writeSync(fd, text);
closeSync(fd);
database.close();
