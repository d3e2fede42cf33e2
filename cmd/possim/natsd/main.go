// Command natsd is the NATS server of possim's chain: the real one, inside a program
// that needs no installation. possim builds and starts it; a shop runs nats-server.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"posd/sync/fleet/fleetsim"
)

func main() {
	dir := flag.String("dir", "", "the `FOLDER` of the stream")
	port := flag.Int("port", 0, "the `PORT` on loopback")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	o := fleetsim.Options(*dir)
	o.Port = *port
	s, err := fleetsim.Start(o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "natsd:", err)
		os.Exit(1)
	}
	fmt.Println("ready", s.ClientURL())
	<-ctx.Done()
	s.Stop()
}
