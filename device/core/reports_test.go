package core

import (
	"strings"
	"testing"
	"time"

	"posd/device/sale"
)

// TestRetryAnswersTruly: a report that cannot be sent, or that is in the queue
// already, is not said to be back in it.
func TestRetryAnswersTruly(t *testing.T) {
	c, err := New(DefaultPolicy(), Equipment{Terminal: true, Gateway: true}, testMakers)
	if err != nil {
		t.Fatal(err)
	}
	retry := func(r sale.Report) Reply {
		out := c.Step(Input{Wall: time.Unix(1_800_000_000, 0), Mono: time.Second, Event: RetryAsked{Token: 1, Reports: []sale.Report{r}}})
		for _, e := range append(out.Now, out.After...) {
			switch e := e.(type) {
			case Reply:
				return e
			case Refuse:
				return Reply{Token: e.Token, Err: e.Err}
			}
		}
		t.Fatal("no answer")
		return Reply{}
	}
	for words, r := range map[string]sale.Report{
		"the longest value is emvLabel": {No: "R1", Sale: "S1", State: sale.QueueSetAside, Words: "the longest value is emvLabel"},
		"in the queue already":          {No: "R2", Sale: "S2", State: sale.QueueDue, Params: "x"},
	} {
		if reply := retry(r); reply.Err == nil || !strings.Contains(reply.Err.Error(), words) || reply.Count != 0 {
			t.Errorf("of report %s: %d back in the queue, %v", r.No, reply.Count, reply.Err)
		}
	}
	if reply := retry(sale.Report{No: "R3", Sale: "S3", State: sale.QueueSetAside, Params: "x"}); reply.Err != nil || reply.Count != 1 {
		t.Errorf("of one that can be sent: %d back in the queue, %v", reply.Count, reply.Err)
	}
}
