package main

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"posd/display/displaysim"
)

var buildFlags []string

// built holds the programs, each built once for all tests.
var built struct {
	dir string
	sync.Mutex
}

func TestMain(m *testing.M) {
	if role := os.Getenv("POSSIM_TEST_DAEMON"); role != "" {
		playDaemon(role)
	}
	flag.Set("test.parallel", "8") // they wait more than they compute; the command line may say otherwise
	var err error
	if built.dir, err = os.MkdirTemp("", "possim-test-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(built.dir)
	os.Exit(code)
}

// program builds ./cmd/NAME once and returns its path.
func program(t *testing.T, name string) string {
	t.Helper()
	built.Lock()
	defer built.Unlock()
	path := filepath.Join(built.dir, name)
	if _, err := os.Stat(path); err == nil {
		return path
	}
	args := append(append([]string{"build"}, buildFlags...), "-o", path, "posd/cmd/"+name)
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", name, err, out)
	}
	return path
}

// play runs possim in this process and fails the test with all it said if it
// ends with an error.
func play(t *testing.T, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	if err := execute(t.Context(), args, &out); err != nil {
		t.Fatalf("possim %s: %v\n%s", strings.Join(args, " "), err, out.String())
	}
	return out.String()
}

func TestOneSaleOfEveryKind(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), program(t, "possim"), "-script", "all", "-posd", program(t, "posd"), "-state", dir, "-log-level", "debug")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, sc := range scenes() {
		line := lineWith(string(out), sc.name)
		for _, want := range []string{sc.method, cents(sc.cents), sc.want.state, sc.want.reported} {
			if !strings.Contains(line, want) {
				t.Errorf("the line of %q lacks %q: %s", sc.name, want, line)
			}
		}
	}
	for _, want := range []string{"CARD NUMBER", "28.65", "CAD 12.50"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no receipt shows %q", want)
		}
	}
	if t.Failed() {
		t.Logf("%s", out)
	}
	holdsNoSecret(t, dir)
}

// holdsNoSecret looks through everything a whole run left, posd's log at debug
// level and its database included, for what must never stand anywhere: the
// merchant key, a card's expiry, more of a card's number than its last four.
func holdsNoSecret(t *testing.T, dir string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || d.Name() == "iotpay-key" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		for _, secret := range []string{merchantKey, "expireDate", "541333", "&key="} {
			if bytes.Contains(text, []byte(secret)) {
				t.Errorf("%s holds %q", path, secret)
			}
		}
		return nil
	})
	if err != nil || files < 3 {
		t.Errorf("looked through %d files: %v", files, err)
	}
}

func lineWith(text, part string) string {
	for line := range strings.Lines(text) {
		if strings.Contains(line, part) {
			return line
		}
	}
	return ""
}

func TestKilledAtTheTerminalIsPaidOnce(t *testing.T) {
	t.Parallel()
	play(t, "-script", "kill", "-posd", program(t, "posd"))
}

func TestARestoredJournalTakesNothingOldForNew(t *testing.T) {
	t.Parallel()
	play(t, "-script", "restore", "-posd", program(t, "posd"))
}

func TestReportsWaitForTheGateway(t *testing.T) {
	t.Parallel()
	out := play(t, "-script=offline", "--posd", program(t, "posd"))
	if !strings.Contains(out, "brought 50 reports") {
		t.Errorf("it does not say how long it took:\n%s", out)
	}
}

func TestWhatGoesWrongOnTheWiresEndsInTheTruth(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"terminal", "network", "power", "day"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, "-script", name, "-posd", program(t, "posd"))
		})
	}
}

func TestFaultsDrawnByLotLoseNothing(t *testing.T) {
	t.Parallel()
	play(t, "-script", "chaos", "-seed", "5", "-sales", "15", "-posd", program(t, "posd"))
}

func TestBadInputIsRefusedInWords(t *testing.T) {
	t.Parallel()
	play(t, "-script", "badinput", "-posd", program(t, "posd"))
}

