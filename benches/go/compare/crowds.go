// Many goroutines: waiting, sleeping; and one that ticks beside some that compute.
package main

import (
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// resident is what the kernel counts for this process, page tables included, in bytes.
func resident() float64 {
	status, err := os.ReadFile("/proc/self/status")
	check(err == nil, "no /proc")
	sum := 0
	for line := range strings.Lines(string(status)) {
		if strings.HasPrefix(line, "VmRSS:") || strings.HasPrefix(line, "VmPTE:") {
			kib, err := strconv.Atoi(strings.Fields(line)[1])
			check(err == nil, "no number")
			sum += kib
		}
	}
	return float64(sum) * 1024
}

func mappings() float64 {
	maps, err := os.ReadFile("/proc/self/maps")
	check(err == nil, "no /proc")
	return float64(strings.Count(string(maps), "\n"))
}

func cpuSeconds() float64 {
	var usage syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	seconds := func(time syscall.Timeval) float64 { return float64(time.Sec) + float64(time.Usec)/1e6 }
	return seconds(usage.Utime) + seconds(usage.Stime)
}

func each(began time.Time, count int) float64 {
	return float64(time.Since(began).Nanoseconds()) / float64(count)
}

func parked() {
	size, yields := ops(params[0]), params[1]
	for round := range 2 {
		var started, ended atomic.Int64
		gate := make(chan struct{})
		before, began := resident(), time.Now()
		for range size {
			go func() {
				started.Add(1)
				<-gate
				for range yields {
					runtime.Gosched()
				}
				ended.Add(1)
			}()
		}
		for started.Load() < int64(size) {
			runtime.Gosched()
		}
		if round == 1 {
			figure("create_warm_ns", each(began, size))
		} else {
			figure("create_ns", each(began, size))
			time.Sleep(20 * time.Millisecond)
			figure("bytes", (resident()-before)/float64(size))
			figure("mappings", mappings())
		}
		began = time.Now()
		close(gate)
		for ended.Load() < int64(size) {
			runtime.Gosched()
		}
		if round == 0 {
			figure("drain_ns", each(began, size))
			figure("switch_ns", each(began, size)/float64(max(yields, 1)))
		}
	}
}

func timers() {
	const sleeps = 10
	tasks := ops(params[0])
	late := make([]float64, tasks*sleeps)
	cpu := cpuSeconds()
	var group sync.WaitGroup
	for task := range tasks {
		group.Go(func() {
			for sleep := range sleeps {
				index := task*sleeps + sleep
				mixed := (uint64(index) * 0x9E37_79B9_7F4A_7C15) >> 33
				wanted, began := time.Duration(1+mixed%100)*time.Millisecond, time.Now()
				time.Sleep(wanted)
				late[index] = float64((time.Since(began) - wanted).Microseconds())
			}
		})
	}
	group.Wait()
	cpu = cpuSeconds() - cpu
	slices.Sort(late)
	figure("late_p50_us", percentile(late, 0.5))
	figure("late_p99_us", percentile(late, 0.99))
	figure("late_max_us", percentile(late, 1))
	figure("cpu_ms", cpu*1e3)
}

// percentile is the value of sorted below which share of all lie.
func percentile(sorted []float64, share float64) float64 {
	return sorted[int(float64(len(sorted)-1)*share+0.5)]
}

func fairness() {
	const period = time.Millisecond
	var stop atomic.Bool
	for range 8 {
		go func() {
			for !stop.Load() {
				for began := time.Now(); time.Since(began) < period; {
				}
				runtime.Gosched()
			}
		}()
	}
	ticks, next := ops(2_000), 1
	var late []float64
	done, began := make(chan struct{}), time.Now()
	go func() {
		for next <= ticks {
			due := began.Add(time.Duration(next) * period)
			time.Sleep(time.Until(due))
			late = append(late, float64(time.Since(due).Nanoseconds())/1e3)
			next = max(next+1, int(time.Since(began)/period)+1)
		}
		close(done)
	}()
	<-done
	stop.Store(true)
	slices.Sort(late)
	figure("p50_us", percentile(late, 0.5))
	figure("p99_us", percentile(late, 0.99))
	figure("max_us", percentile(late, 1))
}
