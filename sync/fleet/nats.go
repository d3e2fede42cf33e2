package fleet

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

const (
	// answerWait is how long the stream may take to acknowledge.
	answerWait = 10 * time.Second
	// redialEvery is the pause between two tries of a server.
	redialEvery = 2 * time.Second
)

// Link is a connection to NATS servers.
type Link = nats.Conn

// Dial connects to NATS servers. It returns at once: a link that is not there is
// tried again for ever.
func Dial(servers []string, credential, caFile, name string, log *slog.Logger) (*Link, error) {
	o := nats.GetDefaultOptions()
	o.Servers, o.Name = servers, name
	o.InboxPrefix = "_INBOX." + strings.ReplaceAll(name, "/", ".") // a right of its own: nobody reads others' answers
	o.AllowReconnect, o.MaxReconnect, o.ReconnectWait, o.RetryOnFailedConnect = true, -1, redialEvery, true
	o.ReconnectBufSize = -1 // what was not sent is looked up, not sent later
	o.Timeout, o.PingInterval, o.MaxPingsOut = 5*time.Second, 20*time.Second, 2
	o.ReconnectedCB = func(*nats.Conn) { log.Info("link to the chain is back") }
	o.DisconnectedErrCB = func(_ *nats.Conn, err error) {
		if err != nil {
			log.Info("link to the chain is lost", "err", err)
		}
	}
	o.AsyncErrorCB = func(_ *nats.Conn, _ *nats.Subscription, err error) { log.Warn("the chain's server says", "err", err) }
	if caFile != "" {
		if err := nats.RootCAs(caFile)(&o); err != nil {
			return nil, fmt.Errorf("read ca_file: %w", err)
		}
	}
	if credential != "" {
		show, err := credentialOption(credential)
		if err == nil {
			err = show(&o)
		}
		if err != nil {
			return nil, fmt.Errorf("read the credential: %w", err)
		}
	}
	return o.Connect()
}

// credentialOption reads a credentials file (JWT and seed) or one that is a seed alone.
func credentialOption(path string) (nats.Option, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if bytes.Contains(text, []byte("-----BEGIN NATS USER JWT-----")) {
		return nats.UserCredentials(path), nil
	}
	return nats.NkeyOptionFromSeed(path)
}

// natsStream is a counter's view of the stream. It needs the right to publish on
// books.<chain>.<shop>.<till>.* and status.<chain>.<shop>.<till>, to ask
// $JS.API.DIRECT.GET.<stream>.books.<chain>.<shop>.<till>.*, and to hear _INBOX.<shop>.<till>.>.
type natsStream struct {
	Config
	nc      *nats.Conn
	singles bool // the stream takes no batches
}

func dialNATS(c Config, log *slog.Logger) (stream, error) {
	credential, err := c.credential()
	if err != nil {
		return nil, err
	}
	nc, err := Dial(c.Servers, credential, c.CAFile, c.Name.String(), log)
	if err != nil {
		return nil, fmt.Errorf("connect to %v: %w", c.Servers, err)
	}
	return &natsStream{Config: c, nc: nc}, nil
}

func (s *natsStream) up() (bool, string) {
	if s.nc.IsConnected() {
		return true, ""
	}
	if err := s.nc.LastError(); err != nil {
		return false, fmt.Sprintf("no link to the chain's servers (%v)", err)
	}
	return false, "no link to the chain's servers"
}

func (s *natsStream) close() { s.nc.Close() }

func (s *natsStream) tell(status []byte) error { return s.nc.Publish(s.statusSubject(), status) }

// tail asks for the last message by its subject in the request's own subject, so
// that the right to ask can be given for the counter's own subjects alone.
func (s *natsStream) tail(ctx context.Context) (m Message, err error) {
	ctx, cancel := context.WithTimeout(ctx, answerWait)
	defer cancel()
	answer, err := s.nc.RequestWithContext(ctx, "$JS.API.DIRECT.GET."+s.Stream+"."+s.subjects(), nil)
	if err != nil {
		return m, s.explain(err)
	}
	switch status := answer.Header.Get("Status"); status {
	case "":
	case "404":
		return Message{}, nil
	default:
		return m, fmt.Errorf("the stream answers %s %s", status, answer.Header.Get("Description"))
	}
	if m, err = head(answer.Header.Get("Nats-Subject"), answer.Header.Get); err != nil {
		return m, &Fenced{err.Error() + ": it was not written by posd; look who else publishes there"}
	}
	m.Seq, err = strconv.ParseUint(answer.Header.Get("Nats-Sequence"), 10, 64)
	return m, err
}

