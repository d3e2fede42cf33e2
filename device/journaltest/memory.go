// Package journaltest is a journal in memory, for the tests of the till and of
// the simulation of its step. It stores what it is told and forgets nothing;
// faults are what a test asks for.
package journaltest

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"posd/device/sale"
)

// Memory is a journal in memory: what Commit returned is durable.
type Memory struct {
	mu sync.Mutex
	// Rows is what is stored. A test that reads it while a till writes uses the
	// methods instead.
	Rows    Tables
	seq     map[string]int // in which order jobs and reports were first stored
	gap     sale.Gap
	copied  int // sales that stood in the copy of a restore
	commits int
	full    error // what Commit answers instead of storing
	unread  error // what a list of a day's sales, and a search for a reference, answer
}

// Tables is what a journal holds.
type Tables struct {
	Sales   map[sale.ID]sale.Sale
	Order   []sale.ID // of the sales, oldest first
	Keys    map[string]sale.KeyBinding
	Reports map[string]sale.Report
	Jobs    map[string]sale.Job
	Events  []sale.StoredEvent
	Days    []sale.Day
	Notes   map[string]string
}

// New returns an empty journal.
func New() *Memory {
	return &Memory{seq: map[string]int{}, Rows: Tables{Sales: map[sale.ID]sale.Sale{}, Keys: map[string]sale.KeyBinding{}, Reports: map[string]sale.Report{}, Jobs: map[string]sale.Job{}, Notes: map[string]string{}}}
}

// enter notes that a job or report is stored; the first time counts.
func (m *Memory) enter(id string) {
	if m.seq[id] == 0 {
		m.seq[id] = len(m.seq) + 1
	}
}

// earlier compares jobs or reports by when they were first stored.
func (m *Memory) earlier(a, b string) int { return cmp.Compare(m.seq[a], m.seq[b]) }

func (m *Memory) Commit(_ context.Context, rows []sale.Row) ([]int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.full != nil {
		return nil, m.full
	}
	m.commits++
	var seqs []int64
	for _, r := range rows {
		switch r := r.(type) {
		case sale.SaleRow:
			if _, ok := m.Rows.Sales[r.Sale.ID]; !ok {
				m.Rows.Order = append(m.Rows.Order, r.Sale.ID)
			}
			m.Rows.Sales[r.Sale.ID] = r.Sale // nobody changes a row
		case sale.KeyRow:
			m.Rows.Keys[r.Key] = sale.KeyBinding{Digest: r.Digest, Sale: r.Sale, Movement: r.Movement}
		case sale.EventRow:
			seqs = append(seqs, int64(len(m.Rows.Events)+1))
			m.Rows.Events = append(m.Rows.Events, r.Stored(int64(len(m.Rows.Events)+1)))
		case sale.ReportRow:
			m.Rows.Reports[r.Report.No] = r.Report
			m.enter(r.Report.No)
		case sale.ReportGone:
			delete(m.Rows.Reports, r.No)
		case sale.JobRow:
			m.Rows.Jobs[r.Job.ID] = r.Job
			m.enter(r.Job.ID)
		case sale.DayRow:
			m.Rows.Days, m.gap = append(m.Rows.Days, r.Day), sale.Gap{}
		case sale.NoteRow:
			m.Rows.Notes[r.Name] = r.Value
		case sale.FactRow:
			s := m.Rows.Sales[r.Sale]
			if r.Printed != "" {
				s.Printed = r.Printed
			}
			if r.Reported != "" {
				s.Reported = r.Reported
			}
			m.Rows.Sales[r.Sale] = s
		}
	}
	return seqs, nil
}

func (m *Memory) Idle(context.Context) (bool, error) { return true, nil }

