package store

import (
	"reflect"
	"testing"
	"time"

	"posd/device/sale"
)

func TestTokensStayAsTheyWereWritten(t *testing.T) {
	s, err := openDir(t, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	until := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	made := sale.Token{ID: "01T", Name: "register 2", Hash: "ab", Scopes: sale.ScopeSell | sale.ScopeRead, MaxRefund: 5000, MaxDay: 20000, Returns: true,
		CreatedAt: time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC), CreatedBy: "user root", ExpiresAt: &until}
	revoked := made
	revoked.RevokedAt, revoked.RevokedBy = &until, "user root"
	for _, want := range []sale.Token{made, revoked} {
		if _, err := s.Commit(t.Context(), []sale.Row{sale.TokenRow{Token: want}}); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Tokens(t.Context()); err != nil || len(got) != 1 || !reflect.DeepEqual(got[0], want) {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
	}
	if err := s.Verify(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := s.write.Exec("DELETE FROM tokens", nil); err == nil {
		t.Error("a token can be removed")
	}
}

func TestPeopleStayAsTheyWereWritten(t *testing.T) {
	s, err := openDir(t, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	left := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	added := sale.Person{ID: "01P", Name: "Ana", Pin: "argon2id$...", Role: sale.Supervisor, CreatedAt: left.AddDate(0, -2, 0), CreatedBy: "user root"}
	removed := added
	removed.RemovedAt, removed.RemovedBy = &left, "token office"
	for _, want := range []sale.Person{added, removed} {
		if _, err := s.Commit(t.Context(), []sale.Row{sale.PersonRow{Person: want}}); err != nil {
			t.Fatal(err)
		}
		if got, err := s.People(t.Context()); err != nil || len(got) != 1 || !reflect.DeepEqual(got[0], want) {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
	}
	if err := s.Verify(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := s.write.Exec("DELETE FROM people", nil); err == nil {
		t.Error("a person can be removed without a trace")
	}
}
