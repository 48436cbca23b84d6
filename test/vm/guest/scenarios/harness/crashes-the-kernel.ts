import { writeFileSync } from 'node:fs';

export async function run(): Promise<void> {
  await Promise.resolve();
  writeFileSync('/proc/sysrq-trigger', 'c');
}
