#!/usr/bin/env bash
# The server examples under the clients that everybody knows: wrk, h2load, ab, curl, redis-benchmark, redis-cli, a browser,
# and slowhttptest for the malicious. What the tests of examples/tests cannot show, because these clients are not Rust's.
#
#   examples/clients.sh                 all checks, about four minutes
#   examples/clients.sh https slow_read these checks only
#
# Clients that are missing are installed from Debian's packages if this is root and they can be had; else their checks are
# left out. The last line counts.
set -euo pipefail
cd "$(dirname "$0")/.."

export CARGO_TERM_COLOR=never
scratch=$(mktemp -d)
servers=()
cleanup() {
    local pid
    for pid in "${servers[@]:+${servers[@]}}"; do kill -KILL "$pid" 2>/dev/null || true; done
    rm -rf "$scratch"
}
trap cleanup EXIT

passed=0 failed=0 left_out=0
only=("$@")

# check NAME CLIENT COMMAND...: runs the command in a shell of its own, if there is such a client.
check() {
    local name=$1 client=$2 status start=$SECONDS
    shift 2
    if ((${#only[@]})) && [[ " ${only[*]} " != *" $name "* ]]; then return 0; fi
    printf '\n=== %s\n' "$name"
    if ! command -v "$client" >/dev/null; then
        left_out=$((left_out + 1))
        echo "=== $name: left out, there is no $client"
        return 0
    fi
    set +e
    (
        set -e
        trap stop_all EXIT
        "$@"
    ) </dev/null
    status=$?
    set -e
    if ((status == 0)); then
        passed=$((passed + 1))
        echo "=== $name: ok, $((SECONDS - start)) s"
    else
        failed=$((failed + 1))
        echo "=== $name: FAILED, $((SECONDS - start)) s"
    fi
}

complain() {
    echo "$*" >&2
    return 1
}

# install COMMAND=PACKAGE...
install() {
    local pair packages=()
    for pair in "$@"; do command -v "${pair%=*}" >/dev/null || packages+=("${pair#*=}"); done
    ((${#packages[@]})) || return 0
    [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null || return 0
    echo "installing ${packages[*]}"
    apt-get update -q >"$scratch/apt" 2>&1 || true
    local package
    for package in "${packages[@]}"; do
        DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$package" >>"$scratch/apt" 2>&1 ||
            echo "no $package: $(tail -n 1 "$scratch/apt")"
    done
}

# serve NAME ARGUMENT...: starts a server on a free port; sets `address`, `port` and `pid`.
serve() {
    local name=$1 try
    shift
    : >"$scratch/$name"
    "$binaries/$name" 127.0.0.1:0 "$@" >"$scratch/$name" 2>"$scratch/$name.err" &
    pid=$!
    servers+=("$pid")
    for ((try = 0; try < 100; try++)); do
        address=$(sed -n 's/^listening on //p' "$scratch/$name")
        [[ -z $address ]] || break
        sleep 0.1
    done
    [[ -n $address ]] || complain "$name does not say where it listens: $(cat "$scratch/$name.err")"
    port=${address##*:}
}

# stop_all: each server of this check must end well when it is asked to.
stop_all() {
    local status=$? pid
    for pid in "${servers[@]:+${servers[@]}}"; do
        kill -TERM "$pid" 2>/dev/null || true
        if ! wait "$pid"; then echo "a server ended badly" >&2 && status=1; fi
    done
    exit "$status"
}

resident() { awk '/^VmRSS/ { print $2 }' "/proc/$1/status"; }
descriptors() { find "/proc/$1/fd" -mindepth 1 | wc -l; }

# --- load ---------------------------------------------------------------------------------------------------------

load_wrk() {
    local connections
    serve http_hello
    for connections in 64 512; do
        wrk -t1 -c"$connections" -d5s --latency "http://$address/" >"$scratch/out"
        echo "$connections connections: $(awk '/Requests\/sec/ { print $2 " requests/s" } / 99%/ { print "p99 " $2 }' "$scratch/out" | xargs)"
        ! grep -E 'Socket errors|Non-2xx' "$scratch/out" || complain "wrk saw errors"
    done
}

load_h2load() {
    serve http_hello
    h2load --h1 -n 200000 -c 64 "http://$address/" >"$scratch/out"
    grep -E '^finished in|^requests:' "$scratch/out"
    grep -q '200000 succeeded, 0 failed, 0 errored, 0 timeout' "$scratch/out"
}

load_ab() {
    serve http_hello
    ab -q -k -n 100000 -c 64 "http://$address/" >"$scratch/out"
    grep -E '^(Requests per second|Failed requests|Keep-Alive requests)' "$scratch/out"
    grep -qE '^Failed requests: +0$' "$scratch/out"
    ab -q -n 5000 -c 64 "http://$address/" >"$scratch/out"
    grep -qE '^Failed requests: +0$' "$scratch/out"
}

load_proxy() {
    serve http_hello
    serve proxy "$address"
    wrk -t1 -c64 -d5s "http://$address/" >"$scratch/out"
    grep 'Requests/sec' "$scratch/out"
    ! grep -E 'Socket errors|Non-2xx' "$scratch/out" || complain "wrk saw errors"
}

# --- files --------------------------------------------------------------------------------------------------------

files_curl() {
    local folder=$scratch/files status
    mkdir -p "$folder"
    head -c 20000000 /dev/urandom >"$folder/large.bin"
    echo "secret" >"$scratch/secret"
    serve http_files "$folder"
    status() { curl -sS -o /dev/null -w '%{http_code}' "$@"; }
    is() { [[ $1 == "$2" ]] || complain "$3: $1 instead of $2"; }

    curl -sS "http://$address/large.bin" | cmp - "$folder/large.bin"
    # What was broken off is fetched from there on.
    head -c 7000000 "$folder/large.bin" >"$scratch/part"
    curl -sS -C - -o "$scratch/part" "http://$address/large.bin"
    cmp "$scratch/part" "$folder/large.bin"
    is "$(status -r 5-9 "http://$address/large.bin")" 206 "a range"
    is "$(status -r 30000000- "http://$address/large.bin")" 416 "a range behind the end"
    is "$(status -I "http://$address/large.bin")" 200 "HEAD"
    is "$(status -z "$folder/large.bin" "http://$address/large.bin")" 304 "what is not newer"
    curl -sS --etag-save "$scratch/tag" -o /dev/null "http://$address/large.bin"
    is "$(status --etag-compare "$scratch/tag" "http://$address/large.bin")" 304 "what is known"
    is "$(status --path-as-is "http://$address/../secret")" 404 "the way out"
    is "$(status "http://$address/%2e%2e/secret")" 404 "the way out, encoded"
    is "$(status -d hello "http://$address/large.bin")" 405 "POST"
    is "$(status -T - -H 'Expect: 100-continue' "http://$address/x" <"$folder/large.bin")" 405 "PUT in chunks"
    is "$(status -T "$folder/large.bin" "http://$address/x")" 413 "PUT of too much"
    is "$(status -H "X: $(head -c 20000 /dev/zero | tr '\0' x)" "http://$address/")" 431 "a large head"
    curl -sS "http://$address/" | grep -q 'href="./large.bin"'
    # One connection for all.
    is "$(curl -sS -o /dev/null -o /dev/null -w '%{num_connects}' "http://$address/" "http://$address/")" 10 "keep-alive"
    echo "all as it should be"
}

# --- TLS, chat ----------------------------------------------------------------------------------------------------

# browse URL: what the page has become after a while.
browse() {
    timeout 60 "$browser" --headless --no-sandbox --disable-gpu --ignore-certificate-errors --user-data-dir="$scratch/browser" \
        --virtual-time-budget=3000 --dump-dom "$1" 2>"$scratch/browser.err"
}

https_curl() {
    serve https "$scratch/certificate.pem"
    curl -sS --cacert "$scratch/certificate.pem" "https://localhost:$port/" | tee "$scratch/out"
    grep -q '^hello over TLSv1_3' "$scratch/out"
    curl -sS --tls-max 1.2 --cacert "$scratch/certificate.pem" "https://localhost:$port/" | grep '^hello over TLSv1_2'
    ! curl -s "https://localhost:$port/" || complain "curl trusts everybody"
}

https_wrk() {
    serve https
    wrk -t1 -c64 -d5s "https://$address/" >"$scratch/out"
    grep 'Requests/sec' "$scratch/out"
    ! grep -E 'Socket errors|Non-2xx' "$scratch/out" || complain "wrk saw errors"
}

https_browser() {
    serve https
    browse "https://localhost:$port/" | grep -o 'hello over TLS[^<]*'
}

chat_browser() {
    serve ws_chat
    browse "http://$address/?name=ann&say=hello" >"$scratch/out"
    grep -o '<li>ann: hello</li>' "$scratch/out" || complain "what was sent did not come back: $(cat "$scratch/out")"
    # The next one reads what the first has said.
    browse "http://$address/?name=bob&say=hi" >"$scratch/out"
    grep -o '<li>ann: hello</li><li>bob: hi</li>' "$scratch/out" || complain "$(cat "$scratch/out")"
}

# --- Redis --------------------------------------------------------------------------------------------------------

redis_benchmark() {
    serve mini_redis
    timeout 120 redis-benchmark -p "$port" -q -P 16 -c 200 -n 500000 -t set,get,incr,lpush,mset >"$scratch/out" 2>&1
    tr '\r' '\n' <"$scratch/out" | grep 'requests per second'
    [[ $(tr '\r' '\n' <"$scratch/out" | grep -c 'requests per second') == 5 ]]
}

redis_client() {
    serve mini_redis
    ask() { redis-cli -p "$port" "$@"; }
    [[ $(ask set greeting 'hello world') == OK && $(ask get greeting) == 'hello world' ]]
    [[ $(ask incr visits) == 1 && $(ask incr visits) == 2 ]]
    [[ $(ask lpush list c b a) == 3 && $(ask lrange list 0 -1 | xargs) == 'a b c' ]]
    [[ $(ask expire greeting 100) == 1 && $(ask ttl greeting) =~ ^(99|100)$ ]]
    [[ $(ask get list 2>&1) == WRONGTYPE* ]]
    timeout 20 redis-cli -p "$port" subscribe news >"$scratch/news" &
    local listener=$! try
    for ((try = 0; try < 100; try++)); do
        [[ $(ask publish news extra) == 0 ]] || break
        sleep 0.1
    done
    for ((try = 0; try < 50; try++)); do
        ! grep -q extra "$scratch/news" || break
        sleep 0.1
    done
    kill "$listener"
    grep -q extra "$scratch/news" || complain "the message did not arrive"
    # A bulk of a thousand commands.
    for ((try = 0; try < 1000; try++)); do printf 'SET key%d %d\r\n' "$try" "$try"; done | ask --pipe | tail -n 1
    [[ $(ask get key999) == 999 ]]
}

# --- slow clients -------------------------------------------------------------------------------------------------

# p99 URL: of a few normal clients, in microseconds; the best of three, since the machine has more to do than this.
p99() {
    local try
    for try in 1 2 3; do
        wrk -t1 -c4 -d2s --latency "$1" >"$scratch/p99.$try"
        ! grep -E 'Socket errors|Non-2xx' "$scratch/p99.$try" >&2 || echo "in try $try" >&2
    done
    awk '/ 99%/ { n = $2 + 0; if ($2 ~ /ms$/) n *= 1000; else if ($2 ~ /[0-9]s$/) n *= 1000000; print int(n) }' "$scratch"/p99.? |
        sort -n | head -n 1
}

# slow SERVER PATH SECONDS ARGUMENT...: a thousand slow clients; what normal ones feel of it, and what is left in the end.
slow() {
    local server=$1 path=$2 seconds=$3 folder=$scratch/slow unloaded loaded bound before most now start=$SECONDS attacker
    shift 3
    mkdir -p "$folder"
    echo "hello" >"$folder/hello.txt"
    head -c 16000000 /dev/zero >"$folder/large.bin"
    serve "$server" "$folder"
    unloaded=$(p99 "http://$address/hello.txt")
    before=$(resident "$pid")
    slowhttptest -c 1000 -r 500 -p 10 -l "$seconds" -u "http://$address/$path" "$@" >"$scratch/slow.out" 2>&1 &
    attacker=$!
    # All of them are there after two seconds.
    sleep 3
    now=$(descriptors "$pid")
    ((now > 900)) || complain "only $now descriptors: the slow clients are not there"
    loaded=$(p99 "http://$address/hello.txt")
    most=$(resident "$pid")
    bound=$((2 * unloaded > unloaded + 5000 ? 2 * unloaded : unloaded + 5000))
    echo "p99 of normal requests: $unloaded us unloaded, $loaded us among 1,000 slow clients (bound $bound)"
    echo "memory: $before KiB, then $most KiB: $(((most - before) * 1024 / 1000)) bytes a slow client"
    ((loaded <= bound)) || complain "normal clients suffer"
    ((most - before < 128 * 1024)) || complain "slow clients take much memory"
    while (($(descriptors "$pid") > 100)); do
        ((SECONDS - start < seconds)) || complain "slow clients are still there: $(descriptors "$pid") descriptors"
        kill -0 "$attacker" || break
        sleep 1
    done
    echo "all of them were closed by the server after $((SECONDS - start)) s"
    kill "$attacker" 2>/dev/null || true
}

slow_head() { slow http_files hello.txt 40 -H -i 3 -x 24; }
slow_body() { slow http_hello hello.txt 100 -B -i 5 -s 8192 -x 24; }
slow_read() { slow http_files large.bin 100 -X -w 512 -y 1024 -n 5 -z 32 -k 1; }

# ------------------------------------------------------------------------------------------------------------------

install wrk=wrk h2load=nghttp2-client ab=apache2-utils curl=curl redis-cli=redis-tools slowhttptest=slowhttptest chromium=chromium
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome || echo chromium)

cargo build --locked --release -q -p examples -p examples-libraries --examples
binaries=$(cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')/release/examples

check wrk wrk load_wrk
check h2load h2load load_h2load
check ab ab load_ab
check proxy wrk load_proxy
check files curl files_curl
check https curl https_curl
check https_wrk wrk https_wrk
check https_browser "$browser" https_browser
check chat_browser "$browser" chat_browser
check redis_benchmark redis-benchmark redis_benchmark
check redis_cli redis-cli redis_client
check slow_head slowhttptest slow_head
check slow_body slowhttptest slow_body
check slow_read slowhttptest slow_read

((left_out == 0)) || printf '\n%d left out\n' "$left_out"
printf '\n%d passed, %d failed\n' "$passed" "$failed"
((failed == 0))
