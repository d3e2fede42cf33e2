package sale

import "time"

// UntilRound returns how long it is until the clock next shows a multiple of every. What is
// looked at now and then is looked at at such moments, so that an idle box is woken once for
// all of it.
func UntilRound(now time.Time, every time.Duration) time.Duration {
	return every - time.Duration(now.UnixNano()%int64(every))
}
