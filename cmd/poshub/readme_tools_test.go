//go:build tools

package main

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pelletier/go-toml/v2"

	"posd/device/sale"
	"posd/store"
	"posd/sync/fleet"
	"posd/sync/fleet/fleetsim"
)

// readmeChain is what the README says of a chain: its lines for a shell, and what a
// counter's configuration has for it.
func readmeChain(t *testing.T) (lines []string, section string) {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "\n## From one counter to a chain\n")
	if !found {
		t.Fatal("the README has no section on a chain")
	}
	page, _, _ := strings.Cut(rest, "\n## ")
	for _, m := range regexp.MustCompile(`(?m)^    (\S.*?) +# `).FindAllStringSubmatch(page, -1) {
		lines = append(lines, m[1])
	}
	if m := regexp.MustCompile("(?s)```toml\n(.*?)```").FindStringSubmatch(page); m != nil {
		section = m[1]
	}
	if len(lines) != 5 || section == "" {
		t.Fatalf("the README's lines on a chain: %q %q", lines, section)
	}
	return lines, section
}

// TestTheReadmesChainRunsAsItStands runs the README's lines from one counter to a
// chain, each as it stands, with the samples of configs/nats and real programs. Put in
// place of others are: ports, keys, certificates, and the folders under /etc and /var.
func TestTheReadmesChainRunsAsItStands(t *testing.T) {
	lines, section := readmeChain(t)
	b := newBench(t)
	b.keepRunning(lines[0], b.server)
	b.keepRunning(lines[1], b.page)
	c := b.sells(section)
	for _, line := range lines[2:] {
		b.run(line)
	}
	again, err := store.Open(t.Context(), store.Config{Dir: filepath.Join(b.dir, "new")}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	all, err := again.Sales(t.Context(), sale.Filter{})
	if err != nil || len(all) != 1 || all[0].ID != c.ID || all[0].State != sale.Paid {
		t.Errorf("the new box has %+v (%v), and should have %s", all, err, c.ID)
	}
}

// bench is the folder in which the README's lines are run.
type bench struct {
	t            *testing.T
	dir          string
	server, page string // addresses
	place        *strings.Replacer
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, dir: t.TempDir()}
	free := freeAddrs(t, 4)
	b.server, b.page = free[0], free[1]
	etc := filepath.Join(b.dir, "etc")
	if err := os.MkdirAll(etc, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := fleetsim.Sample("../../configs/nats", etc); err != nil {
		t.Fatal(err)
	}
	in := func(name string) string { return filepath.Join(etc, name) }
	b.place = strings.NewReplacer("0.0.0.0:4222", b.server, "hub.example:4222", b.server, "127.0.0.1:8222", free[2], "0.0.0.0:7422", free[3],
		"/etc/posd/chain.nk", in("UTILL1.nk"), `# credential_file = ""`, `credential_file = "`+in("UHUB.nk")+`"`, `# ca_file = ""`, `ca_file = "`+in("ca.pem")+`"`,
		"# path = \"/var/lib/poshub", "path = \""+b.dir, "# listen = \"127.0.0.1:8490", "listen = \""+b.page, "# tokens = \"/var/lib/poshub", "tokens = \""+b.dir)
	b.copy(in("server.conf"), "configs/nats/server.conf")
	b.copy(in("rights.conf"), "configs/nats/rights.conf")
	b.copy("../../configs/nats/poshub.toml", "poshub.toml")
	b.program("poshub", "POSHUB_AS_ITSELF=1 exec "+os.Args[0]+" -config "+filepath.Join(b.dir, "poshub.toml"))
	posd := filepath.Join(b.dir, "bin", "posd.real")
	if out, err := exec.Command("go", "build", "-o", posd, "posd/cmd/posd").CombinedOutput(); err != nil {
		t.Fatalf("build posd: %v\n%s", err, out)
	}
	b.program("posd", "exec "+posd+" -config "+filepath.Join(b.dir, "posd.toml"))
	server, err := natsServer()
	if err != nil {
		t.Fatal(err)
	}
	b.program("nats-server", "exec "+server)
	return b
}

// copy puts a file in the folder, with what is ours in place of the sample's.
func (b *bench) copy(from, to string) {
	b.t.Helper()
	text, err := os.ReadFile(from)
	if err != nil {
		b.t.Fatal(err)
	}
	b.write(to, b.place.Replace(string(text)), 0o600)
}

func (b *bench) write(name, text string, mode os.FileMode) {
	b.t.Helper()
	file := filepath.Join(b.dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), mode); err != nil {
		b.t.Fatal(err)
	}
}

