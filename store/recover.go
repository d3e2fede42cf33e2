package store

import (
	"context"

	"posd/device/sale"
)

// controlWindow is how many sales back the latest approved card sale is looked
// for: one of an older batch would prove nothing.
const controlWindow = 10_000

// noteFirstReport is the name under which the till remembers that the first report
// of the installation was watched. Journals from before that remember nothing.
const noteFirstReport = "first-report"

// undecidedWindow is how many sales back those are looked for that the gateway may
// still contradict (sale.Sale.Undecided): it is asked for seven days.
const undecidedWindow = 10_000

// Recover reads what a till needs to start: a view of one moment, by indexes
// that hold only what is open, so that its cost does not grow with the years.
func (s *Store) Recover(ctx context.Context) (out sale.Recovered, err error) {
	err = s.look(ctx, "read the journal", func(v view) error {
		out.Open, err = listSales(v, `WHERE n IN (
			SELECT n FROM sales WHERE state IN ('waiting', 'unsure')
			UNION SELECT s.n FROM movements m JOIN sales s ON s.id = m.sale WHERE m.state IN ('waiting', 'unsure')
			UNION SELECT n FROM sales INDEXED BY sales_closed_by_word WHERE n > (SELECT coalesce(max(n), 0) FROM sales) - ?
				AND method <> 'card' AND state IN ('paid', 'declined', 'cancelled') AND reason IN ('person', 'closed')
				AND (SELECT a.state FROM attempts a WHERE a.sale = sales.id ORDER BY a.pos DESC LIMIT 1) IN ('intended', 'open'))
			ORDER BY n`, undecidedWindow)
		if err != nil {
			return err
		}
		out.Jobs, err = list(v, jobs, "WHERE state NOT IN ('sent', 'printed', 'failed') ORDER BY written_in, id")
		if err != nil {
			return err
		}
		out.JobSales, err = listSales(v, "WHERE id IN (SELECT sale FROM jobs WHERE state NOT IN ('sent', 'printed', 'failed')) ORDER BY n")
		if err != nil {
			return err
		}
		control, err := listSales(v, `WHERE n > (SELECT coalesce(max(n), 0) FROM sales) - ?
			AND method = 'card' AND kind = 'sale' AND state = 'paid' AND approved_cents > 0 AND settled_by IS NULL
			AND NOT EXISTS (SELECT 1 FROM movements m WHERE m.sale = sales.id AND m.kind = 'void' AND m.state <> 'refused')
			ORDER BY n DESC LIMIT 1`, controlWindow)
		if err != nil {
			return err
		}
		if len(control) > 0 {
			out.Control = &control[0]
		}
		if out.Notes, err = v.notes(); err != nil {
			return err
		}
		if _, known := out.Notes[noteFirstReport]; !known {
			if err := v.value(&out.Reported, "SELECT EXISTS (SELECT 1 FROM sales WHERE method = 'card' AND reported = 'done')"); err != nil {
				return err
			}
		}
		last, err := list(v, days, "ORDER BY no DESC LIMIT 1")
		if err != nil {
			return err
		}
		if len(last) > 0 {
			out.LastDay = last[0]
			out.LastDay.Books = nil
		}
		if out.Queue, err = v.queueStats(); err != nil {
			return err
		}
		restored, err := v.gap()
		if err != nil {
			return err
		}
		out.Gap = restored.Gap
		return v.value(&out.LastSeq, lastSeq)
	})
	return out, err
}
