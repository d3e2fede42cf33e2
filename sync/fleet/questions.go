package fleet

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

// Questions are what a chain's centre may ask a counter that is told to answer.
// None moves money or changes a setting.
var Questions = []string{"check", "devices", "queue", "log", "support"}

// Answerer answers one of the Questions; an error is told in words.
type Answerer func(ctx context.Context, question string) ([]byte, error)

const (
	// questionLimit is how long an answer may take, questionPause the pause behind it.
	questionLimit, questionPause = time.Minute, 2 * time.Second
	// answerMost is how large an answer may be: servers take messages of 1 MB.
	answerMost = 900 << 10
	// headError is the header in which a refusal is told.
	headError = "Posd-Error"
)

// ErrBusy is answered while another question is answered, and for a moment after it.
var ErrBusy = errors.New("the counter answers another question, or has just answered one: ask again in a moment")

// desk answers one question at a time.
type desk struct {
	answer Answerer
	log    *slog.Logger
	mu     sync.Mutex
	free   time.Time
	busy   bool
}

// take reports whether a question may be answered now.
func (d *desk) take() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.busy || time.Now().Before(d.free) {
		return false
	}
	d.busy = true
	return true
}

func (d *desk) release() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.busy, d.free = false, time.Now().Add(questionPause)
}

// hear answers a question, or says why not.
func (d *desk) hear(question string) ([]byte, error) {
	if !slices.Contains(Questions, question) {
		return nil, fmt.Errorf("%.40q is no question that a counter answers: %v", question, Questions)
	}
	if !d.take() {
		return nil, ErrBusy
	}
	defer d.release()
	d.log.Info("the chain's centre asks", "question", question)
	ctx, cancel := context.WithTimeout(context.Background(), questionLimit)
	defer cancel()
	text, err := d.answer(ctx, question)
	if err == nil && len(text) > answerMost {
		err = fmt.Errorf("the answer has %d bytes, and at most %d can be sent: ask at the counter itself", len(text), answerMost)
	}
	return text, err
}

// listen answers what is asked of this counter, until the link is closed.
func (s *natsStream) listen(d *desk) error {
	prefix := s.askSubject("")
	_, err := s.nc.Subscribe(prefix+"*", func(m *nats.Msg) {
		go func() { // an answer takes seconds, and the subscription serves one message at a time
			answer := nats.NewMsg(m.Reply)
			text, err := d.hear(strings.TrimPrefix(m.Subject, prefix))
			if err != nil {
				answer.Header.Set(headError, strings.ReplaceAll(err.Error(), "\n", "; ")) // a header is one line
			} else {
				answer.Data = text
			}
			if err := m.RespondMsg(answer); err != nil {
				d.log.Warn("a question of the chain's centre could not be answered", "err", err)
			}
		}()
	})
	if err != nil {
		return fmt.Errorf("listen for questions: %w", err)
	}
	return nil
}

// Ask asks a counter one of the Questions.
func Ask(ctx context.Context, nc *Link, n Name, question string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, questionLimit+10*time.Second)
	defer cancel()
	m, err := nc.RequestWithContext(ctx, n.askSubject(question), nil)
	switch {
	case errors.Is(err, nats.ErrNoResponders):
		return nil, errors.New("the counter does not answer: it is away, or answers = true does not stand in its [fleet]")
	case err != nil:
		return nil, fmt.Errorf("ask the counter: %w", err)
	}
	if words := m.Header.Get(headError); words != "" {
		return nil, errors.New(words)
	}
	return m.Data, nil
}
