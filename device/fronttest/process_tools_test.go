//go:build tools

package fronttest

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"posd/device/planted"
	"posd/device/sale"
)

var (
	processes = flag.Int("processes", 3, "random schedules for each front end with posd as a process")
	allBugs   = flag.Bool("bugs", false, "plant every bug of the front ends, and not one")
)

const (
	rush      = 100              // so many times as fast as at a shop are people and the terminal beside a process
	most      = 60               // schedules in which a planted bug is found
	startWait = 30 * time.Second // for posd to run, on a computer that is busy
)

// TestMain lets more counters be open at once than there are processors: they wait more
// than they compute.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "9"); err != nil {
		panic(err) // the flag is the testing package's
	}
	os.Exit(m.Run())
}

// TestProcessesAreKilled plays every front end's schedules with posd as a process, which
// is killed at any moment and started again, on its own files and over real connections.
func TestProcessesAreKilled(t *testing.T) {
	program := built(t)
	for name, f := range frontEnds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			kills := atomic.Int32{}
			t.Run("counter", func(t *testing.T) {
				for seed := range *processes {
					t.Run(fmt.Sprint(seed), func(t *testing.T) {
						t.Parallel()
						p, fault := playProcess(t, program, f, uint64(seed))
						if kills.Add(int32(p.kills)); fault != "" {
							t.Errorf("%s\n%s\nposd's last words:\n%s", fault, strings.Join(p.story, "\n"), p.said())
						}
					})
				}
			})
			if *processes >= 3 && int(kills.Load()) < 2**processes {
				t.Errorf("posd was killed %d times only", kills.Load())
			}
			t.Logf("%d schedules, posd was killed %d times", *processes, kills.Load())
		})
	}
}

// TestProcessesSeePlantedBugs builds posd with bugs of the front ends, and plays the same
// schedules until one is served wrongly.
func TestProcessesSeePlantedBugs(t *testing.T) {
	patches, err := filepath.Glob("../../testdata/bugs/fronts/*.patch")
	if err != nil || len(patches) < 3 {
		t.Fatalf("%d planted bugs, %v", len(patches), err)
	}
	for _, path := range patches {
		bug := planted.Read(t, "../..", path)
		t.Run(bug.Name, func(t *testing.T) {
			by := regexp.MustCompile(`Found by a (\w+), with posd as a process`).FindStringSubmatch(bug.About)
			if by == nil || frontEnds[by[1]].register == nil {
				t.Fatal("the patch does not say which register finds it")
			}
			t.Parallel()
			if !*allBugs {
				return // it fits; that it is found is shown by make sim-bugs
			}
			program := bug.Build(t, "build", "posd/cmd/posd")
			for seed := range uint64(most) {
				if _, fault := playProcess(t, program, frontEnds[by[1]], seed); fault != "" {
					t.Logf("found by seed %d: %s", seed, fault)
					return
				}
			}
			t.Errorf("%d schedules saw nothing", most)
		})
	}
}

// built returns posd's program.
func built(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "posd")
	if out, err := exec.Command("go", "build", "-o", program, "posd/cmd/posd").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

// playProcess plays one schedule.
func playProcess(t *testing.T, program string, f frontEnd, seed uint64) (*process, string) {
	p := newProcess(t, program, f, rand.New(rand.NewPCG(seed, 7)))
	defer p.kill()
	return p, p.play(5)
}

// process is posd as a process of its own, in real time.
type process struct {
	*counter
	program, dir string
	api, front   string // addresses
	doom         *time.Timer

	cmd  *exec.Cmd     // the run that goes on
	gone chan struct{} // closed when it has ended
}

// counters is how many processes had a place of their own on the loopback net.
var counters atomic.Int32

