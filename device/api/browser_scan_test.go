//go:build tools

package api

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"posd/device"
	"posd/device/sale"
)

// scans is a counter with a scanner: what is sent to read is scanned, left
// tells of a wait that was given up, and keys are those of the requests.
func scans(t *testing.T) (c *counter, read chan sale.Secret, left chan error, keys func() []string) {
	c = newCounter(t)
	c.sells()
	read, left = make(chan sale.Secret), make(chan error, 9)
	var mu sync.Mutex
	var heard []string
	inner := c.onSell
	c.onSell = func(r device.SellRequest) (sale.Sale, bool, error) {
		mu.Lock()
		heard = append(heard, r.Key)
		mu.Unlock()
		if r.Method == sale.Scan && r.AuthCode == "" {
			return needsCode(r)
		}
		return inner(r)
	}
	c.stop()
	c.opts.Scan = func(ctx context.Context) (sale.Secret, error) {
		select {
		case code := <-read:
			if code == "" {
				return "", fmt.Errorf("%w: unplugged", ErrNoScanner)
			}
			return code, nil
		case <-ctx.Done():
			left <- ctx.Err()
			return "", ctx.Err()
		}
	}
	c.start()
	c.size(800, 480)
	c.open("/")
	c.says("How does the customer pay?")
	c.keys("2865")
	return c, read, left, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return append([]string(nil), heard...)
	}
}

const pointScanner = "Point the scanner at the customer’s phone."

func TestScannedCodeTakesThePaymentAndCancelTakesNone(t *testing.T) {
	c, read, left, keys := scans(t)
	c.press("Scan customer's code")
	c.says(pointScanner)
	c.fits()
	c.shot("cashier-14-scanner")
	c.press("Cancel")
	<-left
	c.until(`!document.getElementById("dialog").open && document.getElementById("amount").value.includes("28.65")`)
	c.until(`sessionStorage.getItem("posd.pending") === "[]"`)
	if c.sell.AuthCode != "" {
		t.Error("a cancelled scan was sold")
	}
	given := len(keys())
	c.press("Scan customer's code")
	c.says(pointScanner)
	c.open("/") // a reload goes on waiting, under the same key
	<-left
	c.says(pointScanner)
	read <- "134567890123456789"
	c.says("Asking IOTPay to take it")
	c.until(`!document.getElementById("dialog").open`)
	if c.sell.AuthCode != "134567890123456789" || c.sell.Amount != 2865 {
		t.Errorf("sold %+v", c.sell)
	}
	for _, k := range keys()[given:] {
		if k != keys()[given] || k == keys()[0] {
			t.Errorf("keys %q, the first %d of them cancelled", keys(), given)
		}
	}
}

func TestScanGivesWayToKeyedDigitsUnderTheSameKey(t *testing.T) {
	for name, unplugged := range map[string]bool{"by choice": false, "the scanner is unplugged": true} {
		t.Run(name, func(t *testing.T) {
			c, read, left, keys := scans(t)
			c.press("Scan customer's code")
			c.says(pointScanner)
			if unplugged {
				read <- ""
				c.says("The scanner cannot be read")
			} else {
				c.press("Key the digits")
				<-left
				c.says("Key the digits under the customer’s code.")
			}
			c.fill("f-authCode", "284567890123456789")
			c.press("Take payment")
			c.says("Asking IOTPay to take it")
			if c.sell.AuthCode != "284567890123456789" {
				t.Errorf("sold %+v", c.sell)
			}
			for _, k := range keys() {
				if k != keys()[0] {
					t.Errorf("keys %q", keys())
				}
			}
			if js[bool](c, `sessionStorage.getItem("posd.pending").includes("2845")`) {
				t.Error("the code was remembered")
			}
		})
	}
}

func TestScanIsAskedAgainWhenPosdComesBack(t *testing.T) {
	c, _, _, _ := scans(t)
	c.opts.Scan = nil
	c.press("Scan customer's code")
	c.says(pointScanner)
	c.stop() // posd goes away while the scanner is waited for, and comes back without one
	c.says("Asking again under the same key")
	c.start()
	c.says("That is no payment code.")
	c.until(`!document.getElementById("dialog").open`)
}
