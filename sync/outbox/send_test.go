package outbox

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"posd/device/sale"
)

// slow is a sender whose every request takes a while; it keeps count.
type slow struct {
	took time.Duration
	dead map[string]time.Duration // numbers that take longer

	mu       sync.Mutex
	now, top int
	sent     map[string]int
}

func (s *slow) Report(ctx context.Context, r sale.Report) sale.GatewayAnswer {
	s.mu.Lock()
	s.now++
	s.top = max(s.top, s.now)
	s.sent[r.No]++
	s.mu.Unlock()
	took := s.took
	if d, ok := s.dead[r.No]; ok {
		took = d
	}
	result := sale.GatewayOK
	select {
	case <-time.After(took):
	case <-ctx.Done():
		result = sale.GatewayLost
	}
	s.mu.Lock()
	s.now--
	s.mu.Unlock()
	return sale.GatewayAnswer{No: r.No, Result: result}
}

func reports(n int) []sale.Report {
	rs := make([]sale.Report, n)
	for i := range rs {
		rs[i].No = fmt.Sprintf("R%05d", i)
	}
	return rs
}

// answers collects what Send hands back.
type answers struct {
	mu sync.Mutex
	by map[string][]sale.GatewayResult
}

func (a *answers) take(r sale.Report, ans sale.GatewayAnswer) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.by == nil {
		a.by = map[string][]sale.GatewayResult{}
	}
	a.by[r.No] = append(a.by[r.No], ans.Result)
}

func TestEachReportIsSentOnceAndAnsweredOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slow{took: 20 * time.Millisecond, sent: map[string]int{}}
		var got answers
		start := time.Now()
		New(s, 16).Send(t.Context(), reports(160), got.take)

		if took := time.Since(start); took != 200*time.Millisecond {
			t.Errorf("160 reports of 20 ms at 16 workers took %s, want 200ms", took)
		}
		if s.top != 16 {
			t.Errorf("%d requests at once, want 16", s.top)
		}
		for _, r := range reports(160) {
			if s.sent[r.No] != 1 || len(got.by[r.No]) != 1 || got.by[r.No][0] != sale.GatewayOK {
				t.Fatalf("%s: sent %d times, answers %v", r.No, s.sent[r.No], got.by[r.No])
			}
		}
	})
}

func TestDeadOrderHoldsOneWorkerForOneRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slow{took: 20 * time.Millisecond, sent: map[string]int{}, dead: map[string]time.Duration{"R00000": 20 * time.Second}}
		var mu sync.Mutex
		live := 0
		start := time.Now()
		New(s, 2).Send(t.Context(), reports(11), func(r sale.Report, _ sale.GatewayAnswer) {
			if r.No == "R00000" {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			live++ // only the other worker gets here, one after another
			if want := time.Duration(live) * 20 * time.Millisecond; time.Since(start) != want {
				t.Errorf("%s was answered after %s, want %s", r.No, time.Since(start), want)
			}
		})
		if live != 10 || s.sent["R00000"] != 1 {
			t.Errorf("%d others answered, the dead one sent %d times; want 10 and 1", live, s.sent["R00000"])
		}
	})
}

func TestStoppingAnswersWhatWasNotTakenAsNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slow{took: time.Minute, sent: map[string]int{}}
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		var got answers
		New(s, 3).Send(ctx, reports(10), got.take)

		lost, notSent := 0, 0
		for no, results := range got.by {
			if len(results) != 1 {
				t.Errorf("%s answered %d times", no, len(results))
			}
			switch results[0] {
			case sale.GatewayLost:
				lost++
			case sale.GatewayNotSent:
				notSent++
			}
		}
		if lost != 3 || notSent != 7 || len(s.sent) != 3 {
			t.Errorf("lost %d, not sent %d, sent %d; want 3, 7, 3", lost, notSent, len(s.sent))
		}
	})
}

func TestBoundHoldsOverSeveralSends(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slow{took: 20 * time.Millisecond, sent: map[string]int{}}
		o := New(s, 4)
		all := reports(64)
		var got answers
		var both sync.WaitGroup
		both.Go(func() { o.Send(t.Context(), all[:32], got.take) })
		both.Go(func() { o.Send(t.Context(), all[32:], got.take) })
		both.Wait()
		if s.top != 4 || len(got.by) != 64 {
			t.Errorf("%d at once, %d answered; want 4 and 64", s.top, len(got.by))
		}
	})
}

// TestBatchSentMeanwhileGoesBehind: the first batch's answers are all there while the
// workers are busy with the second.
func TestBatchSentMeanwhileGoesBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := New(&slow{took: 20 * time.Millisecond, sent: map[string]int{}}, 4)
		all := reports(64)
		var got answers
		start := time.Now()
		first := make(chan time.Duration, 1)
		go func() {
			o.Send(t.Context(), all[:32], got.take)
			first <- time.Since(start)
		}()
		synctest.Wait()
		o.Send(t.Context(), all[32:], got.take)
		if a, b := <-first, time.Since(start); a != 160*time.Millisecond || b != 320*time.Millisecond {
			t.Errorf("the batches were answered after %s and %s, want 160ms and 320ms", a, b)
		}
	})
}

func TestReportUnderWayIsNotSentASecondTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slow{took: time.Second, sent: map[string]int{}}
		o := New(s, 4)
		one := reports(1)
		var got answers
		var both sync.WaitGroup
		both.Go(func() { o.Send(t.Context(), one, got.take) })
		synctest.Wait()
		o.Send(t.Context(), one, got.take)
		both.Wait()
		if s.sent[one[0].No] != 1 {
			t.Errorf("sent %d times", s.sent[one[0].No])
		}
		if r := got.by[one[0].No]; len(r) != 2 || r[0] != sale.GatewayNotSent || r[1] != sale.GatewayOK {
			t.Errorf("answers %v, want not-sent for the second, ok for the first", r)
		}

		o.Send(t.Context(), one, got.take) // a later try is a try of its own
		if s.sent[one[0].No] != 2 {
			t.Errorf("a later Send sent nothing")
		}
	})
}

func TestNumberThatStandsTwiceIsSentOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slow{took: time.Second, sent: map[string]int{}}
		two := append(reports(2), reports(2)...)
		var got answers
		New(s, 1).Send(t.Context(), two, got.take) // one worker: the first is done when the second's turn comes
		for _, r := range reports(2) {
			if s.sent[r.No] != 1 || len(got.by[r.No]) != 2 {
				t.Errorf("%s: sent %d times, answers %v", r.No, s.sent[r.No], got.by[r.No])
			}
		}
	})
}
