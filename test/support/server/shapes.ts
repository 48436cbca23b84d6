import { Compile } from 'typebox/schema';
import { methods, notifications, type MethodName, type NotificationName } from '#protocol/methods.ts';

type Validator = ReturnType<typeof Compile>;

const results = new Map<MethodName, Validator>();
const notices = new Map<NotificationName, Validator>();

/** Is this what the method table promises? @throws Error that says what is not */
export function checkResult(method: MethodName, result: unknown): void {
  let validator = results.get(method);
  if (validator === undefined) {
    validator = Compile(methods[method].result);
    results.set(method, validator);
  }
  check(validator, method, result);
}

/** @throws Error where the notification is not in the table, or not of its shape */
export function checkNotification(name: string, params: unknown): void {
  if (!isNotification(name)) throw new Error(`no such notification: ${name}`);
  let validator = notices.get(name);
  if (validator === undefined) {
    validator = Compile(notifications[name].params);
    notices.set(name, validator);
  }
  check(validator, name, params);
}

function isNotification(name: string): name is NotificationName {
  return Object.hasOwn(notifications, name);
}

function check(validator: Validator, what: string, value: unknown): void {
  if (validator.Check(value)) return;
  const [, errors] = validator.Errors(value);
  throw new Error(`${what} is not of its shape: ${JSON.stringify(errors)} in ${JSON.stringify(value)}`.slice(0, 2000));
}
