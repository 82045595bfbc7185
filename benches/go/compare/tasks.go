// Spawning, yielding, recursion.
package main

import (
	"runtime"
	"sync"
	"sync/atomic"
)

func spawnJoin() {
	n := ops(100_000)
	nsEach(n, func() {
		for i := range n {
			done := make(chan int, 1)
			go func() { done <- i }()
			check(<-done == i, "the wrong result")
		}
	})
}

func spawnDetached() {
	n := ops(10_000)
	nsEach(n, func() {
		var left atomic.Int64
		left.Store(int64(n))
		done := make(chan struct{})
		for range n {
			go func() {
				if left.Add(-1) == 0 {
					close(done)
				}
			}()
		}
		<-done
	})
}

func yield() {
	n, tasks := ops(200_000), params[0]
	nsEach(n, func() {
		var group sync.WaitGroup
		var sum atomic.Int64
		for range tasks {
			group.Go(func() {
				for range n / tasks {
					runtime.Gosched()
				}
				sum.Add(int64(n / tasks))
			})
		}
		group.Wait()
		check(sum.Load() == int64(n), "yields are missing")
	})
}

func skynetNode(first, leaves int, up chan int) {
	if leaves == 1 {
		up <- first
		return
	}
	children, part := make(chan int, 10), leaves/10
	for child := range 10 {
		go skynetNode(first+child*part, part, children)
	}
	sum := 0
	for range 10 {
		sum += <-children
	}
	up <- sum
}

func skynet() {
	leaves := ops(1_000_000)
	figure("ms", roundNs(func() {
		up := make(chan int, 1)
		go skynetNode(0, leaves, up)
		check(<-up == leaves*(leaves-1)/2, "the wrong sum")
	})/1e6)
}

func fibNode(n int, up chan int) {
	if n < 2 {
		up <- n
		return
	}
	children := make(chan int, 2)
	go fibNode(n-1, children)
	go fibNode(n-2, children)
	up <- <-children + <-children
}

func fibRow() {
	n := 25
	if quick {
		n = 18
	}
	fib := func(n int) int {
		a, b := 0, 1
		for range n {
			a, b = b, a+b
		}
		return a
	}
	nsEach(2*fib(n+1)-1, func() {
		up := make(chan int, 1)
		go fibNode(n, up)
		check(<-up == fib(n), "the wrong number")
	})
}

func mutex(full int, inside func()) {
	const tasks = 8
	n := ops(full)
	nsEach(n, func() {
		var group sync.WaitGroup
		var lock sync.Mutex
		counter := 0
		for range tasks {
			group.Go(func() {
				for range n / tasks {
					lock.Lock()
					inside()
					counter++
					lock.Unlock()
				}
			})
		}
		group.Wait()
		check(counter == n, "sections are missing")
	})
}