// playScenes plays scenes at a counter of their own.
func playScenes(t *testing.T, driver string, scenes ...scene) (said string, err error) {
	t.Helper()
	var out bytes.Buffer
	s := script{"scenes", "of a test", 50 * time.Millisecond, func(ctx context.Context, st *stage) error {
		st.play(ctx, scenes)
		return nil
	}}
	err = playScript(t.Context(), s, setup{posd: program(t, "posd"), driver: driver, waits: shortWaits()}, &out)
	return out.String(), err
}

func TestEveryDisplayShowsACodeThatPays(t *testing.T) {
	t.Parallel()
	for _, driver := range displaysim.Drivers() {
		if driver == "linedisplay" {
			continue // its glass shows no code: the receipt or the page does
		}
		t.Run(driver, func(t *testing.T) {
			t.Parallel()
			if out, err := playScenes(t, driver, scene{"UnionPay", "unionpay", 1250, nil, payCode, walletPaid}); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

func TestAnEndingThatIsNotTheTruthIsNoticed(t *testing.T) {
	t.Parallel()
	twice, unreported, unprinted := cardPaid, cardPaid, walletPaid
	twice.approvals = 2
	unreported.repeats = 1
	unprinted.receipts = 2
	_, err := playScenes(t, "nextion",
		scene{"approved twice", "card", 100, nil, nil, twice},
		scene{"reported twice", "card", 101, nil, nil, unreported},
		scene{"printed twice", "wechat", 102, nil, payCode, unprinted},
	)
	for _, want := range []string{
		"approved twice: sale", "the terminal approved it 1 times, not 2",
		"reported twice: sale", "the gateway took 1 reports of it and was told again 0 times, not 1 and 1",
		"printed twice: sale", "1 receipts with the sale's number",
		"in all the terminal approved 2 sales",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("it does not say %q: %v", want, err)
		}
	}
}

// A person's session: the pages are there, the customer pays by themselves,
// and Ctrl-C leaves nothing behind.
func TestDemoSellsToAPerson(t *testing.T) {
	t.Parallel()
	d := startDemo(t, "-posd", program(t, "posd"), "-think", "50ms")
	for _, page := range []string{"/", "/display", "/manager"} {
		if err := d.api.Call(t.Context(), "GET", page, "", nil, nil); err != nil {
			t.Error(err)
		}
	}
	for _, method := range []string{"card", "alipay"} {
		s, err := d.api.sell(t.Context(), "test-"+method, sellBody{Amount: 1500, Method: method, Reference: method})
		if err != nil {
			t.Fatal(err)
		}
		if s, err = d.api.sale(t.Context(), s.ID, 20*time.Second); err != nil || s.State != "paid" {
			t.Errorf("%s: %v, %v", method, s, err)
		}
	}
	d.lateCustomer()
	d.stop()
	if _, err := os.Stat(d.dir); !os.IsNotExist(err) {
		t.Errorf("the temporary folder is still there: %v", err)
	}
	if running(d.pid) {
		t.Error("posd still runs")
	}
}

// demo is possim without a script, run as a process.
type demo struct {
	t       *testing.T
	cmd     *exec.Cmd
	out     *tail
	api     *client
	control string
	pid     int
	dir     string
	alias   string // of posd's commands at this counter
}

func startDemo(t *testing.T, args ...string) *demo {
	t.Helper()
	d := &demo{t: t, cmd: exec.Command(program(t, "possim"), args...), out: newTail(nil)}
	words, err := d.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	d.cmd.Stderr = d.out
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		d.cmd.Process.Signal(os.Interrupt) // so that it removes what is temporary
		kill := time.AfterFunc(2*stopWithin, func() { d.cmd.Process.Kill() })
		defer kill.Stop()
		d.cmd.Wait()
	})
	lines := bufio.NewScanner(words)
	for lines.Scan() {
		fmt.Fprintln(d.out, lines.Text())
		var addr string
		if _, err := fmt.Sscanf(lines.Text(), "  cashier http://%s", &addr); err == nil {
			d.api = newClient(strings.TrimSuffix(addr, "/"))
		}
		fmt.Sscanf(lines.Text(), "  simulators %s", &d.control)
		fmt.Sscanf(lines.Text(), "  posd process %d, its log and state in %s", &d.pid, &d.dir)
		if _, alias, ok := strings.Cut(lines.Text(), "  alias "); ok {
			d.alias = "alias " + alias
			break
		}
	}
	if d.api == nil || d.pid == 0 {
		t.Fatalf("possim did not introduce itself:\n%s", d.out)
	}
	go io.Copy(d.out, words)
	return d
}

// lateCustomer has a person play the customer: the sale is given up, and paid
// nevertheless.
func (d *demo) lateCustomer() {
	t := d.t
	t.Helper()
	ctx := t.Context()
	if page := get(t, d.control); !strings.Contains(page, "What the customer sees") {
		t.Errorf("the page of the simulators is %q", page)
	}
	if err := post(ctx, d.control+"customer/wait", nil); err != nil {
		t.Fatal(err)
	}
	s, err := d.api.sell(ctx, "test-late", sellBody{Amount: 1700, Method: "wechat", Reference: "late"})
	if err != nil {
		t.Fatal(err)
	}
	if err := until(ctx, 20*time.Second, "the customer to see the code", func(context.Context) (bool, string, error) {
		seen := get(t, d.control+"customer/state")
		return strings.Contains(seen, `"code":"weixin:`), seen, nil
	}); err != nil {
		t.Fatal(err)
	}
	if code, err := displaysim.ReadCode([]byte(get(t, d.control+"display/screen.png"))); err != nil || !strings.HasPrefix(code, "weixin:") {
		t.Errorf("the picture of the display shows %q, %v", code, err)
	}
	if err := d.api.cancel(ctx, s.ID); err != nil {
		t.Fatal(err)
	}
	if err := post(ctx, d.control+"customer/pay", nil); err != nil {
		t.Fatal(err)
	}
	if err := until(ctx, 20*time.Second, "the refund of the late payment", func(ctx context.Context) (bool, string, error) {
		s, err = d.api.sale(ctx, s.ID, 0)
		return len(s.Refunds) == 1 && s.Refunds[0].State == "done", s.String(), err
	}); err != nil {
		t.Error(err)
	}
	if err := post(ctx, d.control+"customer/close", nil); err == nil {
		t.Error("a paid order was closed")
	}
	if err := post(ctx, d.control+"customer/dance", nil); err == nil {
		t.Error("the customer dances")
	}
}

// stop is Ctrl-C.
func (d *demo) stop() {
	d.t.Helper()
	d.cmd.Process.Signal(os.Interrupt)
	if err := d.cmd.Wait(); err != nil {
		d.t.Errorf("possim ended with %v:\n%s", err, d.out)
	}
}

// running reports whether a process is there and not just its remains.
func running(pid int) bool {
	state, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, rest, _ := strings.Cut(string(state), ") ")
	return err == nil && !strings.HasPrefix(rest, "Z")
}

func TestPosdNeverOutlivesPossim(t *testing.T) {
	t.Parallel()
	d := startDemo(t, "-posd", program(t, "posd"), "-state", t.TempDir())
	d.cmd.Process.Kill()
	d.cmd.Wait()
	if err := until(t.Context(), 10*time.Second, "posd to die with possim", func(context.Context) (bool, string, error) {
		return !running(d.pid), "it runs", nil
	}); err != nil {
		t.Error(err)
	}
}

func TestPossimSaysThatPosdDied(t *testing.T) {
	t.Parallel()
	d := startDemo(t, "-posd", program(t, "posd"))
	p, err := os.FindProcess(d.pid)
	if err != nil {
		t.Fatal(err)
	}
	p.Kill()
	if err := d.cmd.Wait(); err == nil {
		t.Error("possim ended as if all were well")
	}
	if said := d.out.String(); !strings.Contains(said, "posd is gone (signal: killed)") || !strings.Contains(said, "msg=starting") {
		t.Errorf("it does not say so with the last words of the log:\n%s", said)
	}
}
