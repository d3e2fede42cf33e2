package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// StreamPlan is what the stream of a chain must be.
type StreamPlan struct {
	Stream   string
	Chain    string
	Replicas int
	// Domains are the JetStream domains of shops with a server of their own, each
	// called like its shop. What their stream of the same name holds under the shop's
	// name is taken over; who keeps that server could put anything into it.
	Domains []string
}

// shopSubjects are those that a shop's own server speaks for.
func (p StreamPlan) shopSubjects(domain string) string {
	return "books." + p.Chain + "." + domain + ".>"
}

// duplicates is how long the stream remembers message ids. posd sends none: who
// publishes what once is decided by sequence numbers.
const duplicates = 24 * time.Hour

// Finding is a setting of stream or server that is not as it must be.
type Finding struct {
	Setting string
	Words   string
	Loses   bool // money can be lost by it
}

func (p StreamPlan) config() jetstream.StreamConfig {
	c := jetstream.StreamConfig{
		Name: p.Stream, Subjects: []string{"books." + p.Chain + ".>"},
		Description: "the journals of a chain's counters, commit by commit",
		Storage:     jetstream.FileStorage, Replicas: p.Replicas,
		Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardNew,
		MaxMsgs: -1, MaxBytes: -1, MaxMsgsPerSubject: -1, MaxMsgSize: -1,
		DenyDelete: true, DenyPurge: true, AllowDirect: true, AllowAtomicPublish: true,
		Duplicates: duplicates, Compression: jetstream.S2Compression,
	}
	for _, d := range p.Domains {
		c.Sources = append(c.Sources, &jetstream.StreamSource{Name: p.Stream, Domain: d, FilterSubject: p.shopSubjects(d)})
	}
	return c
}

// InitStream makes the stream, unless it is there: then it is only looked at.
func InitStream(ctx context.Context, nc *Link, p StreamPlan) (made bool, findings []Finding, err error) {
	js, err := jetstream.New(nc)
	if err != nil {
		return false, nil, err
	}
	_, err = js.Stream(ctx, p.Stream)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		if _, err = js.CreateStream(ctx, p.config()); err == nil {
			made = true
		}
	}
	if err != nil {
		return made, nil, fmt.Errorf("make the stream %s: %w: is JetStream on at the servers, are there %d of them, and is their duplicate_window at least %s?", p.Stream, err, p.Replicas, duplicates)
	}
	findings, err = CheckStream(ctx, nc, p)
	return made, findings, err
}

// CheckStream names every setting of the stream by which money can be lost, or
// that is not as InitStream makes it.
func CheckStream(ctx context.Context, nc *Link, p StreamPlan) ([]Finding, error) {
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, err
	}
	s, err := js.Stream(ctx, p.Stream)
	if err != nil {
		return nil, fmt.Errorf("look at the stream %s: %w", p.Stream, err)
	}
	info, err := s.Info(ctx)
	if err != nil {
		return nil, fmt.Errorf("look at the stream %s: %w", p.Stream, err)
	}
	found := judge(info.Config, p)
	if info.Cluster != nil {
		for _, r := range info.Cluster.Replicas {
			if !r.Current || r.Offline {
				found = append(found, Finding{"replicas", fmt.Sprintf("server %s is behind or away: fewer copies than %d now", r.Name, info.Config.Replicas), false})
			}
		}
	}
	account, err := js.AccountInfo(ctx)
	if err != nil {
		return found, fmt.Errorf("look at the account's limits: %w", err)
	}
	if l := account.Limits; l.MaxStore > 0 {
		found = append(found, Finding{"max_store", fmt.Sprintf("the account may store %d bytes: when they are full, counters wait; take the limit away", l.MaxStore), false})
	}
	return found, nil
}