func (m *Memory) Recover(context.Context) (sale.Recovered, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var r sale.Recovered
	for _, id := range m.Rows.Order {
		s := m.Rows.Sales[id]
		r.Reported = r.Reported || s.Reported == sale.ReportDone
		if s.Open() || s.Undecided() {
			r.Open = append(r.Open, s.Clone())
		}
		if s.Method == sale.Card && s.Kind == sale.CardSale && s.State == sale.Paid {
			c := s.Clone()
			r.Control = &c
		}
	}
	for _, id := range slices.SortedFunc(maps.Keys(m.Rows.Jobs), m.earlier) {
		j := m.Rows.Jobs[id]
		if !j.Finished() {
			r.Jobs, r.JobSales = append(r.Jobs, j), append(r.JobSales, m.Rows.Sales[j.Sale])
		}
	}
	r.Queue = m.Stats()
	r.Notes, r.Gap = maps.Clone(m.Rows.Notes), m.gap
	if n := len(m.Rows.Days); n > 0 {
		r.LastDay = m.Rows.Days[n-1]
	}
	return r, nil
}

func (m *Memory) Key(_ context.Context, key string) (sale.KeyBinding, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if h, ok := m.Rows.Keys[key]; ok {
		return h, nil
	}
	return sale.KeyBinding{}, sale.ErrNotFound
}

func (m *Memory) Sale(_ context.Context, id sale.ID) (sale.Sale, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if s, ok := m.Rows.Sales[id]; ok {
		return s.Clone(), nil
	}
	return sale.Sale{}, sale.ErrNotFound
}

// Job returns a print job.
func (m *Memory) Job(_ context.Context, id string) (sale.Job, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	j, ok := m.Rows.Jobs[id]
	if !ok {
		return j, sale.ErrNotFound
	}
	j.Content = ""
	return j, nil
}

// InCopy reports whether a sale is one of those of Restore's copy.
func (m *Memory) InCopy(_ context.Context, id sale.ID) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Contains(m.Rows.Order[:m.copied], id), nil
}

// Restore returns what a restore makes of the journal as it stands, where nothing can
// be read of the one that is moved aside.
func (m *Memory) Restore(gap sale.Gap) *Memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := New()
	t := &m.Rows
	r.Rows = Tables{maps.Clone(t.Sales), slices.Clone(t.Order), maps.Clone(t.Keys), maps.Clone(t.Reports), maps.Clone(t.Jobs), slices.Clone(t.Events), slices.Clone(t.Days), maps.Clone(t.Notes)}
	for no, report := range r.Rows.Reports {
		report.Attempted = true
		r.Rows.Reports[no] = report
	}
	r.seq, r.gap, r.copied = maps.Clone(m.seq), gap, len(t.Order)
	return r
}

func (m *Memory) Completions(ctx context.Context, auth sale.ID) ([]sale.Sale, error) {
	list, err := m.Sales(ctx, sale.Filter{})
	return slices.DeleteFunc(list, func(s sale.Sale) bool { return s.Original != auth }), err
}

func (m *Memory) Day(_ context.Context, no int) (sale.Day, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if no < 1 || no > len(m.Rows.Days) {
		return sale.Day{}, sale.ErrNotFound
	}
	return m.Rows.Days[no-1], nil
}

func (m *Memory) DaysOn(_ context.Context, date string) (out []sale.Day, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, d := range m.Rows.Days {
		if d.Date == date {
			out = append(out, d)
		}
	}
	return out, nil
}

func (m *Memory) Sales(_ context.Context, f sale.Filter) ([]sale.Sale, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.unread != nil && f.Day > 0 && f.Limit > 1 {
		return nil, m.unread
	}
	within := func(at time.Time) bool {
		return !at.Before(f.From) && (f.To.IsZero() || at.Before(f.To))
	}
	var list []sale.Sale
	for i, id := range slices.Backward(m.Rows.Order) {
		s := m.Rows.Sales[id].Clone()
		match := within(s.CreatedAt)
		if f.GivenBack {
			match = slices.ContainsFunc(s.Refunds, func(mv sale.Movement) bool { return within(mv.CreatedAt) })
		}
		if f.Day != 0 {
			match = match && (s.Day == f.Day || slices.ContainsFunc(s.Refunds, func(mv sale.Movement) bool { return mv.Day == f.Day }))
		}
		match = match && (f.Foreign == "" || s.Foreign == f.Foreign) && (f.State == "" || s.State == f.State) && (f.Method == "" || s.Method == f.Method)
		if f.Before != "" && i >= slices.Index(m.Rows.Order, f.Before) {
			match = false
		}
		if match && (f.Limit == 0 || len(list) < f.Limit) {
			list = append(list, s)
		}
	}
	return list, nil
}

