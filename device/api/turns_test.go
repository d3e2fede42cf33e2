package api

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"posd/device/sale"
)

// slowLists is a till whose lists take a second; it counts how many are read at once.
type slowLists struct {
	*fake
	mu        sync.Mutex
	now, most int
}

func (s *slowLists) Sales(ctx context.Context, f sale.Filter) ([]sale.Sale, error) {
	s.mu.Lock()
	s.now++
	s.most = max(s.most, s.now)
	s.mu.Unlock()
	time.Sleep(time.Second)
	s.mu.Lock()
	s.now--
	s.mu.Unlock()
	return s.fake.Sales(ctx, f)
}

func TestFewListsAtATimeAndASaleBesideThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slowLists{fake: newFake()}
		h := New(s, options(s.fake))
		codes := make(chan int, 200)
		for range 200 {
			go func() {
				r := httptest.NewRequest("GET", "/v1/sales?limit=1000", nil)
				r.Host = "localhost"
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				codes <- w.Code
			}()
		}
		synctest.Wait()
		begun := time.Now()
		if w := ask(t, h, "GET", "/v1/sales/S1", ""); w.Code != http.StatusOK || time.Since(begun) != 0 {
			t.Errorf("a sale beside them: %d after %s", w.Code, time.Since(begun))
		}
		got := map[int]int{}
		for range 200 {
			got[<-codes]++
		}
		// Two a second for fifteen seconds, then the line is too old.
		if s.most != maxLists || got[200] < 28 || got[200]+got[503] != 200 {
			t.Errorf("%d at once, answers %v", s.most, got)
		}
	})
}

// TestAWaitWithoutAPlaceIsAnswered: with what is known of the sale, not with a refusal.
func TestAWaitWithoutAPlaceIsAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.put(sale.Sale{ID: "S2", Method: sale.WeChat, State: sale.Waiting})
		h := New(f, options(f))
		var all sync.WaitGroup
		for range maxLong {
			all.Go(func() {
				r := httptest.NewRequest("GET", "/v1/sales/S2?wait=30s", nil)
				r.Host = "localhost"
				h.ServeHTTP(httptest.NewRecorder(), r)
			})
		}
		synctest.Wait()
		begun := time.Now()
		w := ask(t, h, "GET", "/v1/sales/S2?wait=30s", "")
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"state":"waiting"`) || time.Since(begun) != glanceAfter {
			t.Errorf("%d after %s: %s", w.Code, time.Since(begun), w.Body)
		}
		all.Wait()
	})
}

// TestMemoryIsGivenBackOnceForManyLists, and again after later ones.
func TestMemoryIsGivenBackOnceForManyLists(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var freed atomic.Int32
		s := settling{free: func() { freed.Add(1) }}
		for range 3 {
			s.soon()
			time.Sleep(settlesAfter - time.Second)
		}
		if freed.Load() != 0 {
			t.Error("given back while lists are asked for")
		}
		time.Sleep(settlesAfter)
		synctest.Wait()
		if freed.Load() != 1 {
			t.Errorf("given back %d times for three lists", freed.Load())
		}
		s.soon()
		time.Sleep(2 * settlesAfter)
		synctest.Wait()
		if freed.Load() != 2 {
			t.Errorf("given back %d times after a later list", freed.Load())
		}
	})
}
