package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"
)

// stopWithin is how long posd may take to stop when it is asked to.
const stopWithin = 10 * time.Second

// daemon is posd as a process of its own, which can be killed and started again.
type daemon struct {
	cmd   *exec.Cmd
	said  *tail
	done  chan struct{} // closed when the process is gone
	err   error         // of the process; valid once done is closed
	asked atomic.Bool   // to go: its end is no surprise
}

// startDaemon runs the program at path. Its words go to the tail, and to log
// as they come. A tracer, if there is one, follows it.
//
// The process gets a group of its own, so that Ctrl-C reaches possim only,
// which then stops things in order; and the kernel kills it should possim die
// without doing so. That order is bound to the thread that starts the process:
// the thread is kept until the process is gone.
func startDaemon(path string, args []string, log io.Writer, t *tracer) (*daemon, error) {
	d := &daemon{cmd: exec.Command(path, args...), said: newTail(log), done: make(chan struct{})}
	d.cmd.Stdout, d.cmd.Stderr = d.said, d.said
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	d.cmd.WaitDelay = time.Second
	if t != nil {
		t.attributes(d.cmd.SysProcAttr)
	}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		err := d.cmd.Start()
		started <- err
		if err != nil {
			return
		}
		if t != nil {
			d.err = t.follow(d.cmd.Process.Pid)
			d.cmd.Wait() // for its last words; the tracer has seen its end
		} else {
			d.err = d.cmd.Wait()
		}
		close(d.done)
	}()
	if err := <-started; err != nil {
		if t != nil {
			err = explained(err)
		}
		return nil, fmt.Errorf("start posd: %w", err)
	}
	return d, nil
}

// Done is closed when the process is gone.
func (d *daemon) Done() <-chan struct{} { return d.done }

// expected reports whether the process was asked to go.
func (d *daemon) expected() bool { return d.asked.Load() }

// Gone reports whether the process is gone.
func (d *daemon) Gone() bool {
	select {
	case <-d.done:
		return true
	default:
		return false
	}
}

// Kill ends the process as a power cut would, and returns when it is gone.
func (d *daemon) Kill() {
	d.asked.Store(true)
	if !d.Gone() {
		d.cmd.Process.Kill()
	}
	<-d.done
}

// Stop asks the process to end, and kills it when it does not.
func (d *daemon) Stop() error {
	d.asked.Store(true)
	if d.Gone() {
		return nil
	}
	if err := d.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop posd: %w", err)
	}
	select {
	case <-d.done:
	case <-time.After(stopWithin):
		d.Kill()
		return fmt.Errorf("posd did not stop within %s of being asked and was killed; its last words:\n%s", stopWithin, d.said)
	}
	if d.err != nil {
		return fmt.Errorf("posd stopped with %w; its last words:\n%s", d.err, d.said)
	}
	return nil
}

// death returns an error that says how the process went, with its last words.
func (d *daemon) death() error {
	how := "exit status 0"
	if d.err != nil {
		how = d.err.Error()
	}
	return fmt.Errorf("posd is gone (%s); its last words:\n%s", how, d.said)
}

// ready waits until posd answers at /healthz. It fails at once when posd dies.
func (d *daemon) ready(ctx context.Context, api *client, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		last := api.health(ctx)
		if last == nil {
			return nil
		}
		select {
		case <-d.done:
			return d.death()
		case <-ctx.Done():
			return fmt.Errorf("waited %s for posd to be ready: %w; its last words:\n%s", limit, last, d.said)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
