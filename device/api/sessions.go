package api

import (
	"crypto/rand"
	"encoding/base64"
	"sync"
	"time"
)

// maxSessions bounds the sessions of a kind; the one that ends first makes room.
const maxSessions = 256

// sessions holds what was given to whoever shows a random value, by the value's
// hash. They last as long as this run of posd at most.
type sessions[T any] struct {
	mu   sync.Mutex
	made map[string]session[T]
}

type session[T any] struct {
	is    T
	until time.Time
}

// begin makes a session and returns the value.
func (s *sessions[T]) begin(is T, now time.Time, lasts time.Duration) string {
	var secret [32]byte
	rand.Read(secret[:])
	value := base64.RawURLEncoding.EncodeToString(secret[:])
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.made == nil {
		s.made = map[string]session[T]{}
	}
	oldest := ""
	for k, one := range s.made {
		if !now.Before(one.until) {
			delete(s.made, k)
		} else if oldest == "" || one.until.Before(s.made[oldest].until) {
			oldest = k
		}
	}
	if len(s.made) >= maxSessions {
		delete(s.made, oldest)
	}
	s.made[HashToken(value)] = session[T]{is, now.Add(lasts)}
	return value
}

// find returns what a value stands for; ok is false when it is over.
func (s *sessions[T]) find(value string, now time.Time) (is T, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one, ok := s.made[HashToken(value)]
	if !ok || !now.Before(one.until) {
		return is, false
	}
	return one.is, true
}

// change changes what a value stands for, if it stands for anything.
func (s *sessions[T]) change(value string, f func(*T)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if one, ok := s.made[HashToken(value)]; ok {
		f(&one.is)
		s.made[HashToken(value)] = one
	}
}

// end ends a session.
func (s *sessions[T]) end(value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.made, HashToken(value))
}
