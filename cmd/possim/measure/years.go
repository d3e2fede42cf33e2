package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// What a person waits for at a counter that has sold for years (cmd/possim/years makes
// the journal), beside the same at one that has sold for two days. Cold is a
// question whose pages no memory of the machine holds.

// waitGoal is how long a person may wait, whatever the journal's age.
const waitGoal = 300 * time.Millisecond

// question is asked of both. In path, DAY is a business day long past, AFTER a sale of it
// that ends its first page.
type question struct{ what, path string }

var questions = []question{
	{"the newest 100", "/v1/sales"},
	{"the newest 500", "/v1/sales?limit=500"},
	{"paid", "/v1/sales?state=paid"},
	{"declined", "/v1/sales?state=declined"},
	{"unsure", "/v1/sales?state=unsure"},
	{"a rare method", "/v1/sales?method=scan"},
	{"a common method", "/v1/sales?method=wechat"},
	{"declined, of a rare method", "/v1/sales?state=declined&method=scan"},
	{"paid, of a rare method", "/v1/sales?state=paid&method=scan"},
	{"an old day", "/v1/sales?date=DAY"},
	{"an old day's second page", "/v1/sales?date=DAY&before=AFTER"},
	{"cancelled, of an old year", "/v1/sales?from=YEAR-01-01&to=YEAR-12-31&state=cancelled"},
	{"a bill", "/v1/sales?reference=years-700"},
	{"a card's last four digits", "/v1/sales?last=0013&limit=20"},
	{"an amount that never was", "/v1/sales?amount=77777777"},
	{"a person who never sold", "/v1/sales?by=nobody"},
	{"an old day's report", "/v1/reports/DAY"},
	{"an old month's closed days", "/v1/days?month=MONTH"},
	{"one old sale", "/v1/sales/AFTER"},
	{"an old receipt", "/v1/sales/AFTER/receipt"},
}

// years measures a daemon on the journal in many, in turns with one on that in few.
func years(ctx context.Context, path, many, few, bill string, rounds int, found func(...row)) error {
	var at [2]*counter
	for i, data := range []string{many, few} {
		dir, err := os.MkdirTemp("", "posd-years-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		if at[i], err = newPosdOn(ctx, path, dir, data); err != nil {
			return err
		}
		defer at[i].kill()
		evict(data)
	}
	old, new := at[0], at[1]
	old.oldBill = bill
	took, err := old.start()
	if err != nil {
		return err
	}
	small, err := new.start()
	if err != nil {
		return err
	}
	found(waited("a start, cold", sample{took}, took, sample{small}))
	for _, q := range questions {
		r, err := asked(q, old, new, rounds)
		if err != nil {
			return fmt.Errorf("%s: %w", q.what, err)
		}
		found(r)
	}
	for _, act := range []func(old, new *counter, rounds int) (row, error){sold, reopened, heavy, closed} {
		r, err := act(old, new, rounds)
		if err != nil {
			return err
		}
		found(r)
	}
	more, err := wholly(old)
	found(more...)
	return err
}

// waited is a row of what a person waits for: floor is the young counter.
func waited(what string, warm sample, cold time.Duration, young sample) row {
	p50 := warm.quantile(0.5)
	r := row{No: "18", What: what, Floor: ms(young.quantile(0.5)), Posd: ms(p50), Ratio: float64(p50) / float64(young.quantile(0.5)),
		Worst: fmt.Sprintf("%s, cold %s", ms(slices.Max(warm)), ms(cold)), Spread: fmt.Sprintf("%s-%s", ms(slices.Min(warm)), ms(slices.Max(warm))), Goal: waitGoal.String(), Verdict: "met"}
	if max(p50, cold) > waitGoal {
		r.Verdict = "missed"
	}
	return r
}

// asked asks once cold, then in turns.
func asked(q question, old, new *counter, rounds int) (row, error) {
	at := map[*counter]string{}
	for _, c := range []*counter{old, new} {
		path, err := c.place(q.path)
		if err != nil {
			return row{}, err
		}
		at[c] = path
	}
	evict(old.data)
	cold, err := old.timed(at[old])
	if err != nil {
		return row{}, err
	}
	var warm, young sample
	for range rounds {
		for _, c := range []*counter{old, new} {
			d, err := c.timed(at[c])
			if err != nil {
				return row{}, err
			}
			if c == old {
				warm = append(warm, d)
			} else {
				young = append(young, d)
			}
		}
	}
	return waited(q.what, warm, cold, young), nil
}

// place puts an old day and a sale of it into a question's path.
func (c *counter) place(path string) (string, error) {
	if c.after == "" {
		var page []struct {
			ID        string
			CreatedAt time.Time
		}
		text, err := c.get("/v1/sales?reference=" + c.oldBill)
		if err == nil {
			err = json.Unmarshal(text, &page)
		}
		if err != nil || len(page) == 0 {
			return "", errors.Join(err, fmt.Errorf("the bill %s is not in the journal", c.oldBill))
		}
		c.after, c.day = page[0].ID, page[0].CreatedAt.Format(time.DateOnly)
	}
	return strings.NewReplacer("DAY", c.day, "AFTER", c.after, "YEAR", c.day[:4], "MONTH", c.day[:7]).Replace(path), nil
}

