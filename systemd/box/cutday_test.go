//go:build box

package box

import (
	"context"
	"errors"
	"fmt"
	"posd/cmd/possim/caller"
	"strconv"
	"sync"
)

// closings are the closes of the day between two customers.
type closings struct {
	mu   sync.Mutex
	last progress
}

func (c *closings) now() progress {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last
}

func (c *closings) set(p progress) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = p
}

// zReport is what the tests read of a closing report.
type zReport struct {
	Closing struct {
		No int `json:"no"`
	} `json:"closing"`
	Total struct {
		Paid struct {
			Count int   `json:"count"`
			Cents int64 `json:"cents"`
		} `json:"paid"`
	} `json:"total"`
}

// closeDay closes the day and returns its report.
func (c *counter) closeDay(ctx context.Context) (z zReport, err error) {
	return z, c.api.Call(ctx, "POST", "/v1/day/close", "", map[string]string{"by": "Ana"}, &z)
}

// closeAndCount closes the day once and counts what came of it. A close that the power
// ended stays under way.
func (c *cutting) closeAndCount(ctx context.Context, days *closings) {
	p := days.now()
	p.within, p.words = true, "begins"
	days.set(p)
	z, err := c.closeDay(ctx)
	var no *caller.Problem
	switch {
	case err == nil:
		p.ended++
		p.did = strconv.Itoa(z.Closing.No)
	case c.disk.isOff() && !errors.As(err, &no):
		return
	default:
		p.failed = err.Error()
	}
	p.within, p.tried, p.words = false, p.tried+1, "ended"
	days.set(p)
}

// apart closes the last day and returns how all closing reports together differ from the
// sales: each paid sale is in one of them, and in one only, whatever close was cut.
func (c *cutting) apart(ctx context.Context) (words []string) {
	last, err := c.closeDay(ctx)
	if err != nil {
		return []string{fmt.Sprintf("the last day cannot be closed: %v", err)}
	}
	all, err := c.sales(ctx)
	if err != nil {
		return []string{err.Error()}
	}
	var paid, reported int
	var sold, summed int64
	for _, s := range all {
		if s.State == "paid" {
			paid++
			sold += s.Amount
		}
	}
	for no := 1; no <= last.Closing.No; no++ {
		var z zReport
		if err := c.api.Call(ctx, "GET", fmt.Sprintf("/v1/reports/z%d", no), "", nil, &z); err != nil {
			return []string{fmt.Sprintf("day %d of %d: %v", no, last.Closing.No, err)}
		}
		reported += z.Total.Paid.Count
		summed += z.Total.Paid.Cents
	}
	if paid != reported || sold != summed {
		words = append(words, fmt.Sprintf("%d sales over %d are paid, and the reports of %d days have %d over %d", paid, sold, last.Closing.No, reported, summed))
	}
	c.sum.days = last.Closing.No
	return words
}
