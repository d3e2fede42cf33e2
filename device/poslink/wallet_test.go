package poslink

import (
	"strings"
	"testing"
	"testing/synctest"

	"posd/device/sale"
	"posd/pax"
)

// heard sends a frame and returns the answer's fields from the command on.
func heard(t *testing.T, s *Server, frame []byte) []string {
	t.Helper()
	body := frame[1 : len(frame)-2]
	answer, _ := s.answerTo(t.Context(), "127.0.0.1", body)
	if answer == nil {
		t.Fatal("no answer")
	}
	return strings.Split(string(answer[3:len(answer)-2]), "\x1c")
}

func TestAWalletIsSoldByTheGiftTenderWhereItIsConfigured(t *testing.T) {
	gift := pax.AppendFrame(nil, "T06", "1.35", typeSale, "350", "", "B-7", "", "")
	synctest.Test(t, func(t *testing.T) {
		c := newCounter()
		s, stop := box(t, c, Defaults())
		defer stop()
		if got := heard(t, s, gift); got[2] != codeNoTender || len(c.sales) != 0 {
			t.Errorf("not configured: %q", got)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		c, cfg := newCounter(), Defaults()
		cfg.Gift = sale.Alipay
		s, stop := box(t, c, cfg)
		defer stop()
		go func() {
			id := <-c.begun
			c.mu.Lock()
			c.sales[0].State, c.sales[0].ApprovedAmount, c.sales[0].PayOrderID = sale.Paid, 350, "P0017"
			close(c.changed)
			c.changed = make(chan struct{})
			c.mu.Unlock()
			_ = id
		}()
		got := heard(t, s, gift)
		if got[0] != "T07" || got[2] != codeOK || got[3] != "OK" || !strings.HasPrefix(got[6], "350\x1f") {
			t.Errorf("%q", got)
		}
		if pairs := strings.Split(got[len(got)-1], "\x1f"); pairs[13] != "APPLAB=ALIPAY" || pairs[2] != "HRef="+string(c.sales[0].ID) {
			t.Errorf("pairs: %q", pairs)
		}
		if v := c.sales[0]; v.Method != sale.Alipay || v.Foreign != "B-7" || v.Reference != "" {
			t.Errorf("%+v", v)
		}
	})
}

func TestABatchCloseClosesTheDayOnlyWhereItIsConfigured(t *testing.T) {
	frame := pax.AppendFrame(nil, "B00", "1.35", "2026")
	synctest.Test(t, func(t *testing.T) {
		c, cfg := newCounter(), Defaults()
		s, stop := box(t, c, cfg)
		if got := heard(t, s, frame); got[2] != codeNoType || !strings.Contains(got[3], "CLOSE THE DAY") || c.closedBy != "" {
			t.Errorf("not configured: %q", got)
		}
		stop()
		cfg.CloseDay = true
		s, stop = box(t, c, cfg)
		defer stop()
		got := heard(t, s, frame)
		if got[0] != "B01" || got[2] != codeOK || got[5] != "2=0=0=0=0=0=0" || got[6] != "850=0=0=0=0=0=0" || c.closedBy != "register" {
			t.Errorf("%q by %q", got, c.closedBy)
		}
		if got := heard(t, s, frame); got[2] != codeRefused {
			t.Errorf("again: %q", got)
		}
	})
}
