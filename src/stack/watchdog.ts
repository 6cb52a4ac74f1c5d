import { spawn } from 'node:child_process';

/**
 * Waits for the end of its input, which comes when the parent closes it or dies, for whatever reason. Then it ends every
 * process that is still recorded and removes the directory of an ephemeral stack.
 */
const script = `
run_dir=$1
temporary_dir=$2
trap '' INT TERM HUP
cat > /dev/null

still_ours() { # pid, executable
  if [ -r "/proc/$1/cmdline" ]; then line=$(tr '\\0' ' ' < "/proc/$1/cmdline")
  else line=$(ps -ww -p "$1" -o command= 2> /dev/null) || return 1; fi
  case "$line" in "$2"*) return 0 ;; *) return 1 ;; esac
}
each_recorded() { # a signal, '' for the recorded one, or look; succeeds if a process still runs
  found=1
  for file in "$run_dir"/*.process; do
    [ -f "$file" ] || continue
    { read -r pid; read -r stop; read -r executable; } < "$file" || continue
    still_ours "$pid" "$executable" || continue
    found=0
    case "$1" in
      '') kill -s "\${stop#SIG}" "$pid" 2> /dev/null ;;
      look) ;;
      *) kill -s "$1" "$pid" 2> /dev/null ;;
    esac
  done
  return $found
}

each_recorded ''
tries=0
while each_recorded look && [ $tries -lt 100 ]; do sleep 0.1; tries=$((tries + 1)); done
each_recorded KILL
if [ -n "$temporary_dir" ]; then
  if read -r elsewhere < "$temporary_dir/postgres-location"; then rm -rf -- "$elsewhere"; fi 2> /dev/null
  rm -rf -- "$temporary_dir"
fi
`;

export interface Watchdog {
  /** Ends the processes that are still recorded, removes the temporary directory, then ends the watchdog itself. */
  release(): Promise<void>;
}

/** Starts the watchdog of one stack. It also removes `temporaryDir`, and PostgreSQL's directory elsewhere if it has one. */
export function startWatchdog(runDir: string, temporaryDir: string | undefined): Watchdog {
  const child = spawn('/bin/sh', ['-c', script, 'lorekeep-watchdog', runDir, temporaryDir ?? ''], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // In its own session it does not receive Ctrl-C of the terminal.
    detached: true,
    cwd: '/',
    env: { PATH: '/usr/local/bin:/usr/bin:/bin' },
  });
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  child.stdin.on('error', () => undefined);
  child.unref();
  return {
    release: () => {
      child.ref();
      child.stdin.end();
      return ended;
    },
  };
}
