import { errorCodes, errorMeanings, type ErrorKind } from './errors.ts';
import { methods, notifications, type MethodSpec } from './methods.ts';

/** The tables in protocol/README.md that are made from the method table, by the name of their markers. */
export function makeReference(): Readonly<Record<string, string>> {
  return { methods: methodTable(), notifications: notificationTable(), errors: errorTable() };
}

function methodTable(): string {
  const rows = Object.entries(methods).map(([name, spec]) => {
    const { summary, params, errors }: MethodSpec = spec;
    return `| [\`${name}\`](examples/${name}.json) | ${memberNames(params)} | ${summary} | ${errors.join(', ')} |`;
  });
  return ['| method | params | what | its own errors |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

function notificationTable(): string {
  const rows = Object.entries(notifications).map(
    ([name, { summary, params }]) => `| \`${name}\` | ${memberNames(params)} | ${summary} |`,
  );
  return ['| notification | params | when |', '| --- | --- | --- |', ...rows].join('\n');
}

function memberNames(schema: object): string {
  const { properties = {}, required = [] } = schema as { properties?: Record<string, unknown>; required?: string[] };
  return Object.keys(properties)
    .map((member) => `${member}${required.includes(member) ? '' : '?'}`)
    .join(', ');
}

function errorTable(): string {
  const rows = Object.entries(errorCodes).map(
    ([kind, code]) => `| ${String(code)} | \`${kind}\` | ${errorMeanings[kind as ErrorKind]} |`,
  );
  return ['| code | `data.kind` | what it means |', '| --- | --- | --- |', ...rows].join('\n');
}
