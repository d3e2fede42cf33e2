// Package fleetsim is the far side of sync/fleet: a real NATS server inside this
// process, for tests and for the demonstration of a chain. It is the only door to
// the server's module, and no path leads to it from posd or poshub.
package fleetsim

import (
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// Server is a NATS server with JetStream.
type Server struct {
	*server.Server
	Options server.Options // as it was started, to start it again
}

// startWait is how long a server may take to be ready.
const startWait = 20 * time.Second

// Options are those of one server on loopback that keeps its stream in dir.
func Options(dir string) server.Options {
	return server.Options{
		ServerName: "hub", Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, NoLog: true,
		JetStream: true, StoreDir: dir, SyncAlways: true, JetStreamDomain: "hub",
	}
}

// Start starts a server and waits until it is ready.
func Start(o server.Options) (*Server, error) {
	used := o
	s, err := server.NewServer(&used)
	if err != nil {
		return nil, fmt.Errorf("start a NATS server: %w", err)
	}
	if !o.NoLog {
		s.ConfigureLogger()
	}
	go s.Start()
	if !s.ReadyForConnections(startWait) {
		s.Shutdown()
		return nil, errors.New("the NATS server is not ready in time")
	}
	if used.Port > 0 {
		o.Port = used.Port
	}
	return &Server{s, o}, nil
}

// Stop stops it and waits until it has gone.
func (s *Server) Stop() {
	s.Shutdown()
	s.WaitForShutdown()
}

// Again starts a server that was stopped, at the same address with the same stream.
func (s *Server) Again() (*Server, error) { return Start(s.Options) }
