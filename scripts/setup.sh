#!/bin/sh
# Makes the checkout ready to run: packages installed as package-lock.json says, dist/ built, the two commands linked.
# Does nothing, quickly, where all of that is fresh; may be started many times at once.
#
#   setup.sh           install and build what is out of date
#   setup.sh install   the same without the build
#   setup.sh build     build even if dist/ is fresh
#   setup.sh stamp     note that npm has just installed (npm's "prepare" calls it)
set -eu

case $0 in */*) root=${0%/*}/.. ;; *) root=.. ;; esac
cd "$root"
mode=${1:-all}

# A copy of the lock file that node_modules was installed from: npm removes it together with node_modules.
installed=node_modules/.omnimind-installed-lock
built=.cache/built
lock=.cache/setup.lock

say() { printf 'setup: %s\n' "$*" >&2; }

install_is_fresh() {
  cmp -s package-lock.json "$installed" && [ -x node_modules/.bin/node ] && [ -x node_modules/.bin/vitest ]
}

# The change time of an inode catches what a modification time misses: files moved, restored or copied with their old date.
build_is_fresh() {
  [ -e "$built" ] && [ -e dist/omnictl.cjs ] && [ -e dist/omnid.cjs ] && [ -e dist/client.js ] &&
    [ -z "$(find packages protocol scripts package.json tsconfig.json "$installed" \
      -path packages/python -prune -o -cnewer "$built" -print -quit 2>/dev/null)" ]
}

# npm does not link a root package's own commands.
links_are_fresh() { [ -L node_modules/.bin/omnictl ] && [ -L node_modules/.bin/omnid ]; }

# npm must not run on the node that it is about to remove, so the project's own folder leaves the PATH.
path_without_project() {
  kept=
  old_ifs=$IFS
  IFS=:
  for folder in $PATH; do
    case $folder in */node_modules/.bin | */node-gyp-bin) continue ;; esac
    kept=${kept:+$kept:}$folder
  done
  IFS=$old_ifs
  printf '%s' "$kept"
}

install() {
  say 'installing packages (npm ci)'
  PATH=$(path_without_project) OMNIMIND_SETUP=1 \
    npm ci --include=dev --include=optional --no-audit --no-fund --loglevel=error >/dev/null 9>&-
  if [ ! -x node_modules/.bin/node ]; then
    say "there is no Node 24 package for this machine ($(uname -sm)): Linux on x64 and arm64 are served"
    exit 1
  fi
  cp package-lock.json "$installed"
}

link_commands() {
  ln -sfn ../../bin/omnictl node_modules/.bin/omnictl
  ln -sfn ../../bin/omnid node_modules/.bin/omnid
}

build() {
  say 'building dist'
  # Stamped with the time before the sources are read: what changes during the build makes the next one.
  : >.cache/building
  node_modules/.bin/node scripts/build.ts >&2 9>&-
  mv .cache/building "$built"
}

if [ "$mode" = stamp ]; then
  [ -n "${OMNIMIND_SETUP:-}" ] || cmp -s package-lock.json "$installed" || cp package-lock.json "$installed"
  exit 0
fi

fresh() {
  install_is_fresh && links_are_fresh || return 1
  case $mode in all) build_is_fresh ;; install) : ;; *) return 1 ;; esac
}
fresh && exit 0

mkdir -p .cache
if command -v flock >/dev/null 2>&1; then
  exec 9>"$lock"
  flock 9
else
  # A folder is made by one process alone; one left by a process that died is taken over.
  until mkdir "$lock.d" 2>/dev/null; do
    holder=$(cat "$lock.d/pid" 2>/dev/null || :)
    if [ -n "$holder" ] && ! kill -0 "$holder" 2>/dev/null; then rm -rf "$lock.d"; else sleep 0.1; fi
  done
  trap 'rm -rf "$lock.d"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  printf '%s' $$ >"$lock.d/pid"
fi

install_is_fresh || install
links_are_fresh || link_commands
case $mode in
  all) build_is_fresh || build ;;
  build) build ;;
esac
