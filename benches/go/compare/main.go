// Go's part of the comparison: a function a row, with the rows' names, as the Rust peers have them in src/rows.
//
//	compare FAMILY WORKERS quick|full [PARAMETER...]
//
// prints `figure NAME VALUE` a line, or `listening on ADDRESS` and serves.
package main

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"time"
)

var (
	quick  bool
	params []int
)

var rows = map[string]func(){
	"spawn-join":     spawnJoin,
	"spawn-detached": spawnDetached,
	"yield":          yield,
	"ping-pong":      pingPong,
	"ring":           ring,
	"skynet":         skynet,
	"fib":            fibRow,
	"sieve":          sieve,
	"pipeline":       pipeline,
	"stream":         stream,
	"select":         selectRow,
	"mutex":          func() { mutex(400_000, func() {}) },
	"parked":         parked,
	"http":           http,
	"echo":           echo,
	"timers":         timers,
	"fairness":       fairness,
	"mutex-yield":    func() { mutex(80_000, runtime.Gosched) },
}

func main() {
	row, known := rows[os.Args[1]]
	if !known {
		panic("no such row")
	}
	workers, err := strconv.Atoi(os.Args[2])
	check(err == nil, "the number of workers is no number")
	runtime.GOMAXPROCS(workers)
	quick = os.Args[3] == "quick"
	for _, text := range os.Args[4:] {
		param, err := strconv.Atoi(text)
		check(err == nil, "a parameter is no number")
		params = append(params, param)
	}
	row()
}

func check(holds bool, text string) {
	if !holds {
		panic(text)
	}
}

// ops is full, or a tenth of it in a quick run.
func ops(full int) int {
	if quick {
		return max(full/10, 1)
	}
	return full
}

// roundNs runs work once to warm up and then a few times more; the median counts.
func roundNs(work func()) float64 {
	rounds := 5
	if quick {
		rounds = 2
	}
	work()
	var times []float64
	for range rounds {
		began := time.Now()
		work()
		times = append(times, float64(time.Since(began).Nanoseconds()))
	}
	slices.Sort(times)
	return times[len(times)/2]
}

func figure(name string, value float64) {
	fmt.Printf("figure %s %g\n", name, value)
}

func nsEach(ops int, work func()) {
	figure("ns", roundNs(work)/float64(ops))
}
