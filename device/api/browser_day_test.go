//go:build tools

package api

import (
	"context"
	"fmt"
	"testing"

	"posd/device/books"
	"posd/device/sale"
)

// printsBooks gives the counter a printer that says so.
func (c *counter) printsBooks() {
	c.stop()
	c.opts.PrintBooks = func(_ context.Context, b books.Books) (sale.PrintResult, error) {
		_, err := c.note("paper " + b.Title())
		return sale.PrintResult{State: sale.PrintDone, Words: "paper is low"}, err
	}
	c.start()
}

// closes counts how often the till was asked to close a day.
func (c *counter) closes() (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, what := range c.asked {
		if len(what) > 8 && what[:8] == "close by" {
			n++
		}
	}
	return n
}

func TestDayIsClosedAndItsReportReadAndPrinted(t *testing.T) {
	c := newCounter(t)
	c.printsBooks()
	hold := make(chan struct{})
	c.onClose = func() { <-hold }
	c.size(800, 480)
	c.open("/manager")
	c.says("Z 11")
	c.press("Close the day")
	c.says("nothing is sold meanwhile")
	c.agree()
	c.says("Fill in every field")
	c.fill("f-by", "Ana")
	c.fill("f-terminal", "without")
	c.shot("manager-close")
	c.agree()
	c.says("It may take minutes.")
	c.shot("manager-closing")
	close(hold)
	c.says("Z REPORT 12 (CLOSING)")
	c.asks("close by Ana, without terminal true")
	c.shot("manager-closed")
	c.press("Print")
	c.says("printed")
	c.asks("paper Z REPORT 12 (CLOSING)")
	if n := c.closes(); n != 1 {
		t.Errorf("asked %d times to close the day", n)
	}
}

func TestCloseWithoutAnAnswerIsNotRepeated(t *testing.T) {
	c := newCounter(t)
	c.size(800, 480)
	for name, left := range map[string]bool{"seen through": false, "with its window closed": true} {
		t.Run(name, func(t *testing.T) {
			before, asked := c.closes(), make(chan struct{})
			c.onClose = func() { close(asked); panic("the answer is lost") }
			if left {
				c.onClose = func() { close(asked); c.until(`!document.getElementById("dialog").open`); panic("the answer is lost") }
			}
			c.open("/manager")
			c.press("Close the day")
			c.fill("f-by", "Ana")
			c.agree()
			<-asked
			if left {
				c.press("Hide this window")
			}
			c.says("It is not known whether the day is closed.")
			c.shot("manager-close-unknown-" + fmt.Sprint(left))
			c.open("/manager") // nor after a reload
			c.says("Z 11")
			if n := c.closes() - before; n != 1 {
				t.Errorf("asked %d times to close the day", n)
			}
		})
	}
}

func TestDayThatStaysOpenSaysWhy(t *testing.T) {
	c := newCounter(t)
	c.open("/manager")
	c.says("Z 11")
	c.mu.Lock()
	c.err = &sale.Refusal{Kind: sale.ErrUnavailable, Words: "the terminal is busy: the day stays open; try again, or leave the terminal out if it is broken"}
	c.mu.Unlock()
	c.press("Close the day")
	c.fill("f-by", "Ana")
	c.agree()
	c.says("leave the terminal out if it is broken")
	c.shot("manager-stays-open")
	if n := c.closes(); n != 1 {
		t.Errorf("asked %d times to close the day", n)
	}
}

func TestReportsAreFoundByDayAndNumber(t *testing.T) {
	c := newCounter(t)
	c.size(800, 480)
	c.open("/manager")
	for _, written := range []string{"7", "z7", "Z 07"} {
		c.says("Z 11")
		c.fill("which", written)
		c.press("Open")
		c.says("Z REPORT 7 (CLOSING)")
		c.press("Close")
	}
	c.fill("which", "2026-11-20")
	c.press("Open")
	c.says("Business day 2026-11-20")
	if href := js[string](c, `document.querySelector("dialog a").getAttribute("href")`); href != "/v1/reports/2026-11-20?format=csv" {
		t.Errorf("spreadsheet at %s", href)
	}
	c.press("Print") // there is no printer
	c.says("That device is not here.")
	c.press("Close")
	c.fill("which", "yesterday")
	c.press("Open")
	c.says("Write the day as 2026-11-21")
	c.press("Today’s report")
	c.says("X REPORT (INTERIM)")
	c.shot("manager-report")
	c.press("Close")
	c.press("Z 12")
	c.says("Z REPORT 12 (CLOSING)")
}
