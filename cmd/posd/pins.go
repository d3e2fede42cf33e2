package main

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/argon2"

	"posd/device/sale"
)

// A PIN has so few digits that whoever has its hash alone finds it in minutes, on
// any stick with a copy of the journal. So a PIN is first mixed with a key that
// lies beside the journal and is in no copy; then argon2id makes each guess dear:
//
//	argon2id$19456$2$KEY$SALT$HASH      memory in KiB, passes; KEY names the key
const (
	pinMemory = 19456 // KiB
	pinPasses = 2
	pinKey    = "pin.key" // the file's name
)

// pins makes and compares what is kept of PINs.
type pins struct{ dir string }

// key reads the key beside the journal; made at the first PIN.
func (p pins) key(mayMake bool) ([]byte, error) {
	path := filepath.Join(p.dir, pinKey)
	key, err := os.ReadFile(path)
	switch {
	case err == nil && len(key) == 32:
		return key, nil
	case err == nil:
		return nil, fmt.Errorf("%s is damaged: remove it and set every PIN again (posd person pin)", path)
	case !errors.Is(err, fs.ErrNotExist) || !mayMake:
		return nil, fmt.Errorf("read the key of the PINs: %w", err)
	}
	key = make([]byte, 32)
	rand.Read(key)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("make the key of the PINs: %w", err)
	}
	defer f.Close()
	if _, err := f.Write(key); err != nil {
		return nil, fmt.Errorf("write the key of the PINs: %w", err)
	}
	if err := f.Sync(); err != nil {
		return nil, fmt.Errorf("write the key of the PINs: %w", err)
	}
	return key, ownedAs(p.dir, path)
}

func pinKeyName(key []byte) string {
	sum := sha256.Sum256(key)
	return hex.EncodeToString(sum[:4])
}

// derive is the slow part.
func derive(key []byte, pin sale.Secret, salt []byte) []byte {
	mixed := hmac.New(sha256.New, key)
	mixed.Write([]byte(pin.Reveal()))
	return argon2.IDKey(mixed.Sum(nil), salt, pinPasses, pinMemory, 1, 32)
}

// hash returns what is kept of a PIN.
func (p pins) hash(pin sale.Secret) (string, error) {
	if words := pinFault(pin.Reveal()); words != "" {
		return "", &sale.Refusal{Kind: sale.ErrInvalid, Words: words}
	}
	key, err := p.key(true)
	if err != nil {
		return "", err
	}
	var salt [16]byte
	rand.Read(salt[:])
	b := base64.RawStdEncoding
	return fmt.Sprintf("argon2id$%d$%d$%s$%s$%s", pinMemory, pinPasses, pinKeyName(key), b.EncodeToString(salt[:]), b.EncodeToString(derive(key, pin, salt[:]))), nil
}

// same reports whether a PIN is the one of which this was kept.
func (p pins) same(kept string, pin sale.Secret) (bool, error) {
	part := strings.Split(kept, "$")
	anew := &sale.Refusal{Kind: sale.ErrNotPossible, Words: "This PIN was set on another box, or before its key was lost: set it again with posd person pin."}
	key, err := p.key(false)
	if err != nil || len(part) != 6 || part[0] != "argon2id" || part[1] != fmt.Sprint(pinMemory) || part[2] != fmt.Sprint(pinPasses) || part[3] != pinKeyName(key) {
		return false, anew
	}
	salt, err1 := base64.RawStdEncoding.DecodeString(part[4])
	hash, err2 := base64.RawStdEncoding.DecodeString(part[5])
	if err1 != nil || err2 != nil {
		return false, anew
	}
	return subtle.ConstantTimeCompare(hash, derive(key, pin, salt)) == 1, nil
}

// pinFault says why a PIN cannot be taken, or nothing.
func pinFault(pin string) string {
	if len(pin) < 4 || len(pin) > 12 || strings.Trim(pin, "0123456789") != "" {
		return "a PIN has 4 to 12 digits"
	}
	step := int(pin[1]) - int(pin[0])
	for i := 1; i < len(pin); i++ {
		if int(pin[i])-int(pin[i-1]) != step {
			return ""
		}
	}
	if step >= -1 && step <= 1 {
		return "this PIN is the first that anybody tries: no repetitions, and no row such as 1234"
	}
	return ""
}

// Wrong PINs: at most so many of one person in a window, which makes 60 an hour,
// and of all people together as many. A right one in between changes nothing.
const (
	missesOfOne = 5
	missWindow  = 5 * time.Minute
	missesOfAll = 60
	allWindow   = time.Hour
)

// noteMisses is the name under which the journal keeps them: a restart gives no
// further guesses.
const noteMisses = "wrong pins"

// miss is one wrong PIN.
type miss struct {
	Person string    `json:"person"`
	At     time.Time `json:"at"`
}

type misses struct{ list []miss } // the newest last, of the last hour

// recall takes up those of earlier runs.
func (m *misses) recall(text string) {
	if text != "" && json.Unmarshal([]byte(text), &m.list) != nil {
		m.list = nil // written by a posd that did it otherwise
	}
}

func (m *misses) text() string {
	b, err := json.Marshal(m.list)
	if err != nil {
		panic(err) // texts and times only
	}
	return string(b)
}

// wait is how long the next PIN of a person must wait.
func (m *misses) wait(person string, now time.Time) time.Duration {
	for i := range m.list {
		if m.list[i].At.After(now) { // the clock was put back
			m.list[i].At = now
		}
	}
	m.list = slices.DeleteFunc(m.list, func(one miss) bool { return now.Sub(one.At) >= allWindow })
	var own []miss
	for _, one := range m.list {
		if one.Person == person && now.Sub(one.At) < missWindow {
			own = append(own, one)
		}
	}
	var wait time.Duration
	if len(own) >= missesOfOne {
		wait = missWindow - now.Sub(own[len(own)-missesOfOne].At)
	}
	if len(m.list) >= missesOfAll {
		wait = max(wait, allWindow-now.Sub(m.list[len(m.list)-missesOfAll].At))
	}
	return wait
}

func (m *misses) add(person string, at time.Time) { m.list = append(m.list, miss{person, at.UTC()}) }
