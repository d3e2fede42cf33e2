package device

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

// memory is a journal in memory, for tests: what Commit returned is durable.
type memory struct {
	mu      sync.Mutex
	sales   map[sale.ID]sale.Sale
	order   []sale.ID
	keys    map[string]sale.KeyBinding
	reports map[string]sale.Report
	jobs    map[string]sale.Job
	events  []sale.StoredEvent
	days    []sale.Day
	notes   map[string]string
	commits int
	full    error // what Commit answers instead of storing
	unread  error // what a list of a day's sales answers
}

func newMemory() *memory {
	return &memory{sales: map[sale.ID]sale.Sale{}, keys: map[string]sale.KeyBinding{}, reports: map[string]sale.Report{}, jobs: map[string]sale.Job{}, notes: map[string]string{}}
}

func (m *memory) Commit(_ context.Context, rows []sale.Row) ([]int64, error) {
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
			if _, ok := m.sales[r.Sale.ID]; !ok {
				m.order = append(m.order, r.Sale.ID)
			}
			m.sales[r.Sale.ID] = r.Sale.Clone()
		case sale.KeyRow:
			m.keys[r.Key] = sale.KeyBinding{Digest: r.Digest, Sale: r.Sale, Movement: r.Movement}
		case sale.EventRow:
			seqs = append(seqs, int64(len(m.events)+1))
			m.events = append(m.events, storedEvent(r, int64(len(m.events)+1)))
		case sale.ReportRow:
			m.reports[r.Report.No] = r.Report
		case sale.ReportGone:
			delete(m.reports, r.No)
		case sale.JobRow:
			m.jobs[r.Job.ID] = r.Job
		case sale.DayRow:
			m.days = append(m.days, r.Day)
		case sale.NoteRow:
			m.notes[r.Name] = r.Value
		case sale.FactRow:
			s := m.sales[r.Sale]
			if r.Printed != "" {
				s.Printed = r.Printed
			}
			if r.Reported != "" {
				s.Reported = r.Reported
			}
			m.sales[r.Sale] = s
		}
	}
	return seqs, nil
}

func (m *memory) Idle(context.Context) error { return nil }

func (m *memory) Recover(context.Context) (sale.Recovered, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var r sale.Recovered
	for _, id := range m.order {
		s := m.sales[id]
		if s.Open() {
			r.Open = append(r.Open, s.Clone())
		}
		if s.Method == sale.Card && s.Kind == sale.CardSale && s.State == sale.Paid {
			c := s.Clone()
			r.Control = &c
		}
	}
	for _, id := range slices.Sorted(maps.Keys(m.jobs)) {
		j := m.jobs[id]
		if !j.Finished() {
			r.Jobs, r.JobSales = append(r.Jobs, j), append(r.JobSales, m.sales[j.Sale])
		}
	}
	r.Queue = m.stats()
	r.Notes = maps.Clone(m.notes)
	if n := len(m.days); n > 0 {
		r.LastDay = m.days[n-1]
	}
	return r, nil
}

func (m *memory) Key(_ context.Context, key string) (sale.KeyBinding, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if h, ok := m.keys[key]; ok {
		return h, nil
	}
	return sale.KeyBinding{}, sale.ErrNotFound
}

func (m *memory) Sale(_ context.Context, id sale.ID) (sale.Sale, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if s, ok := m.sales[id]; ok {
		return s.Clone(), nil
	}
	return sale.Sale{}, sale.ErrNotFound
}

func (m *memory) Completions(ctx context.Context, auth sale.ID) ([]sale.Sale, error) {
	list, err := m.Sales(ctx, sale.Filter{})
	return slices.DeleteFunc(list, func(s sale.Sale) bool { return s.Original != auth }), err
}

func (m *memory) Day(_ context.Context, no int) (sale.Day, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if no < 1 || no > len(m.days) {
		return sale.Day{}, sale.ErrNotFound
	}
	return m.days[no-1], nil
}

func (m *memory) DaysOn(_ context.Context, date string) (out []sale.Day, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, d := range m.days {
		if d.Date == date {
			out = append(out, d)
		}
	}
	return out, nil
}

