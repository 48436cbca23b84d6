#!/bin/sh
# The job of the story: 500 cycles, shortened, with what they have loaded in memory. It will not be stopped by SIGTERM.
trap 'echo "  [cycles]  SIGTERM: not now, my cycles are not done"' TERM
loaded=$(head -c 40000000 /dev/zero | tr '\0' x)
if [ -n "$OMNICTL" ]; then
  lease=$("$OMNICTL" register --pid $$ --label '500 cycles' --reason 'the demo') || exit 1
  echo "  [cycles]  omnictl register --pid $$  ->  $lease"
  echo "lease $lease" >&3
fi
echo "pid $$" >&3
cycle=0
while [ "$cycle" -lt 500 ]; do
  cycle=$((cycle + 1))
  sleep 0.008
  [ $((cycle % 100)) -ne 0 ] || echo "  [cycles]  cycle $cycle of 500"
done
[ ${#loaded} -eq 40000000 ] || exit 1
echo '  [cycles]  all 500 cycles are done'
