// Messages.
package main

import "sync"

func pingPong() {
	n, pairs := ops(50_000), params[0]
	nsEach(n, func() {
		var group sync.WaitGroup
		for range pairs {
			ping, pong := make(chan int, 1), make(chan int, 1)
			group.Go(func() {
				for n := range ping {
					pong <- n + 1
				}
			})
			group.Go(func() {
				for n := range n / pairs {
					ping <- n
					check(<-pong == n+1, "the wrong answer")
				}
				close(ping)
			})
		}
		group.Wait()
	})
}

func ring() {
	const nodes = 1_000
	n := ops(100_000)
	nsEach(n, func() {
		first := make(chan int, 1)
		before := first
		for range nodes - 1 {
			received, next := before, make(chan int, 1)
			go func() {
				for n := range received {
					next <- n + 1
				}
				close(next)
			}()
			before = next
		}
		for range n / nodes {
			first <- 1
			check(<-before == nodes, "hops are missing")
		}
		close(first)
	})
}

func sieve() {
	primes, last, sum := 2_000, 17_389, 16_274_627
	if quick {
		primes, last, sum = 200, 1_223, 111_587
	}
	figure("ms", roundNs(func() {
		before := make(chan int, params[0])
		go func(numbers chan<- int) {
			for n := 2; n <= last; n++ {
				numbers <- n
			}
			close(numbers)
		}(before)
		found := 0
		for range primes {
			prime := <-before
			found += prime
			received, next := before, make(chan int, params[0])
			go func() {
				for n := range received {
					if n%prime != 0 {
						next <- n
					}
				}
				close(next)
			}()
			before = next
		}
		_, more := <-before
		check(found == sum && !more, "the wrong primes")
	})/1e6)
}

// Xorshift, as in the other runtimes' row.
func pipelineWork(n uint64, steps int) uint64 {
	for range steps {
		n ^= n << 13
		n ^= n >> 7
		n ^= n << 17
	}
	return n
}

func pipeline() {
	messages := ops(20_000)
	stages, steps, capacity := params[0], params[1], params[2]
	expected := uint64(0)
	for n := range messages {
		message := uint64(n + 1)
		for range stages {
			message = pipelineWork(message, steps)
		}
		expected += message
	}
	nsEach(messages, func() {
		last := make(chan uint64, capacity)
		go func(first chan<- uint64) {
			for n := range messages {
				first <- pipelineWork(uint64(n+1), steps)
			}
			close(first)
		}(last)
		for range stages - 2 {
			received, next := last, make(chan uint64, capacity)
			go func() {
				for n := range received {
					next <- pipelineWork(n, steps)
				}
				close(next)
			}()
			last = next
		}
		sums := make(chan uint64)
		go func() {
			sum := uint64(0)
			for n := range last {
				sum += pipelineWork(n, steps)
			}
			sums <- sum
		}()
		check(<-sums == expected, "messages are missing")
	})
}

// Go has no unbounded channels; where the row has them, a buffer for all messages of the row takes their place.
func stream() {
	n := ops(200_000)
	senders, receivers, capacity := params[0], params[1], params[2]
	if capacity == 0 {
		capacity = n
	}
	nsEach(n, func() {
		messages, sums := make(chan int, capacity), make(chan int, receivers)
		var group sync.WaitGroup
		each := n / senders
		for range receivers {
			go func() {
				sum := 0
				for n := range messages {
					sum += n
				}
				sums <- sum
			}()
		}
		for range senders {
			group.Go(func() {
				for n := range each {
					messages <- n
				}
			})
		}
		group.Wait()
		close(messages)
		sum := 0
		for range receivers {
			sum += <-sums
		}
		check(sum == senders*(each*(each-1)/2), "messages are missing")
	})
}

func selectRow() {
	const arms = 4
	n := ops(200_000)
	each := n / arms
	nsEach(n, func() {
		var from [arms]chan int
		for arm := range arms {
			from[arm] = make(chan int, 64)
			go func() {
				for n := range each {
					from[arm] <- n
				}
			}()
		}
		sum := 0
		for range n {
			select {
			case n := <-from[0]:
				sum += n
			case n := <-from[1]:
				sum += n
			case n := <-from[2]:
				sum += n
			case n := <-from[3]:
				sum += n
			}
		}
		check(sum == arms*(each*(each-1)/2), "messages are missing")
	})
}
