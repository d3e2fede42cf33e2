package pax

import (
	"strings"
	"testing"
)

func TestDefaultsAreValid(t *testing.T) {
	if faults := Defaults().Validate(); len(faults) != 0 {
		t.Error(faults)
	}
}

func TestEveryFaultIsNamed(t *testing.T) {
	c := Defaults()
	c.Version, c.Tender, c.AckWait, c.AnswerWait = "", "cash", 0, -1
	c.SerialNumber = "a b"
	c.AckAgain, c.CancelPort, c.Invoice, c.Extra.TimeZone = -1, 70000, "sale", "Nowhere/Town"
	c.Extra.Language, c.Extra.ThanksText = "X", strings.Repeat("x", 61)
	c.Extra.CardTypes = map[string]string{"1": "V"}
	c.Extra.Codes = map[string]string{"refund": "01"}
	var all []string
	for _, err := range c.Validate() {
		all = append(all, err.Error())
	}
	for _, key := range []string{"version", "tender", "ack_wait", "answer_wait", "serial_number", "extra.language", "extra.thanks_text", "extra.card_types", "extra.codes", "ack_again", "cancel_port", "invoice", "extra.time_zone"} {
		found := false
		for _, f := range all {
			found = found || strings.HasPrefix(f, key)
		}
		if !found {
			t.Errorf("no fault names %s: %q", key, all)
		}
	}
	if len(all) != 13 {
		t.Errorf("%d faults: %q", len(all), all)
	}
}
