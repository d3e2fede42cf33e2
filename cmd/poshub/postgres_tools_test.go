//go:build tools

package main

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"posd/sync/fleet"
)

// postgres is a PostgreSQL server of this test's own, reached by a socket in its
// folder alone.
type postgres struct {
	dir string
	n   atomic.Int64 // databases made
}

// startPostgres makes a cluster and runs its server until the test ends. The
// server refuses to run as root, so it runs as the user that Debian's package made.
func startPostgres(t testing.TB, settings ...string) *postgres {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil || len(found) == 0 {
		t.Fatalf("PostgreSQL's server is missing (Debian: apt-get install postgresql): %v", err)
	}
	bin := filepath.Dir(found[len(found)-1])
	dir, err := os.MkdirTemp("", "books") // short: a socket's path has 107 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	as := &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if os.Getuid() == 0 {
		as.Credential = ownerOf(t, dir)
	}
	command := func(name string, args ...string) (*exec.Cmd, *bytes.Buffer) {
		said := new(bytes.Buffer)
		c := exec.Command(filepath.Join(bin, name), args...)
		c.Dir, c.SysProcAttr, c.Stdout, c.Stderr, c.Env = dir, as, said, said, []string{"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8"}
		return c, said
	}
	data := filepath.Join(dir, "data")
	if c, said := command("initdb", "-D", data, "-U", "books", "-A", "trust", "-E", "UTF8", "--no-sync"); c.Run() != nil {
		t.Fatalf("make a cluster: %s", said)
	}
	args := []string{"-D", data, "-k", dir, "-c", "listen_addresses="}
	for _, s := range settings {
		args = append(args, "-c", s)
	}
	server, said := command("postgres", args...)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		server.Process.Signal(syscall.SIGQUIT)
		server.Wait()
	})
	p := &postgres{dir: dir}
	p.exec(t, said, "SELECT 1")
	return p
}

// ownerOf gives the folder to the server's user and returns that user.
func ownerOf(t testing.TB, dir string) *syscall.Credential {
	t.Helper()
	u, err := user.Lookup("postgres")
	if err != nil {
		t.Fatal(err)
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	if err := os.Chown(dir, uid, gid); err != nil {
		t.Fatal(err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

// url is the address of one of the server's databases.
func (p *postgres) url(database string) string {
	return fmt.Sprintf("postgres://books@/%s?host=%s", database, p.dir)
}

// exec runs a statement as soon as the server takes one.
func (p *postgres) exec(t testing.TB, said fmt.Stringer, query string) {
	t.Helper()
	db, err := sql.Open("pgx", p.url("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for end := time.Now().Add(60 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if _, err = db.ExecContext(context.Background(), query); err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s: %v\n%s", query, err, said)
		}
	}
}

// books are new books in a database of their own.
func (p *postgres) books(t testing.TB) Books {
	t.Helper()
	name := fmt.Sprintf("books%d", p.n.Add(1))
	p.exec(t, new(bytes.Buffer), "CREATE DATABASE "+name)
	file := filepath.Join(t.TempDir(), "postgres-url")
	if err := os.WriteFile(file, []byte(p.url(name)+"\n"), fs.FileMode(0o600)); err != nil {
		t.Fatal(err)
	}
	return Books{PostgresFile: file}
}

// The same promises as on SQLite.
func TestBooksOnPostgreSQL(t *testing.T) {
	p := startPostgres(t, "fsync=off")
	for _, test := range booksTests {
		t.Run(test.name, func(t *testing.T) {
			b, err := openBooks(t.Context(), p.books(t))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { b.db.Close() })
			test.test(t, b)
		})
	}
}

// Hubs that start at once on an empty database all have its tables.
func TestHubsThatStartAtOnceMakeTheTables(t *testing.T) {
	c := startPostgres(t, "fsync=off").books(t)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			b, err := openBooks(context.Background(), c)
			if err != nil {
				t.Error(err)
				return
			}
			b.db.Close()
		})
	}
	all.Wait()
}

// copied is the fastest way into PostgreSQL.
func copied(ctx context.Context, w *writer, some []fleet.Message) error {
	var rows [][]any
	for _, m := range some {
		rows = append(rows, []any{m.Name.String(), m.Epoch, m.Commit, string(m.Body)})
	}
	return w.copyIn(ctx, "bare", "n, e, c, body", "", rows)
}

// BenchmarkHubOnPostgreSQL measures what a hub books a second on PostgreSQL as it is
// installed, beside COPY of the same bytes.
func BenchmarkHubOnPostgreSQL(b *testing.B) {
	p := startPostgres(b)
	sideBySide(b, "COPY", floor(copied), func(b *testing.B) Books { return p.books(b) })
}

// BenchmarkDayOnPostgreSQL asks the same as BenchmarkDayOfAThousandShops.
func BenchmarkDayOnPostgreSQL(b *testing.B) {
	k, err := openBooks(b.Context(), startPostgres(b, "fsync=off", "max_wal_size=4GB").books(b))
	if err != nil {
		b.Fatal(err)
	}
	defer k.db.Close()
	generate(b, k, *salesFlag)
	if _, err := k.db.ExecContext(b.Context(), "ANALYZE"); err != nil { // as the server does by itself within minutes
		b.Fatal(err)
	}
	b.ResetTimer()
	asksOfADay(b, k)
}
