#!/usr/bin/env bash
# Serves "Hello, world!" with sisal and with Go's net/http in turn and loads each with wrk: requests a second, latency, and
# the CPU time that the server took for a request.
#
#   benches/http.sh [SECONDS]
#
# Needs wrk and Go on PATH. SERVER_CPUS pins the servers (default: all CPUs), WRK_CPUS the load.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-10}
scratch=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$scratch"' EXIT

cargo build -q --release --example http_hello
(cd benches/go/http_hello && go build -o "$scratch/go_hello" .)
target=$(cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')

serve_with=() load_with=()
[[ -z ${SERVER_CPUS:-} ]] || serve_with=(taskset -c "$SERVER_CPUS")
[[ -z ${WRK_CPUS:-} ]] || load_with=(taskset -c "$WRK_CPUS")

# ticks PID: CPU time of the process in clock ticks, user and system.
ticks() { awk '{ print $14 + $15 }' "/proc/$1/stat"; }

measure() {
    local name=$1 connections=$2 binary=$3 pid address before after requests
    : >"$scratch/out"
    "${serve_with[@]}" "$binary" 127.0.0.1:0 >"$scratch/out" &
    pid=$!
    until address=$(sed -n 's/^listening on //p' "$scratch/out") && [[ -n $address ]]; do sleep 0.05; done
    "${load_with[@]}" wrk -t1 "-c$connections" -d1s "http://$address/" >/dev/null
    before=$(ticks "$pid")
    "${load_with[@]}" wrk -t1 "-c$connections" "-d${seconds}s" --latency "http://$address/" >"$scratch/wrk"
    after=$(ticks "$pid")
    requests=$(awk '/requests in/ { print $1 }' "$scratch/wrk")
    awk -v name="$name" -v connections="$connections" -v cpu="$(((after - before) * 10000))" -v requests="$requests" '
        /Requests\/sec/ { rate = $2 }
        /^ *50%/ { p50 = $2 }
        /^ *99%/ { p99 = $2 }
        /Socket errors/ || /Non-2xx/ { errors = errors $0 }
        END {
            printf "| %s | %d | %d | %.2f | %s | %s | %s |\n",
                name, connections, rate, cpu / requests, p50, p99, errors == "" ? "none" : errors
        }' "$scratch/wrk"
    for task in /proc/"$pid"/task/*; do
        awk -v name="$(cat "$task/comm")" '{ print "    " name ": " ($14 + $15) / 100 " s" }' "$task/stat" >>"$scratch/threads.$name"
    done
    kill -TERM "$pid"
    timeout 15 tail --pid="$pid" -f /dev/null || kill -KILL "$pid"
}

echo '| server | connections | requests/s | server CPU µs a request | p50 | p99 | errors |'
echo '|---|---|---|---|---|---|---|'
for connections in 64 512; do
    measure sisal "$connections" "$target/release/examples/http_hello"
    measure go "$connections" "$scratch/go_hello"
done
echo 'CPU time of sisal'"'"'s threads:'
cat "$scratch/threads.sisal"
