package fleet_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"posd/sync/fleet"
)

// serverApart runs a NATS server in a process of its own, so that what it takes does
// not count here, and makes the stream.
func serverApart(b *testing.B) (url string) {
	b.Helper()
	program := b.TempDir() + "/natsd"
	if out, err := exec.Command("go", "build", "-o", program, "posd/cmd/possim/natsd").CombinedOutput(); err != nil {
		b.Fatalf("build the server: %v %s", err, out)
	}
	s := exec.Command(program, "-dir", b.TempDir())
	said, err := s.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := s.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Process.Kill(); s.Wait() })
	line, err := bufio.NewReader(said).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	url = strings.TrimSpace(strings.TrimPrefix(line, "ready "))
	nc, err := nats.Connect(url)
	if err != nil {
		b.Fatal(err)
	}
	defer nc.Close()
	if _, _, err := fleet.InitStream(b.Context(), nc, plan); err != nil {
		b.Fatal(err)
	}
	return url
}

// resident is what this process holds of the machine's memory, in kB.
func resident(b *testing.B) (now int) {
	b.Helper()
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Fatal(err)
	}
	_, at, _ := strings.Cut(string(text), "VmRSS:")
	if _, err := fmt.Sscan(at, &now); err != nil {
		b.Fatal(err)
	}
	return now
}

// BenchmarkMemory measures what a counter's publisher takes once it has published a
// day of 1,000 sales: resident memory, heap in use, stacks, goroutines. And how fast
// it publishes them, which is the server's own rate on its disk.
func BenchmarkMemory(b *testing.B) {
	url := serverApart(b)
	x := openBox(b, b.TempDir())
	x.sell(b, 1000)
	debug.FreeOSMemory()
	before, was := resident(b), memory()
	began := time.Now()
	config := fleet.Defaults()
	config.Servers, config.Name = []string{url}, fleet.Name{Chain: "c", Shop: "s", Till: "t"}
	p := fleet.New(config, x.Store, b.TempDir(), nil, quiet)
	ctx, stop := context.WithCancel(b.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	until(b, "all is published", func() bool { return p.Status().OK && p.Status().Lag == 0 })
	took := time.Since(began)
	b.ReportMetric(float64(x.Commits())/took.Seconds(), "commits/s")
	time.Sleep(time.Second) // it comes to rest
	b.ReportMetric(float64(resident(b)-before), "kB-resident")
	debug.FreeOSMemory()
	b.ReportMetric(float64(resident(b)-before), "kB-resident-at-rest")
	is := memory()
	b.ReportMetric(float64(is.HeapInuse-was.HeapInuse)/1024, "kB-heap")
	b.ReportMetric(float64(is.StackInuse-was.StackInuse)/1024, "kB-stacks")
	b.ReportMetric(float64(is.Sys-was.Sys)/1024, "kB-from-system")
	stop()
	<-ended
	p.Close()
}

func memory() (m runtime.MemStats) {
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m
}
