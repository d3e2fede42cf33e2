package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
)

// number is a run of digits as long as a card's number, standing alone.
var number = regexp.MustCompile(`(^|[^0-9A-Za-z.])([3-6][0-9]{12,18})($|[^0-9A-Za-z.])`)

// secretWords may stand in no file of the chain: members that hold a card's expiry, and the merchant's key.
var secretWords = []string{"expireDate", "cardExpiry", merchantKey, "PRIVATE KEY-----"}

// searched looks through every file of the given folders and files for card numbers,
// expiries and keys, and returns how many bytes it read. Folders that are not there are passed over.
func searched(paths ...string) (read int64, err error) {
	var errs []error
	for _, root := range paths {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) || err == nil && !d.Type().IsRegular() {
				return nil
			}
			if err != nil {
				return err
			}
			text, err := os.ReadFile(path)
			if errors.Is(err, fs.ErrNotExist) { // a log of SQLite's that was just folded in
				return nil
			}
			read += int64(len(text))
			for _, what := range secretsIn(text) {
				errs = append(errs, fmt.Errorf("%s holds %s", path, what))
			}
			return err
		})
		errs = append(errs, err)
	}
	return read, errors.Join(errs...)
}

// secretsIn names what a text must not hold.
func secretsIn(text []byte) (found []string) {
	for _, m := range number.FindAllSubmatch(text, -1) {
		if luhn(m[2]) {
			found = append(found, fmt.Sprintf("the number of a card (%s...)", m[2][:4]))
		}
	}
	for _, w := range secretWords {
		if bytes.Contains(text, []byte(w)) {
			found = append(found, fmt.Sprintf("%q", w))
		}
	}
	return found
}

// luhn reports whether the last digit checks the others, as a card number's does (ISO/IEC 7812-1).
func luhn(digits []byte) bool {
	sum := 0
	for i, d := range digits {
		n := int(d - '0')
		if (len(digits)-i)%2 == 0 {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	return sum%10 == 0
}
