package main

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestALongStartAsksForMoreTime: until the journal is open, and no longer.
func TestALongStartAsksForMoreTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := make(chan string, 100)
		opened := starting(func(state string) { asked <- state })
		time.Sleep(5*time.Minute + time.Second)
		opened()
		time.Sleep(time.Hour)
		if n := len(asked); n != 10 {
			t.Errorf("asked %d times in five minutes", n)
		}
		if said := <-asked; said != startingMore {
			t.Errorf("asked %q", said)
		}
	})
}
