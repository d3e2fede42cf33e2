package store

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/mattn/go-sqlite3"

	"posd/device/sale"
)

//go:embed migrations/*.sql
var migrations embed.FS

// schema returns the migrations in order; the number of the last one is the
// version of the schema this program knows.
func schema() ([]string, error) {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	steps := make([]string, len(files))
	for i, f := range files {
		var n int
		if _, err := fmt.Sscanf(f, "migrations/%04d_", &n); err != nil || n != i+1 {
			return nil, fmt.Errorf("migration %s is not number %d of its row", f, i+1)
		}
		b, err := migrations.ReadFile(f)
		if err != nil {
			return nil, err
		}
		steps[i] = string(b)
	}
	return steps, nil
}

// migrate brings the schema forward, each step in a transaction of its own.
// A file of a newer program, or of another one, is left as it is.
func migrate(c *sqlite3.SQLiteConn, path string) error {
	steps, err := schema()
	if err != nil {
		return err
	}
	row, err := first(c, "SELECT (SELECT count(*) FROM sqlite_schema), user_version, application_id FROM pragma_user_version, pragma_application_id")
	if err != nil {
		return explain("read "+path, err)
	}
	have, id := int(row[1].(int64)), int(row[2].(int64))
	if isNew := row[0] == int64(0) && have == 0; !isNew {
		if err := recognise(path, id, have, len(steps)); err != nil {
			return err
		}
	}
	for n := have; n < len(steps); n++ {
		script := fmt.Sprintf("BEGIN IMMEDIATE;\n%s;\nPRAGMA application_id = %d;\nPRAGMA user_version = %d;\nCOMMIT;", steps[n], applicationID, n+1)
		if _, err := c.Exec(script, nil); err != nil {
			c.Exec("ROLLBACK", nil) // fails if none is open, which is as good
			return explain(fmt.Sprintf("bring %s to schema %d", path, n+1), err)
		}
	}
	return nil
}

// Why a database is refused that is whole.
var (
	ErrForeign = errors.New("it is a database, but not one of posd's")
	ErrNewer   = errors.New("it was written by a newer posd")
)

// recognise refuses a database that this program must not write.
func recognise(path string, id, have, known int) error {
	switch {
	case id != applicationID:
		return fmt.Errorf("open %s: %w: %w; it is left as it is: move it away, or name another dir", path, sale.ErrJournalBroken, ErrForeign)
	case have > known:
		return fmt.Errorf("open %s: %w: %w (schema %d, this one knows up to %d); it is left as it is: install that version again", path, sale.ErrJournalBroken, ErrNewer, have, known)
	}
	return nil
}
