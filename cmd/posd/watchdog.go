package main

import (
	"context"
	"log/slog"
	"time"

	systemd "github.com/coreos/go-systemd/v22/daemon"

	"posd/device"
)

// notify tells systemd when the till takes requests, then feeds the watchdog,
// but only while the till itself answers. Without systemd it does nothing.
func notify(ctx context.Context, till *device.Till, log *slog.Logger) error {
	select {
	case <-till.Ready():
	case <-ctx.Done():
		return ctx.Err()
	}
	log.Info("ready")
	tell(log, systemd.SdNotifyReady)
	defer tell(log, systemd.SdNotifyStopping)

	every, err := systemd.SdWatchdogEnabled(false)
	if err != nil {
		log.Warn("watchdog not understood", "err", err)
	}
	if every == 0 {
		<-ctx.Done()
		return ctx.Err()
	}
	// Three times within the limit, so that one answer may be slow, and the next one is
	// not a matter of who is first.
	tick := time.NewTicker(every / 3)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		asked, cancel := context.WithTimeout(ctx, every/4)
		err := till.Alive(asked)
		cancel()
		if err != nil {
			// systemd will end us if this goes on, and the next run takes everything up.
			log.Error("till does not answer", "err", err)
			continue
		}
		tell(log, systemd.SdNotifyWatchdog)
	}
}

// Pauses of starting: systemd is asked well before its patience (two minutes in the
// unit) is over, and each time for as long as the next question may take.
const (
	startingEvery = 30 * time.Second
	startingMore  = "EXTEND_TIMEOUT_USEC=90000000"
)

// starting asks for more time until it is stopped. A journal of years takes minutes to be
// brought to a newer schema; ended in the midst it would begin anew at each start.
func starting(say func(state string)) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		tick := time.NewTicker(startingEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				say(startingMore)
			}
		}
	}()
	return cancel
}

func tell(log *slog.Logger, state string) {
	if _, err := systemd.SdNotify(false, state); err != nil {
		log.Warn("systemd not reached", "err", err)
	}
}