// newProcess returns a counter at which posd runs. It has addresses of its own: a port
// of a common one might be another's when posd is started again.
func newProcess(t *testing.T, program string, f frontEnd, r *rand.Rand) *process {
	t.Helper()
	p := &process{counter: newCounter(t, f, r, rush), program: program, dir: t.TempDir()}
	n, pid := int(counters.Add(1)), os.Getpid()
	host := fmt.Sprintf("127.%d.%d.%d", 100+pid/250%100, pid%250, n)
	p.posd, p.repeat, p.api, p.front = p, 6*time.Second, host+":8480", host+":8481"
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() { _ = p.terminal.Serve(ctx, l) })
	t.Cleanup(func() { cancel(); serving.Wait() })
	text := fmt.Sprintf("[shop]\nask_terminal_every = \"300ms\"\n[store]\ndir = %q\n[api]\nlisten = %q\nsocket = %q\n[daemon]\nlock_dir = %q\n[terminal]\nline = %q\nanswer_wait = \"3s\"\n",
		filepath.Join(p.dir, "state"), p.api, filepath.Join(p.dir, "sock"), p.dir, "tcp:"+l.Addr().String()) + fmt.Sprintf(f.section, p.front)
	if err := os.WriteFile(filepath.Join(p.dir, "posd.toml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p.boot()
	return p
}

// boot starts posd and returns once it can be asked.
func (p *process) boot() {
	p.t.Helper()
	log, err := os.OpenFile(filepath.Join(p.dir, "log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		p.t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command(p.program, "run", "-config", filepath.Join(p.dir, "posd.toml"))
	cmd.Stderr = log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	gone := make(chan struct{})
	go func() { _ = cmd.Wait(); close(gone) }()
	p.cmd, p.gone = cmd, gone
	for end := time.Now().Add(startWait); ; time.Sleep(10 * time.Millisecond) {
		if conn := p.dial(); conn != nil && p.ask("GET", "/healthz", nil, nil) == nil {
			conn.Close()
			p.say("posd runs")
			return
		}
		if p.dead() || time.Now().After(end) {
			p.kill()
			p.t.Fatalf("posd does not start:\n%s", p.said())
		}
	}
}

func (p *process) dead() bool {
	select {
	case <-p.gone:
		return true
	default:
		return false
	}
}

// kill ends posd at this moment, as a cut of the power to it alone does.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may be gone already
	<-p.gone
}

func (p *process) dial() net.Conn {
	conn, err := net.DialTimeout("tcp", p.front, time.Second)
	if err != nil {
		return nil
	}
	return conn
}

// endanger kills posd within the time that most sales take, perhaps.
func (p *process) endanger() {
	if p.doom != nil || p.r.IntN(2) == 0 {
		return
	}
	run := p.cmd.Process // not the next one
	p.doom = time.AfterFunc(time.Duration(p.r.IntN(900))*time.Millisecond, func() { _ = run.Kill() })
}

func (p *process) revive() {
	if !p.dead() && p.r.IntN(8) == 0 {
		p.say("posd is killed between two tries")
		p.kill()
	}
	if p.dead() {
		p.hesitate(40)
		p.again()
	}
}

// again starts posd after its end.
func (p *process) again() {
	p.say("posd was killed")
	p.kills++
	if p.doom != nil {
		p.doom.Stop()
		p.doom = nil
	}
	p.boot()
}

func (p *process) calm() {
	if p.doom != nil && !p.doom.Stop() {
		<-p.gone // its end is under way
	}
	p.doom = nil
	if !p.dead() && p.r.IntN(3) == 0 {
		p.say("posd is killed between two customers")
		p.kill()
	}
	if p.dead() {
		p.again()
	}
}

func (p *process) sales() (list []sale.Sale) {
	if err := p.ask("GET", "/v1/sales?limit=1000", nil, &list); err != nil {
		p.t.Fatal(err)
	}
	return list
}

func (p *process) resolve(id sale.ID, as sale.State) error {
	return p.ask("POST", "/v1/sales/"+string(id)+"/resolve", map[string]any{"as": as, "reason": "it is on the terminal's paper", "by": "Ana"}, nil)
}

// ask asks posd's own interface.
func (p *process) ask(method, path string, body, out any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequest(method, "http://"+p.api+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := (&http.Client{Timeout: startWait, Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if text, err = io.ReadAll(res.Body); err != nil || res.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s: %s, %v: %.200s", method, path, res.Status, err, text)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(text, out)
}

// said is the end of posd's log.
func (p *process) said() string {
	text, err := os.ReadFile(filepath.Join(p.dir, "log"))
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-3000):])
}