// explain puts the usual reasons into words.
func (s *natsStream) explain(err error) error {
	switch up, words := s.up(); {
	case !up:
		return errors.New(words)
	case errors.Is(err, nats.ErrNoResponders):
		return fmt.Errorf("there is no stream %s at the servers, or its leader is away: `poshub init` makes it", s.Stream)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, nats.ErrTimeout):
		return fmt.Errorf("no answer of the stream within %s: is it there, and does this counter's credential allow its own subjects?", answerWait)
	}
	return err
}

// ack is what a stream answers to a message.
type ack struct {
	Stream string    `json:"stream"`
	Seq    uint64    `json:"seq"`
	Error  *apiError `json:"error"`
}

type apiError struct {
	Code        int    `json:"err_code"`
	Description string `json:"description"`
}

// Answers of a stream by which something is decided.
const (
	batchDisabled = 10174
)

func (s *natsStream) publish(ctx context.Context, all []Message, last uint64) (uint64, error) {
	if len(all) > 1 && !s.singles {
		seq, err := s.publishBatch(ctx, all, last)
		var refused *refusal
		if !errors.As(err, &refused) || refused.Code != batchDisabled {
			return seq, err
		}
		s.singles = true
	}
	for _, m := range all {
		msg := s.message(m)
		s.expect(msg, last)
		seq, err := s.request(ctx, msg)
		if err != nil {
			return 0, err
		}
		last = seq
	}
	return last, nil
}

// publishBatch stores all messages or none of them.
func (s *natsStream) publishBatch(ctx context.Context, all []Message, last uint64) (uint64, error) {
	id := rand.Text()
	for i, m := range all {
		msg := s.message(m)
		msg.Header.Set("Nats-Batch-Id", id)
		msg.Header.Set("Nats-Batch-Sequence", strconv.Itoa(i+1))
		if i == 0 {
			s.expect(msg, last)
		}
		if i == len(all)-1 {
			msg.Header.Set("Nats-Batch-Commit", "1")
			return s.request(ctx, msg)
		}
		if i == 0 { // the answer says that the batch may begin
			if _, err := s.answer(ctx, msg); err != nil {
				return 0, err
			}
			continue
		}
		if err := s.nc.PublishMsg(msg); err != nil {
			return 0, s.explain(err)
		}
	}
	return last, nil
}

func (s *natsStream) message(m Message) *nats.Msg {
	msg := nats.NewMsg(m.Subject(m.Epoch))
	msg.Data = m.Body
	msg.Header.Set(headCommit, strconv.FormatInt(m.Commit, 10))
	msg.Header.Set(headPart, fmt.Sprintf("%d/%d", m.Part, m.Parts))
	msg.Header.Set(headHash, m.Hash)
	msg.Header.Set("Nats-Expected-Stream", s.Stream)
	return msg
}

// expect makes the stream refuse the message unless the counter's last one, over
// all its epochs, has the number last.
func (s *natsStream) expect(msg *nats.Msg, last uint64) {
	msg.Header.Set("Nats-Expected-Last-Subject-Sequence", strconv.FormatUint(last, 10))
	msg.Header.Set("Nats-Expected-Last-Subject-Sequence-Subject", s.subjects())
}

// refusal is a stream's word that a message was not stored.
type refusal struct{ apiError }

func (r *refusal) Error() string {
	return fmt.Sprintf("the stream refuses: %s (%d)", r.Description, r.Code)
}

// answer sends a message and returns what the stream says, empty where it says nothing yet.
func (s *natsStream) answer(ctx context.Context, msg *nats.Msg) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWait)
	defer cancel()
	got, err := s.nc.RequestMsgWithContext(ctx, msg)
	if err != nil {
		return nil, s.explain(err)
	}
	var a ack
	if len(got.Data) == 0 {
		return nil, nil
	}
	if err := json.Unmarshal(got.Data, &a); err != nil {
		return nil, fmt.Errorf("the stream's answer cannot be read: %w", err)
	}
	if a.Error != nil {
		return nil, &refusal{*a.Error}
	}
	return got.Data, nil
}

// request sends a message and waits until it is stored.
func (s *natsStream) request(ctx context.Context, msg *nats.Msg) (uint64, error) {
	text, err := s.answer(ctx, msg)
	if err != nil {
		return 0, err
	}
	var a ack
	if err := json.Unmarshal(text, &a); err != nil || a.Stream != s.Stream || a.Seq == 0 {
		return 0, fmt.Errorf("the stream's answer is no acknowledgement: %.80q", text)
	}
	return a.Seq, nil
}
