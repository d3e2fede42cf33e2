package main

import (
	"regexp"
	"strings"
	"sync"

	"posd/device/sale"
)

// redactor takes out of texts what must not leave the shop: cards' numbers, the
// keys and tokens that it was told, and what stands where a key would stand.
type redactor struct {
	secrets []string
	taken   int
}

// shortestSecret is the least length of a secret that is looked for: a shorter one
// stands in every other word.
const shortestSecret = 6

// knows adds secrets that are to be found wherever they stand.
func (r *redactor) knows(secrets ...sale.Secret) {
	for _, s := range secrets {
		if text := s.Reveal(); len(text) >= shortestSecret {
			r.secrets = append(r.secrets, text)
		}
	}
}

// dots stand where something was taken out.
const dots = "•••"

var (
	// named is a value under a name that says that it is a secret.
	named = lazily(`(?i)("?\b(?:[a-z]+[_-])?(?:key|token|password|passwd|secret|pin|sign|signature|authcode|expdate|expiry|cvv2?|track[12])\b"?\s*[:=]\s*)("(?:[^"\\]|\\.)*"|[^\s",;&}]+)`)
	// bearer is a token as HTTP carries it.
	bearer = lazily(`(?i)(\bbearer\s+)[\w.~+/=-]+`)
	// pemBlock is a private key.
	pemBlock = lazily(`(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\z)`)
	// digits may be a card's number: long enough, perhaps in groups.
	digits = lazily(`\d(?:[ .-]?\d){12,}`)
	// ours is a token of posd's own, which begins as all of them do.
	ours = lazily(`\b` + tokenPrefix + `[\w-]{20,}`)
)

// lazily compiles a regular expression when it is first used: few runs of
// posd write a file for whoever helps.
func lazily(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}

// text returns a text without secrets.
func (r *redactor) text(s string) string {
	for _, secret := range r.secrets {
		r.taken += strings.Count(s, secret)
		s = strings.ReplaceAll(s, secret, dots)
	}
	s = r.replace(pemBlock(), s, func(string) string { return dots })
	s = r.replace(ours(), s, func(string) string { return dots })
	s = r.replace(digits(), s, func(found string) string {
		if showsCard(found) {
			return dots
		}
		return found
	})
	s = r.replace(bearer(), s, func(found string) string { return bearer().FindStringSubmatch(found)[1] + dots })
	return r.replace(named(), s, func(found string) string {
		m := named().FindStringSubmatch(found)
		if harmless(m[2]) {
			return found
		}
		return m[1] + dots
	})
}

// harmless reports whether a value is no secret whatever its name says.
func harmless(value string) bool {
	switch strings.Trim(value, `"`) {
	case "", dots, "true", "false", "null", "0":
		return true
	}
	return false
}

func (r *redactor) replace(what *regexp.Regexp, s string, with func(string) string) string {
	return what.ReplaceAllStringFunc(s, func(found string) string {
		out := with(found)
		if out != found {
			r.taken++
		}
		return out
	})
}

// leak says what in a text must not leave the shop, or "". It looks for itself and
// relies on nothing that was taken out before.
func (r *redactor) leak(s string) string {
	for _, secret := range r.secrets {
		if strings.Contains(s, secret) {
			return "a key or token of this shop"
		}
	}
	switch {
	case showsCard(s):
		return "the number of a card"
	case strings.Contains(s, "PRIVATE KEY-----"):
		return "a private key"
	case strings.Contains(s, tokenPrefix) && ours().MatchString(s), bearer().MatchString(s):
		return "a token"
	}
	return ""
}