// program is a command of that name in the shell's PATH.
func (b *bench) program(name, line string) {
	b.write(filepath.Join("bin", name), "#!/bin/sh\n"+line+` "$@"`+"\n", 0o700)
}

func (b *bench) shell(line string) *exec.Cmd {
	cmd := exec.Command("bash", "-c", line)
	cmd.Dir, cmd.Env = b.dir, append(os.Environ(), "PATH="+filepath.Join(b.dir, "bin")+":"+os.Getenv("PATH"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

func (b *bench) run(line string) {
	b.t.Helper()
	if out, err := b.shell(line).CombinedOutput(); err != nil {
		b.t.Fatalf("%s: %v\n%s", line, err, out)
	}
}

// keepRunning starts a line that does not end, and waits until it can be reached.
func (b *bench) keepRunning(line, addr string) {
	b.t.Helper()
	cmd, out := b.shell(line), &bytes.Buffer{}
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	b.t.Cleanup(func() { syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); <-ended })
	for {
		if c, err := net.Dial("tcp", addr); err == nil {
			c.Close()
			return
		}
		select {
		case err := <-ended:
			ended <- err
			b.t.Fatalf("%s: %v\n%s", line, err, out)
		case <-b.t.Context().Done():
			b.t.Fatalf("%s: nobody listens at %s\n%s", line, addr, out)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// sells lets the counter of the README's section sell once, and waits until the hub
// has booked it. The same section is the new box's.
func (b *bench) sells(section string) sale.Sale {
	b.t.Helper()
	var posd struct {
		Fleet fleet.Config `toml:"fleet"`
	}
	posd.Fleet = fleet.Defaults()
	if err := toml.Unmarshal([]byte(b.place.Replace(section)), &posd); err != nil {
		b.t.Fatal(err)
	}
	posd.Fleet.CAFile = filepath.Join(b.dir, "etc", "ca.pem")
	shop, err := os.ReadFile("../../configs/posd.toml")
	if err != nil {
		b.t.Fatal(err)
	}
	b.write("posd.toml", strings.Replace(string(shop), "\n[store]\n", "\n[store]\ndir = \""+filepath.Join(b.dir, "new")+"\"\n", 1)+b.place.Replace(section), 0o600)
	dir := filepath.Join(b.dir, "burned")
	c := newTill(b.t, dir, posd.Fleet.Till)
	pub := fleet.New(posd.Fleet, c.Store, dir, nil, quiet)
	ctx, cancel := context.WithCancel(b.t.Context())
	var run sync.WaitGroup
	run.Go(func() { pub.Run(ctx) })
	defer func() { cancel(); run.Wait(); pub.Close() }()
	v := c.sell(2865)
	books, err := openBooks(b.t.Context(), Books{Path: filepath.Join(b.dir, "books.db")})
	if err != nil {
		b.t.Fatal(err)
	}
	defer books.db.Close()
	for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		tills, err := books.tills(b.t.Context())
		if err == nil && len(tills) == 1 && tills[0].Commit == c.Commits() {
			return v
		}
		if time.Now().After(end) {
			b.t.Fatalf("not booked: %+v %v %+v", tills, err, pub.Status())
		}
	}
}