func (m *Memory) SameBill(_ context.Context, ref string) ([]sale.Sale, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []sale.Sale
	for _, id := range slices.Backward(m.Rows.Order) {
		s := m.Rows.Sales[id]
		if ref != "" && s.Reference == ref {
			list = append(list, s.Clone())
		}
	}
	return list, nil
}

func (m *Memory) Events(_ context.Context, after int64, limit int) ([]sale.StoredEvent, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.Rows.Events[min(int(after), len(m.Rows.Events)):min(int(after)+limit, len(m.Rows.Events))]), nil
}

func (m *Memory) LastSeq(context.Context) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return int64(len(m.Rows.Events)), nil
}

func (m *Memory) HasReference(ctx context.Context, ref string) (bool, error) {
	_, err := m.SaleOf(ctx, ref)
	if errors.Is(err, sale.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

func (m *Memory) SaleOf(_ context.Context, ref string) (sale.Sale, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.unread != nil {
		return sale.Sale{}, m.unread
	}
	for _, id := range m.Rows.Order {
		if s := m.Rows.Sales[id]; slices.ContainsFunc(s.Attempts, func(a sale.Attempt) bool { return a.Ref == ref }) ||
			slices.ContainsFunc(s.Refunds, func(m sale.Movement) bool { return m.ID == ref }) {
			return s.Clone(), nil
		}
	}
	return sale.Sale{}, sale.ErrNotFound
}

func (m *Memory) Due(_ context.Context, now time.Time, horizon time.Duration, n int) ([]sale.Report, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var due []sale.Report
	for _, r := range m.Rows.Reports {
		if r.State == sale.QueueDue && (!r.DueAt.After(now) || r.DueAt.After(now.Add(horizon))) {
			due = append(due, r)
		}
	}
	late := func(r sale.Report) int { return cmp.Compare(0, now.Compare(r.DueAt)) } // far ahead comes last
	slices.SortFunc(due, func(a, b sale.Report) int {
		return cmp.Or(cmp.Compare(max(late(a), 0), max(late(b), 0)), cmp.Compare(min(a.Attempts, 1), min(b.Attempts, 1)), a.DueAt.Compare(b.DueAt), m.earlier(a.No, b.No))
	})
	return due[:min(n, len(due))], nil
}

func (m *Memory) Report(_ context.Context, no string) (sale.Report, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r, ok := m.Rows.Reports[no]; ok {
		return r, nil
	}
	return sale.Report{}, sale.ErrNotFound
}

func (m *Memory) Reports(context.Context, int) ([]sale.Report, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []sale.Report
	for _, no := range slices.SortedFunc(maps.Keys(m.Rows.Reports), m.earlier) {
		all = append(all, m.Rows.Reports[no])
	}
	return all, nil
}

func (m *Memory) QueueStats(context.Context) (sale.QueueStats, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.Stats(), nil
}

// Stats sums up the queue, for a test that runs alone.
func (m *Memory) Stats() sale.QueueStats {
	var st sale.QueueStats
	for _, r := range m.Rows.Reports {
		if r.State == sale.QueueSetAside {
			st.SetAside++
			continue
		}
		st.Queued++
		st.Cents += r.Amount
		if st.Oldest.IsZero() || r.QueuedAt.Before(st.Oldest) {
			st.Oldest = r.QueuedAt
		}
		if st.Queued == 1 || r.QueuedAfter < st.OldestAfter {
			st.OldestAfter = r.QueuedAfter
		}
		st.NewestAfter = max(st.NewestAfter, r.QueuedAfter)
		if r.State == sale.QueueDue && (st.NextDueAt.IsZero() || r.DueAt.Before(st.NextDueAt)) {
			st.NextDueAt = r.DueAt
		}
	}
	return st
}

// Fill lets every commit fail with an error, until it is nil.
func (m *Memory) Fill(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.full = err
}

// Spoil lets every list of a day's sales, and every search for the sale of a reference,
// fail with an error, until it is nil.
func (m *Memory) Spoil(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.unread = err
}

// Barriers is how many commits there were.
func (m *Memory) Barriers() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.commits
}

// Waiting is how many reports are stored.
func (m *Memory) Waiting() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.Rows.Reports)
}
