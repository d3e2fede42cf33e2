package api

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"posd/device"
	"posd/device/sale"
)

func TestWaitReturnsAsSoonAsTheSaleIsFinal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.put(sale.Sale{ID: "S2", Method: sale.WeChat, State: sale.Waiting})
		go func() {
			time.Sleep(time.Second)
			f.tell(device.Message{Event: "sale", Data: sale.Sale{ID: "S3", State: sale.Paid}})
			f.tell(device.Message{Event: "sale", Data: sale.Sale{ID: "S2", State: sale.Unsure}})
			f.tell(device.Message{Event: "sale", Data: sale.Sale{ID: "S2", State: sale.Paid}}) // not durable yet
			time.Sleep(time.Second)
			f.put(sale.Sale{ID: "S2", Method: sale.WeChat, State: sale.Paid})
			f.tell(device.Message{ID: 7, Event: "event", Data: sale.StoredEvent{Seq: 7, Sale: "S2", Kind: "sale.paid"}})
		}()
		start := time.Now()
		w := ask(t, New(f, options(f)), "GET", "/v1/sales/S2?wait=30s", "")
		if took := time.Since(start); took != 2*time.Second || !strings.Contains(w.Body.String(), `"state":"paid"`) {
			t.Errorf("after %s: %s", took, w.Body)
		}
	})
}

func TestWaitEndsWithTheSaleAsItStandsThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.put(sale.Sale{ID: "S2", Method: sale.WeChat, State: sale.Waiting})
		go func() {
			time.Sleep(time.Second)
			f.put(sale.Sale{ID: "S2", Method: sale.WeChat, State: sale.Unsure})
		}()
		start := time.Now()
		w := ask(t, New(f, options(f)), "GET", "/v1/sales/S2?wait=30s", "")
		if took := time.Since(start); took != 30*time.Second || !strings.Contains(w.Body.String(), `"state":"unsure"`) {
			t.Errorf("after %s: %s", took, w.Body)
		}
		if n := f.listeners(); n != 0 {
			t.Errorf("%d subscriptions left", n)
		}
	})
}

func TestWaitSurvivesALostSubscription(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.put(sale.Sale{ID: "S2", Method: sale.WeChat, State: sale.Waiting})
		go func() {
			time.Sleep(time.Second)
			f.cut()
			time.Sleep(time.Second)
			f.put(sale.Sale{ID: "S2", Method: sale.WeChat, State: sale.Cancelled})
			f.cut()
		}()
		start := time.Now()
		w := ask(t, New(f, options(f)), "GET", "/v1/sales/S2?wait=30s", "")
		if took := time.Since(start); took != 2*time.Second || !strings.Contains(w.Body.String(), `"state":"cancelled"`) {
			t.Errorf("after %s: %s", took, w.Body)
		}
	})
}
