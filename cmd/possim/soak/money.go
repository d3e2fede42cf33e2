package main

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
)

// times is how often the money of a sale was taken, by the far sides' words.
func (s *shop) times(v view) int {
	taken, n := s.taken(), 0
	for _, a := range v.Attempts {
		n += taken[a.Ref]
	}
	return n
}

// taken returns how often money was taken, by reference or number.
func (s *shop) taken() map[string]int {
	taken := maps.Clone(s.terminal.State().Approvals)
	for _, o := range s.gateway.State().Orders {
		if o.Status == 2 || o.Status == 3 {
			taken[o.MchOrderNo]++
		}
	}
	return taken
}

// ordered reports whether the gateway has an order of the sale.
func (s *shop) ordered(v view) bool {
	for _, o := range s.gateway.State().Orders {
		for _, a := range v.Attempts {
			if a.Ref == o.MchOrderNo {
				return true
			}
		}
	}
	return false
}

// judge waits until nothing moves any more and compares all sales with what terminal and
// gateway did.
func (s *shop) judge(ctx context.Context, r *result) (violations []string) {
	ctx, cancel := context.WithTimeout(ctx, endLimit)
	defer cancel()
	var all []view
	if err := until(ctx, "everything to end", func() (err error) {
		if all, err = s.list(ctx); err != nil {
			return err
		}
		for _, v := range all {
			if !s.atRest(v) {
				s.people(ctx, v)
				return fmt.Errorf("sale %s is %s (%s)", v.ID, v.State, v.Reason)
			}
			if v.Reported == "queued" {
				return fmt.Errorf("sale %s is not reported", v.ID)
			}
		}
		return nil
	}); err != nil {
		violations = append(violations, err.Error())
	}
	taken, known := s.taken(), map[string]bool{}
	for _, v := range all {
		times := 0
		for _, a := range v.Attempts {
			known[a.Ref] = true
			times += taken[a.Ref]
		}
		want := 0
		if v.State == "paid" {
			want = 1
			r.Paid++
		}
		if times != want {
			violations = append(violations, fmt.Sprintf("sale %s over %d by %s is %s and its money was taken %d times", v.ID, v.Amount, v.Method, v.State, times))
		}
		if v.Incident != "" {
			violations = append(violations, fmt.Sprintf("sale %s has an incident that nobody caused: %s", v.ID, v.Incident))
		}
	}
	for _, ref := range slices.Sorted(maps.Keys(taken)) {
		if taken[ref] > 0 && !known[ref] {
			violations = append(violations, fmt.Sprintf("money was taken under %s and posd knows nothing of it", ref))
		}
	}
	return violations
}

// list reads every sale, a page at a time.
func (s *shop) list(ctx context.Context) (all []view, err error) {
	const page = 500
	for before := ""; ; {
		var some []view
		if err := s.api.Call(ctx, http.MethodGet, fmt.Sprintf("/v1/sales?limit=%d%s", page, before), "", nil, &some); err != nil {
			return nil, err
		}
		all = append(all, some...)
		if len(some) < page {
			return all, nil
		}
		before = "&before=" + url.QueryEscape(some[len(some)-1].ID)
	}
}
