import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { EPERM, errnoName, hasCode, SystemCallError } from '#linux/errno.ts';

test('names an error number as errno(3) does', () => {
  expect(errnoName(1)).toBe('EPERM');
  expect(errnoName(3)).toBe('ESRCH');
  expect(errnoName(11)).toBe('EAGAIN');
  expect(errnoName(4000)).toBe('E4000');
});

test('says which call failed, with what, about what', () => {
  const error = new SystemCallError('pidfd_open', EPERM, 42);
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({ name: 'SystemCallError', syscall: 'pidfd_open', errno: 1, code: 'EPERM' });
  expect(error.message).toBe('pidfd_open 42: EPERM, operation not permitted');
});

test('knows the codes of node:fs and of its own errors', () => {
  const missing = catchError(() => readFileSync('/proc/none-such'));
  expect(hasCode(missing, 'EACCES', 'ENOENT')).toBe(true);
  expect(hasCode(missing, 'EACCES')).toBe(false);
  expect(hasCode(new SystemCallError('open', EPERM), 'EPERM')).toBe(true);
  expect(hasCode('ENOENT', 'ENOENT')).toBe(false);
});

function catchError(act: () => unknown): unknown {
  try {
    act();
    return undefined;
  } catch (error) {
    return error;
  }
}
