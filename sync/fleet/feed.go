package fleet

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Feed reads the books of a chain, in the order of the stream, through a durable
// consumer: what was not said to be done comes again.
type Feed struct {
	js     jetstream.JetStream
	stream string
	chain  string
	name   string
	reader jetstream.Consumer

	doneWait time.Duration
}

// pending is how many messages may be under way: those that are booked, and those read ahead.
const pending = 6000

// OpenFeed opens the durable consumer of that name, making it if there is none.
// What a hub was handed and did not say to be done comes again after doneWait.
func OpenFeed(ctx context.Context, nc *Link, stream, chain, name string, doneWait time.Duration) (*Feed, error) {
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, err
	}
	f := &Feed{js: js, stream: stream, chain: chain, name: name, doneWait: doneWait}
	return f, f.open(ctx)
}

func (f *Feed) open(ctx context.Context) (err error) {
	f.reader, err = f.js.CreateOrUpdateConsumer(ctx, f.stream, jetstream.ConsumerConfig{
		Durable: f.name, AckPolicy: jetstream.AckExplicitPolicy, AckWait: f.doneWait, MaxAckPending: pending,
		DeliverPolicy: jetstream.DeliverAllPolicy, FilterSubject: "books." + f.chain + ".>", MaxDeliver: -1,
	})
	if err != nil {
		return fmt.Errorf("open the consumer %s of stream %s: %w", f.name, f.stream, err)
	}
	return nil
}

// Again begins anew from the first message.
func (f *Feed) Again(ctx context.Context) error {
	if err := f.js.DeleteConsumer(ctx, f.stream, f.name); err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
		return fmt.Errorf("remove the consumer %s: %w", f.name, err)
	}
	return f.open(ctx)
}

// StreamState is what the stream says of itself.
type StreamState struct {
	Last    uint64 // number of its last message
	Bytes   uint64
	Created time.Time
	Done    uint64 // up to this message all were said to be done
}

// State asks the stream how it is.
func (f *Feed) State(ctx context.Context) (StreamState, error) {
	s, err := f.js.Stream(ctx, f.stream)
	if err != nil {
		return StreamState{}, fmt.Errorf("look at the stream %s: %w", f.stream, err)
	}
	info := s.CachedInfo()
	reader, err := f.reader.Info(ctx)
	if err != nil {
		return StreamState{}, fmt.Errorf("look at the consumer %s: %w", f.name, err)
	}
	return StreamState{info.State.LastSeq, info.State.Bytes, info.Created, reader.AckFloor.Stream}, nil
}

// Delivery is what was read at once.
type Delivery struct {
	Messages []Message
	Strange  []string // what is no message of the books, in words
	raw      []jetstream.Msg
}

// Next reads at most most messages of so many bytes, waiting for them up to wait.
func (f *Feed) Next(ctx context.Context, most, bytes int, wait time.Duration) (d Delivery, err error) {
	batch, err := f.reader.Fetch(most, jetstream.FetchMaxBytes(bytes), jetstream.FetchMaxWait(wait))
	if err != nil {
		return d, fmt.Errorf("read the stream: %w", err)
	}
	for raw := range batch.Messages() {
		d.raw = append(d.raw, raw)
		meta, err := raw.Metadata()
		if err != nil {
			return d, fmt.Errorf("read the stream: %w", err)
		}
		m, err := head(raw.Subject(), raw.Headers().Get)
		if err != nil {
			d.Strange = append(d.Strange, fmt.Sprintf("message %d: %v", meta.Sequence.Stream, err))
			continue
		}
		m.Seq, m.Body = meta.Sequence.Stream, raw.Data()
		d.Messages = append(d.Messages, m)
	}
	if err := batch.Error(); err != nil && len(d.raw) == 0 && !errors.Is(err, nats.ErrTimeout) {
		return d, fmt.Errorf("read the stream: %w", err)
	}
	return d, ctx.Err()
}

// Empty reports whether nothing was read.
func (d Delivery) Empty() bool { return len(d.raw) == 0 }

// Done says that all of it is kept. An error may mean that the stream knows, too.
func (d Delivery) Done(ctx context.Context) error {
	for i, m := range d.raw {
		var err error
		if i == len(d.raw)-1 { // acknowledgements arrive in order: when this one has, all have
			err = m.DoubleAck(ctx)
		} else {
			err = m.Ack()
		}
		if err != nil {
			return fmt.Errorf("acknowledge to the stream: %w", err)
		}
	}
	return nil
}

// Undone gives all of it back, to be read again at once.
func (d Delivery) Undone() {
	for _, m := range d.raw {
		m.Nak() // else it comes again by itself, later
	}
}

// HearStatus calls each for every word that counters say of themselves.
func HearStatus(nc *Link, chain string, each func(Name, []byte)) (stop func(), err error) {
	sub, err := nc.Subscribe("status."+chain+".*.*", func(m *nats.Msg) {
		if n, ok := statusOf(m.Subject); ok {
			each(n, m.Data)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("listen to the counters: %w", err)
	}
	return func() { sub.Unsubscribe() }, nil
}
