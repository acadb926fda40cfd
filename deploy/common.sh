# What the scripts of deploy/ share; sourced, not run.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '%s\n' "$*"; }
complain() { printf '%s\n' "$*" >&2; }

# took NAME COMMAND...: runs a step and says how long it took; fails as the step fails.
took() {
  local name=$1 began=$SECONDS status=0
  shift
  "$@" || status=$?
  durations+=("$(printf '%-28s %4d s' "$name" $((SECONDS - began)))")
  say "== $name: $((SECONDS - began)) s"
  return $status
}
durations=()
