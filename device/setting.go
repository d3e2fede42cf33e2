package device

import (
	"context"

	"posd/device/core"
	"posd/device/sale"
)

// Setting stores a change of who may do what, and returns once it is durable: the
// rows, and an event of that kind which names who made it. Personal says that a
// person needs the right to manage for it.
func (t *Till) Setting(ctx context.Context, rows []sale.Row, kind, words string, personal bool) error {
	_, err := t.ask(ctx, func(_ context.Context, tok core.Token) (core.Event, error) {
		return core.SettingAsked{Token: tok, Rows: rows, Kind: kind, Words: words, Personal: personal}, nil
	})
	return err
}
