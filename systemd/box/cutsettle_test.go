//go:build box

package box

import (
	"context"
	"errors"
	"fmt"
	"posd/cmd/possim/caller"
	"slices"
	"strings"
	"testing"
)

// faults returns what is not as it should be, once nothing moves any more.
func (c *cutting) faults(t *testing.T, m *machine) (words []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), commandLimit)
	defer cancel()
	ended := eventually(ctx, commandLimit, func() error { return c.finish(ctx) })
	if ended != nil {
		words = append(words, fmt.Sprintf("not ended: %v", ended))
	}
	all, err := c.sales(ctx)
	if err != nil {
		return append(words, err.Error())
	}
	byID := map[string]saleView{}
	for _, s := range all {
		byID[s.ID] = s
	}
	for key, was := range c.acked {
		is, there := byID[was.ID]
		switch {
		case !there:
			words = append(words, fmt.Sprintf("sale %s was acknowledged under %s and is lost", was.ID, key))
		case was.final() && is.State != was.State:
			words = append(words, fmt.Sprintf("sale %s was %s and is %s", was.ID, was.State, is.State))
		}
	}
	words = append(words, c.undone(ctx, m)...)
	return append(words, c.disagreements(ctx, c.before)...)
}

// undone returns what of the other work had ended well before the cut and is not there.
// Whatever it was, a copy is made, which verifies every link of the chain that no copy has
// verified before, and the rows that it wrote.
func (c *cutting) undone(ctx context.Context, m *machine) (words []string) {
	if out, code := m.try("posd backup /run/verified.db; code=$?; rm -f /run/verified.db; exit $code"); code != 0 {
		words = append(words, "the journal does not verify: "+out)
	}
	switch {
	case c.did == "":
	case strings.Contains(c.work.act, "backup"):
		if out, _ := m.try("sqlite3 -readonly " + c.did + " 'pragma integrity_check; select count(*) > 0 from sales'"); out != "ok\n1\n" {
			words = append(words, fmt.Sprintf("the copy %s was done before the cut, and now: %s", c.did, out))
		}
	case c.work.closes:
		if err := c.api.Call(ctx, "GET", "/v1/reports/z"+c.did, "", nil, nil); err != nil {
			words = append(words, fmt.Sprintf("day %s was closed before the cut, and now: %v", c.did, err))
		}
	case strings.Contains(c.work.act, "dpkg"):
		if out, code := m.try("dpkg --configure -a && posd version"); code != 0 || !strings.Contains(out, "1.0.") {
			words = append(words, fmt.Sprintf("after a cut of an upgrade: exit %d, %s", code, out))
		}
	}
	return words
}

// finish does what people do after a start, and returns what still moves: where posd
// cannot tell, somebody looks at the terminal and says it. A wallet sale whose order the
// gateway never heard of is watched for days, for posd, which lost its power meanwhile,
// cannot know that no code was shown: nothing of it moves.
func (c *cutting) finish(ctx context.Context) error {
	all, err := c.sales(ctx)
	if err != nil {
		return err
	}
	taken := c.taken()
	for _, s := range all {
		if s.State == "unsure" && s.Attention != "" {
			as := "cancelled"
			for _, a := range s.Attempts {
				if taken[a.Ref] > 0 {
					as = "paid"
				}
			}
			err := c.api.Call(ctx, "POST", "/v1/sales/"+s.ID+"/resolve", "", map[string]string{"as": as, "reason": "looked at the terminal", "by": "Ana"}, nil)
			var no *caller.Problem
			if err != nil && !errors.As(err, &no) {
				return err
			}
		}
		if s.State == "unsure" && s.Method != "card" {
			if !c.ordered(s) {
				continue
			}
			c.closeUnpaid(s) // its code is not on the glass any more
		}
		if !s.final() {
			return fmt.Errorf("sale %s is %s (%s)", s.ID, s.State, s.Reason)
		}
	}
	return nil
}

// ordered reports whether the gateway has an order of the sale.
func (c *cutting) ordered(s saleView) bool {
	for _, o := range c.gateway.State().Orders {
		if slices.ContainsFunc(s.Attempts, func(a attempt) bool { return a.Ref == o.MchOrderNo }) {
			return true
		}
	}
	return false
}

// closeUnpaid is the gateway's own end of an order that nobody has paid.
func (c *cutting) closeUnpaid(s saleView) {
	for _, a := range s.Attempts {
		for _, o := range c.gateway.State().Orders {
			if o.MchOrderNo == a.Ref && o.Status < 2 {
				c.gateway.CloseOrder(a.Ref, 4)
			}
		}
	}
}