// judge holds a stream's settings against the plan.
func judge(c jetstream.StreamConfig, p StreamPlan) (found []Finding) {
	bad := func(wrong bool, setting string, loses bool, format string, a ...any) {
		if wrong {
			found = append(found, Finding{setting, fmt.Sprintf(format, a...), loses})
		}
	}
	bad(c.Storage != jetstream.FileStorage, "storage", true, "the stream is kept in memory: a restart loses it")
	bad(c.Retention != jetstream.LimitsPolicy, "retention", true, "messages leave once somebody has read them: the books could not be built anew")
	bad(c.Discard != jetstream.DiscardNew, "discard", true, "with any limit the oldest commits would be dropped without a word: discard must be new")
	bad(c.MaxAge > 0, "max_age", true, "commits leave after %s", c.MaxAge)
	bad(c.MaxMsgs > 0, "max_msgs", true, "the stream ends at %d messages", c.MaxMsgs)
	bad(c.MaxBytes > 0, "max_bytes", true, "the stream ends at %d bytes", c.MaxBytes)
	bad(c.MaxMsgsPerSubject > 0, "max_msgs_per_subject", true, "a counter keeps %d commits", c.MaxMsgsPerSubject)
	bad(c.MaxMsgSize > 0 && c.MaxMsgSize < partBytes+4096, "max_msg_size", false, "commits larger than %d bytes are refused, and their counter waits", c.MaxMsgSize)
	bad(!c.DenyDelete, "deny_delete", true, "single commits can be deleted")
	bad(!c.DenyPurge, "deny_purge", true, "the stream can be emptied")
	bad(c.NoAck, "no_ack", true, "nothing is acknowledged")
	bad(c.Sealed, "sealed", false, "nothing can be published")
	bad(len(c.Subjects) != 1 || c.Subjects[0] != "books."+p.Chain+".>", "subjects", true, "the stream holds %v, and must hold books.%s.> and nothing else", c.Subjects, p.Chain)
	for _, d := range p.Domains {
		i := slices.IndexFunc(c.Sources, func(s *jetstream.StreamSource) bool {
			return s.External != nil && s.External.APIPrefix == "$JS."+d+".API"
		})
		bad(i < 0, "sources", true, "what the server of %s holds is not taken over", d)
		bad(i >= 0 && (c.Sources[i].FilterSubject != p.shopSubjects(d) || len(c.Sources[i].SubjectTransforms) > 0), "sources", true, "the server of %s may speak for other shops: it must be asked for %s alone", d, p.shopSubjects(d))
	}
	bad(len(c.Sources) > len(p.Domains), "sources", true, "messages come from other streams than those of %v", p.Domains)
	bad(c.SubjectTransform != nil || c.RePublish != nil, "transform", true, "messages are rewritten or sent on")
	bad(!c.AllowDirect, "allow_direct", false, "counters cannot look at their last commit")
	bad(!c.AllowAtomicPublish, "allow_atomic", false, "counters catch up slowly, one commit at a time")
	bad(c.Duplicates < duplicates, "duplicate_window", false, "it is %s, usual is %s", c.Duplicates, duplicates)
	bad(c.Replicas < p.Replicas, "replicas", true, "there are %d copies, and %d were asked for", c.Replicas, p.Replicas)
	bad(c.Replicas == 1, "replicas", false, "there is one copy: a disk that dies takes what counters have not published again with it; three servers hold three")
	return found
}

// CheckServer reads a server's monitoring page: what no client may ask.
func CheckServer(ctx context.Context, monitor string) ([]Finding, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(monitor, "/")+"/varz", nil)
	if err != nil {
		return nil, err
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("ask %s how its disk is written: %w", monitor, err)
	}
	defer answer.Body.Close()
	var v struct {
		Name      string `json:"server_name"`
		JetStream struct {
			Config *struct {
				SyncInterval time.Duration `json:"sync_interval"`
				SyncAlways   bool          `json:"sync_always"`
				MaxStore     int64         `json:"max_storage"`
			} `json:"config"`
			Stats *struct {
				Store int64 `json:"storage"`
			} `json:"stats"`
			Limits *struct {
				Duplicates time.Duration `json:"duplicate_window"`
			} `json:"limits"`
		} `json:"jetstream"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&v); err != nil {
		return nil, fmt.Errorf("read what %s says: %w", monitor, err)
	}
	c := v.JetStream.Config
	if c == nil {
		return []Finding{{"jetstream", "server " + v.Name + " has no JetStream, or its disk is full", true}}, nil
	}
	var found []Finding
	if !c.SyncAlways {
		found = append(found, Finding{"sync_interval", fmt.Sprintf("server %s writes to its disk every %s: a power cut loses what it acknowledged since; set sync_interval: always", v.Name, c.SyncInterval), true})
	}
	if s := v.JetStream.Stats; s != nil && c.MaxStore > 0 && s.Store > c.MaxStore/10*8 {
		found = append(found, Finding{"max_file_store", fmt.Sprintf("server %s has used %d of %d bytes: when they are full, counters wait", v.Name, s.Store, c.MaxStore), false})
	}
	return found, nil
}
