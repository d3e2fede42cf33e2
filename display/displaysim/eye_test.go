package displaysim

import (
	"errors"
	"testing"
)

// The decoder does not find these codes on a panel that is held upright.
func TestTheEyeTurnsWhatItCannotRead(t *testing.T) {
	for _, code := range []string{
		"https://qr.95516.com/00010000/iDItXaZTXLcnrTniVdAgR",
		"https://qr.95516.com/00010000/mbdza8CR45p7IRP6WBByPTlqHjMdtpjKhtU",
	} {
		d := NewNextion(Options{})
		for _, b := range []byte("page pay\xff\xff\xffqr0.txt=\"" + code + "\"\xff\xff\xff") {
			d.machine.take(b)
		}
		if _, err := readUpright(d.Image()); !errors.Is(err, ErrNoCode) {
			t.Errorf("%s is read upright (%v): this test shows nothing", code, err)
		}
		if got, err := ReadCode(d.PNG()); got != code {
			t.Errorf("%s was read as %q, %v", code, got, err)
		}
	}
	if got, err := ReadCode(NewNextion(Options{}).PNG()); !errors.Is(err, ErrNoCode) {
		t.Errorf("an empty glass was read as %q, %v", got, err)
	}
}
