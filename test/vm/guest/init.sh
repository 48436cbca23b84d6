#!/bin/busybox sh
# PID 1 of the fast machine: mounts what a Debian has mounted, starts the agent, and is then an init that does what the
# scenarios ask of one: it reaps orphans, and runs what is written to its pipe (a kill from PID 1, say).
export PATH=/omnimind/node_modules/.bin:/usr/bin HOME=/root TERM=dumb LC_ALL=C
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /tmp && chmod 1777 /tmp
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t bpf bpf /sys/fs/bpf
mount -t securityfs securityfs /sys/kernel/security
mount -t tracefs tracefs /sys/kernel/tracing
ip link set lo up
stty -F /dev/ttyS1 raw -echo
mkfifo -m 600 /run/init
ln -s /proc/self/fd /dev/fd

cd /
(echo -1000 >/proc/self/oom_score_adj; exec /omnimind/node_modules/.bin/node /omnimind/test/vm/guest/agent.js) &
agent=$!
exec 3<>/run/init
while [ -d "/proc/$agent" ]; do
  if read -r -t 1 command <&3; then eval "$command"; fi
  # Looks for children that exited, whoever their parent was.
  jobs >/dev/null
done
echo 'init: the agent has ended' >/dev/console
poweroff -f
