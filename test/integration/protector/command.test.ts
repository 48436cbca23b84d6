import { expect, it } from 'vitest';
import { User } from '#test/integration/cli/support/omnictl.ts';

it('is looked at and set by omnictl', async () => {
  await using user = await User.create();
  const started = await user.omnictl(['run', '--', 'true']);
  expect(started.code).toBe(0);
  const status = await user.omnictl(['protector', 'status']);
  expect(status.code).toBe(0);
  expect(status.stdout).toMatch(/^mode +observe, touches nothing, by the limits of dev/m);
  expect(status.stdout).toMatch(/^limits +cpu 80 %, memory 85 %/m);
  const plan = await user.omnictl(['protector', 'plan', '--json']);
  const document = JSON.parse(plan.stdout) as { victims: unknown[]; wouldEnd: boolean };
  // Nobody here carries what every server of the tests is held to.
  expect(document).toMatchObject({ victims: [], wouldEnd: false });
  expect(plan.code).toBe(1);
  const set = await user.omnictl(['protector', 'mode', 'dev']);
  expect([set.code, set.stdout]).toEqual([0, 'protector dev, acting\n']);
  expect((await user.omnictl(['protector', 'mode', 'observe'])).stdout).toBe('protector observe\n');
  expect((await user.omnictl(['protector', 'mode', 'fast'])).code).toBe(2);
});
