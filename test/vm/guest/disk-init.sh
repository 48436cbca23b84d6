#!/bin/busybox sh
# The first program of the machine with a disk: finds the disk, puts the project on it, and hands over to its systemd.
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
# Their names begin with their place in the order in which they need each other.
for module in /modules/*; do insmod "$module"; done
tries=0
until [ -b /dev/vda ] && [ -b /dev/vdb ]; do
  usleep 10000
  tries=$((tries + 1))
  [ $tries -lt 500 ] || { echo 'init: no disk is to be found'; poweroff -f; }
done
mount -t ext4 /dev/vda /sysroot
cp -a /omnimind/. /sysroot/omnimind/
mkswap /dev/vdb >/dev/null
swapon /dev/vdb
for folder in dev proc sys; do mount --move "/$folder" "/sysroot/$folder"; done
exec switch_root /sysroot /sbin/init
