package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"posd/device/sale"
)

// restoredData is what the event of a restore says.
type restoredData struct {
	Backup   string `json:"backup"`
	LostFrom string `json:"lostFrom"`
	LostTo   string `json:"lostTo"`
	sale.Gap
	LastSale int64 `json:"lastSale"` // n of the last sale that stood in the copy, or was taken over
}

// lastRestored finds the event of the last restore, as long as no day was closed since.
const lastRestored = `SELECT data FROM events e INDEXED BY events_restored WHERE kind = 'restored'
	AND NOT EXISTS (SELECT 1 FROM days WHERE written_in > e.written_in) ORDER BY seq DESC LIMIT 1`

// openGap reads the event of a restore; a gap that was not closed before it goes on.
func openGap(text string) (d restoredData, err error) {
	if text == "" {
		return d, nil
	}
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		return d, fmt.Errorf("read the event of the last restore: %w", err)
	}
	if d.LastSale == 0 && !strings.Contains(text, "lastSale") { // of an older posd, which did not judge
		d.Words = gapWords(d.LostFrom, d.LostTo)
	}
	return d, nil
}

func gapWords(from, to string) string {
	return fmt.Sprintf("restored from a copy: what was done between %s and %s may be missing", from, to)
}

// daysLeftOut is how many numbers of days a restore leaves out where nothing says
// how many were given.
const daysLeftOut = 100

// gap says what a restore could not learn of. day is the highest number of a closed
// day that the old journal's note names, below 0 if there is none.
func (tx *transaction) gap(from, to string, complete bool, day int) (d restoredData, err error) {
	texts, err := tx.column(lastRestored)
	if err != nil {
		return d, err
	}
	if len(texts) > 0 { // one that was restored before, and no day was closed since
		before, err := openGap(texts[0].(string))
		if err != nil {
			return d, err
		}
		d.Gap = before.Gap
	}
	found, err := tx.rows("SELECT coalesce((SELECT max(no) FROM days), 0), coalesce((SELECT max(n) FROM sales), 0)")
	if err != nil {
		return d, err
	}
	last := int(found[0][0].(int64))
	d.LastSale = found[0][1].(int64)
	d.NextDay = max(d.NextDay, last+1, day+1)
	if complete {
		return d, nil
	}
	words := gapWords(from, to)
	switch {
	case day < 0:
		d.NextDay = last + 1 + daysLeftOut
		words += fmt.Sprintf("; how many days were closed is not known, the next one has number %d", d.NextDay)
	case d.NextDay > last+1:
		words += fmt.Sprintf("; days up to %d were closed, the next one has number %d", d.NextDay-1, d.NextDay)
	}
	if d.Words != "" {
		words = d.Words + "; " + words
	}
	d.Words = words
	return d, nil
}

// gap is what the last restore could not learn of.
func (v view) gap() (restoredData, error) {
	var text string
	if err := v.value(&text, lastRestored); err != nil {
		return restoredData{}, err
	}
	return openGap(text)
}

// LostSpan says in words what the last restore may have lost, empty if it lost
// nothing, and once a day was closed since, whose report was compared with the
// terminal and the gateway.
func (s *Store) LostSpan(ctx context.Context) (words string, err error) {
	err = s.look(ctx, "look for a restore", func(v view) error {
		d, err := v.gap()
		words = d.Words
		return err
	})
	return words, err
}

// InCopy reports whether a sale stood in the copy of the last restore, or was taken
// from the journal that it moved aside.
func (s *Store) InCopy(ctx context.Context, id sale.ID) (in bool, err error) {
	err = s.look(ctx, "look for sale "+string(id)+" in a restore", func(v view) error {
		d, err := v.gap()
		if err != nil {
			return err
		}
		return v.value(&in, "SELECT n <= ? FROM sales WHERE id = ?", d.LastSale, string(id))
	})
	return in, err
}