func (m *memory) Sales(_ context.Context, f sale.Filter) ([]sale.Sale, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.unread != nil && f.Day > 0 && f.Limit > 1 {
		return nil, m.unread
	}
	within := func(at time.Time) bool {
		return !at.Before(f.From) && (f.To.IsZero() || at.Before(f.To))
	}
	var list []sale.Sale
	for i, id := range slices.Backward(m.order) {
		s := m.sales[id].Clone()
		hit := within(s.CreatedAt)
		if f.Moved {
			hit = slices.ContainsFunc(s.Refunds, func(mv sale.Movement) bool { return within(mv.CreatedAt) })
		}
		if f.Day != 0 {
			hit = hit && (s.Day == f.Day || slices.ContainsFunc(s.Refunds, func(mv sale.Movement) bool { return mv.Day == f.Day }))
		}
		hit = hit && (f.State == "" || s.State == f.State) && (f.Method == "" || s.Method == f.Method)
		if f.Before != "" && i >= slices.Index(m.order, f.Before) {
			hit = false
		}
		if hit && (f.Limit == 0 || len(list) < f.Limit) {
			list = append(list, s)
		}
	}
	return list, nil
}

func (m *memory) SameBill(_ context.Context, ref string, amount sale.Amount, since time.Time) ([]sale.Sale, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []sale.Sale
	for _, id := range slices.Backward(m.order) {
		s := m.sales[id]
		recent := !s.CreatedAt.Before(since) || s.WentUnsureAt != nil && !s.WentUnsureAt.Before(since)
		if ref != "" && s.Reference == ref || ref == "" && s.Amount == amount && recent {
			list = append(list, s.Clone())
		}
	}
	return list, nil
}

func (m *memory) Events(_ context.Context, after int64, limit int) ([]sale.StoredEvent, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.events[min(int(after), len(m.events)):min(int(after)+limit, len(m.events))]), nil
}

func (m *memory) LastSeq(context.Context) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return int64(len(m.events)), nil
}

func (m *memory) HasReference(ctx context.Context, ref string) (bool, error) {
	_, err := m.SaleOf(ctx, ref)
	return err == nil, nil
}

func (m *memory) SaleOf(_ context.Context, ref string) (sale.Sale, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, id := range m.order {
		if s := m.sales[id]; slices.ContainsFunc(s.Attempts, func(a sale.Attempt) bool { return a.Ref == ref }) ||
			slices.ContainsFunc(s.Refunds, func(m sale.Movement) bool { return m.ID == ref }) {
			return s.Clone(), nil
		}
	}
	return sale.Sale{}, sale.ErrNotFound
}

func (m *memory) Due(_ context.Context, now time.Time, horizon time.Duration, n int) ([]sale.Report, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var due []sale.Report
	for _, r := range m.reports {
		if r.State == sale.QueueDue && (!r.DueAt.After(now) || r.DueAt.After(now.Add(horizon))) {
			due = append(due, r)
		}
	}
	slices.SortFunc(due, func(a, b sale.Report) int { return cmp.Or(a.DueAt.Compare(b.DueAt), cmp.Compare(a.No, b.No)) })
	return due[:min(n, len(due))], nil
}

func (m *memory) Report(_ context.Context, no string) (sale.Report, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r, ok := m.reports[no]; ok {
		return r, nil
	}
	return sale.Report{}, sale.ErrNotFound
}

func (m *memory) Reports(context.Context, int) ([]sale.Report, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []sale.Report
	for _, r := range m.reports {
		all = append(all, r)
	}
	return all, nil
}

func (m *memory) QueueStats(context.Context) (sale.QueueStats, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.stats(), nil
}

func (m *memory) stats() sale.QueueStats {
	var st sale.QueueStats
	for _, r := range m.reports {
		if r.State == sale.QueueSetAside {
			st.SetAside++
			continue
		}
		st.Queued++
		st.Cents += r.Amount
		if st.Oldest.IsZero() || r.QueuedAt.Before(st.Oldest) {
			st.Oldest = r.QueuedAt
		}
		if st.NextDueAt.IsZero() || r.DueAt.Before(st.NextDueAt) {
			st.NextDueAt = r.DueAt
		}
	}
	return st
}

func (m *memory) fill(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.full = err
}

var errDiskFull = errors.New("no space left on device")