func (c *counter) get(path string) ([]byte, error) {
	res, err := http.Get("http://" + c.listen + path)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode >= 300 {
		err = fmt.Errorf("%s: %s %s", path, res.Status, text)
	}
	return text, err
}

func (c *counter) timed(path string) (time.Duration, error) {
	begun := time.Now()
	_, err := c.get(path)
	return time.Since(begun), err
}

// sold is the durable accept of a card sale, each awaited to its end.
func sold(old, new *counter, rounds int) (row, error) {
	var mine, young sample
	for i := range rounds {
		for c, into := range map[*counter]*sample{old: &mine, new: &young} {
			time.Sleep(shopPause)
			begun := time.Now()
			_, id, err := c.post("/v1/sales", fmt.Sprintf(`{"amount":%d,"method":"card"}`, 100+i), fmt.Sprintf("years-%d-%d", i, begun.UnixNano()))
			if err != nil {
				return row{}, err
			}
			*into = append(*into, time.Since(begun))
			if err := c.until(id, func(s saleState) bool { return s.State == "paid" && s.Printed == "printed" && s.Reported == "done" }); err != nil {
				return row{}, err
			}
		}
	}
	return waited("a card sale's accept", mine, mine[0], young), nil
}

// reopened is a start after a kill.
func reopened(old, new *counter, rounds int) (row, error) {
	both, err := starts(old, new, max(3, rounds/4))
	if err != nil {
		return row{}, err
	}
	return waited("a start after a kill", both.posd, both.posd[0], both.least), nil
}

// heavy is the memory after the largest lists.
func heavy(old, new *counter, _ int) (row, error) {
	var size [2]int64
	for i, c := range []*counter{old, new} {
		for range 5 {
			if _, err := c.get("/v1/sales?limit=1000"); err != nil {
				return row{}, err
			}
		}
		time.Sleep(5 * time.Second) // it is given back once nobody asks
		var err error
		if size[i], err = c.resident(); err != nil {
			return row{}, err
		}
	}
	r := row{No: "18", What: "memory after lists of 1000", Floor: mb(size[1]), Posd: mb(size[0]), Ratio: float64(size[0]) / float64(size[1]), Goal: "1.2"}
	r.judge(1.2)
	return r, nil
}

// closed closes the day: what the terminal and the gateway answer is in it.
func closed(old, new *counter, _ int) (row, error) {
	var took [2]time.Duration
	for i, c := range []*counter{old, new} {
		begun := time.Now()
		if _, _, err := c.post("/v1/day/close", `{"by":"a manager"}`, fmt.Sprintf("close-%d", begun.UnixNano())); err != nil {
			return row{}, err
		}
		took[i] = time.Since(begun)
	}
	return waited("the day's close, with its comparison", sample{took[0]}, took[0], sample{took[1]}), nil
}

// quickEnough is what nobody asks progress of.
const quickEnough = 5 * time.Second

// wholly is what goes over the whole journal, and has to say how far it is, or to be quick.
func wholly(c *counter) (rows []row, err error) {
	file := filepath.Join(c.dir, "copy.db")
	for _, job := range []struct {
		what  string
		args  []string
		limit time.Duration
		words string // that it must say meanwhile
	}{
		{"posd backup, the first", []string{"backup", file}, time.Minute, ""},
		{"posd backup, the next", []string{"backup", file}, time.Minute, ""},
		{"posd check, no daemon", []string{"check"}, 0, "commits"},
	} {
		if job.args[0] == "check" {
			c.kill()
		}
		command := exec.Command(c.command().Path, append(job.args, "-config", filepath.Join(c.dir, "posd.toml"))...)
		var said bytes.Buffer
		command.Stdout, command.Stderr = &said, &said
		begun := time.Now()
		ended := command.Run()
		took := time.Since(begun)
		r := row{No: "18", What: job.what, Posd: fmt.Sprintf("%.1f s", took.Seconds()), Goal: "with progress", Verdict: "met"}
		if job.limit > 0 {
			r.Goal = job.limit.String()
			r.Ratio = took.Seconds() / job.limit.Seconds()
		}
		bad := ended != nil && (job.args[0] != "check" || !strings.Contains(said.String(), "every row is as it was written")) // the lines of a counter that is gone are not well
		if bad {
			return rows, fmt.Errorf("%s: %w: %s", job.what, ended, said.String())
		}
		if job.limit > 0 && took > job.limit || took > quickEnough && !strings.Contains(said.String(), job.words) {
			r.Verdict = "missed"
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// evict takes a journal's pages out of the machine's memory.
func evict(data string) {
	f, err := os.Open(filepath.Join(data, "posd.db"))
	if err != nil {
		return // there will be nothing to measure, either
	}
	defer f.Close()
	f.Sync()
	unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED)
}
