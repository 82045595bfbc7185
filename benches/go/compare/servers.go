// Servers.
package main

import (
	"fmt"
	"net"
	nethttp "net/http"
)

func listen() net.Listener {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err == nil, "cannot listen")
	fmt.Printf("listening on %s\n", listener.Addr())
	return listener
}

func http() {
	hello := []byte("Hello, world!\n")
	nethttp.Serve(listen(), nethttp.HandlerFunc(func(w nethttp.ResponseWriter, _ *nethttp.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.Write(hello)
	}))
}

func echo() {
	listener := listen()
	for {
		stream, err := listener.Accept()
		check(err == nil, "cannot accept")
		go func() {
			defer stream.Close()
			buffer := make([]byte, 4096)
			for {
				count, err := stream.Read(buffer)
				if err != nil {
					return
				}
				if _, err := stream.Write(buffer[:count]); err != nil {
					return
				}
			}
		}()
	}
}
