package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mattn/go-sqlite3"

	"posd/device/sale"
)

// TestEveryListIsReadByItsIndex: of what a list is looked for by, the one that is
// rare decides, and nothing sorts or walks the years.
func TestEveryListIsReadByItsIndex(t *testing.T) {
	s := mustOpen(t, t.TempDir())
	for name, c := range map[string]struct {
		filter sale.Filter
		want   string
	}{
		"newest":                     {sale.Filter{}, "SCAN sales"},
		"page":                       {sale.Filter{Before: "X"}, "INTEGER PRIMARY KEY (rowid<?)"},
		"paid":                       {sale.Filter{State: sale.Paid}, "SCAN sales"},
		"declined":                   {sale.Filter{State: sale.Declined}, "sales_unpaid (state=?)"},
		"declined, of years":         {sale.Filter{State: sale.Declined, From: noon, To: noon.Add(time.Hour), Before: "X"}, "COVERING INDEX sales_unpaid_by_created (state=? AND created_at>? AND created_at<?)"},
		"cancelled, page":            {sale.Filter{State: sale.Cancelled, Before: "X"}, "sales_unpaid (state=? AND rowid<?)"},
		"unsure":                     {sale.Filter{State: sale.Unsure}, "sales_open"},
		"method":                     {sale.Filter{Method: sale.Scan}, "sales_by_method (method=?)"},
		"method, page":               {sale.Filter{Method: sale.Scan, Before: "X"}, "sales_by_method (method=? AND rowid<?)"},
		"method and paid":            {sale.Filter{Method: sale.Scan, State: sale.Paid}, "sales_by_method (method=?)"},
		"method and declined":        {sale.Filter{Method: sale.Card, State: sale.Declined}, "sales_unpaid_by_method (state=? AND method=?)"},
		"day":                        {sale.Filter{From: noon, To: noon.Add(time.Hour)}, "COVERING INDEX sales_by_created (created_at>? AND created_at<?)"},
		"day, page":                  {sale.Filter{From: noon, To: noon.Add(time.Hour), Before: "X"}, "COVERING INDEX sales_by_created (created_at>? AND created_at<?)"},
		"day, method":                {sale.Filter{From: noon, To: noon.Add(time.Hour), Method: sale.Card}, "sales_by_created (created_at>? AND created_at<?)"},
		"day, method, state, page":   {sale.Filter{From: noon, Method: sale.Card, State: sale.Declined, Before: "X"}, "sales_unpaid_by_created (state=? AND created_at>?)"},
		"all before a day":           {sale.Filter{To: noon}, "INTEGER PRIMARY KEY (rowid=?)"},
		"bill":                       {sale.Filter{Reference: "A-1", Before: "X"}, "sales_by_reference (reference=?)"},
		"a register's reference":     {sale.Filter{Foreign: "1", Before: "X"}, "sales_by_foreign (foreign_reference=?)"},
		"amount":                     {sale.Filter{Amount: 100}, "sales_by_amount (amount_cents=?)"},
		"amount, method, page":       {sale.Filter{Amount: 100, Method: sale.Card, Before: "X"}, "sales_by_amount (amount_cents=? AND rowid<?)"},
		"amount of a day":            {sale.Filter{Amount: 100, From: noon, To: noon.Add(time.Hour)}, "sales_by_created (created_at>? AND created_at<?)"},
		"amount and unsure":          {sale.Filter{Amount: 100, State: sale.Unsure}, "sales_open"},
		"card, page":                 {sale.Filter{Last: "1166", Before: "X"}, "sales_by_last (<expr>=? AND rowid<?)"},
		"search":                     {sale.Filter{Search: "1166", State: sale.Paid}, "INTEGER PRIMARY KEY (rowid=?); LIST SUBQUERY"},
		"search, day, page":          {sale.Filter{Search: "A-1", From: noon, Before: "X"}, "INTEGER PRIMARY KEY (rowid=?); LIST SUBQUERY"},
		"person":                     {sale.Filter{By: "Ana"}, "sales_by_person (by=?)"},
		"person, amount, card":       {sale.Filter{By: "Ana", Amount: 100, Last: "1166"}, "SEARCH sales USING INDEX"},
		"given back in a day":        {sale.Filter{GivenBack: true, From: noon, To: noon.Add(time.Hour)}, "COVERING INDEX movements_by_created (created_at>? AND created_at<?)"},
		"given back, a page":         {sale.Filter{GivenBack: true, From: noon, To: noon.Add(time.Hour), Before: "X"}, "COVERING INDEX movements_by_created (created_at>? AND created_at<?)"},
		"closed day, method, a page": {sale.Filter{Day: 3, Method: sale.Card, State: sale.Paid, Before: "X"}, "INTEGER PRIMARY KEY (rowid=?)"},
	} {
		tail, args := listing(c.filter)
		var plan []string
		rows, err := s.read.Query("EXPLAIN QUERY PLAN SELECT * FROM sales "+tail, append(args, 10)...)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var id, parent, unused int
			var detail string
			if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
				t.Fatal(err)
			}
			plan = append(plan, detail)
		}
		rows.Close()
		whole := strings.Join(plan, "; ")
		if !strings.Contains(strings.Join(plan[:min(3, len(plan))], "; "), c.want) || c.filter.Search != "" && strings.Contains(whole, "SCAN") {
			t.Errorf("%s: SQLite would %s, not %s", name, whole, c.want)
		}
	}
}

// TestSearchFindsByAnyOfFour: the bill's number, a person, the last four digits and the
// amount as people write it, together with what else is asked for.
func TestSearchFindsByAnyOfFour(t *testing.T) {
	s := mustOpen(t, t.TempDir())
	for i, v := range []sale.Sale{
		{Reference: "1166", Amount: 100}, {By: "Ana", Amount: 200}, {Card: &sale.CardInfo{Number: "XXXXXXXXXXXX1166"}, Amount: 300, Method: sale.Card}, {Reference: "A 1", Amount: 123450},
	} {
		v.ID, v.CreatedAt, v.State = sale.ID(fmt.Sprint("S", i)), noon.Add(time.Duration(i)*time.Minute), sale.Declined
		mustCommit(t, s, []sale.Row{sale.SaleRow{Sale: v}})
	}
	for _, c := range []struct {
		filter sale.Filter
		want   string
	}{
		{sale.Filter{Search: "1166"}, "S2 S0"}, {sale.Filter{Search: "Ana"}, "S1"}, {sale.Filter{Search: "3.00"}, "S2"}, {sale.Filter{Search: "1 234,50"}, "S3"}, {sale.Filter{Search: "$1,234.50"}, "S3"},
		{sale.Filter{Search: "1166", Method: sale.Card}, "S2"}, {sale.Filter{Search: "1166", Before: "S2"}, "S0"}, {sale.Filter{Search: "A 1", From: noon.Add(time.Minute)}, "S3"},
		{sale.Filter{Search: "A 1", To: noon.Add(time.Minute)}, ""}, {sale.Filter{Search: "300"}, ""}, {sale.Filter{Search: "' OR 1"}, ""},
	} {
		found, err := s.Sales(t.Context(), c.filter)
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, v := range found {
			ids = append(ids, string(v.ID))
		}
		if got := strings.Join(ids, " "); got != c.want {
			t.Errorf("%+v finds %q, should find %q", c.filter, got, c.want)
		}
	}
}

// counted counts the statements of a connection.
type counted struct {
	*sqlite3.SQLiteConn
	n *atomic.Int64
}

func (c counted) QueryContext(ctx context.Context, q string, args []driver.NamedValue) (driver.Rows, error) {
	c.n.Add(1)
	return c.SQLiteConn.QueryContext(ctx, q, args)
}

type counter struct {
	door
	n *atomic.Int64
}

func (c counter) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.door.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return counted{conn.(*sqlite3.SQLiteConn), c.n}, nil
}

func TestAListIsThreeStatements(t *testing.T) {
	s := mustOpen(t, t.TempDir())
	for n := range 40 {
		mustCommit(t, s, intent(n))
	}
	var n atomic.Int64
	s.lists.Close()
	s.lists = sql.OpenDB(counter{s.door, &n})
	for _, limit := range []int{10, 40} {
		n.Store(0)
		found, err := s.Sales(t.Context(), sale.Filter{Limit: limit})
		if err != nil || len(found) != limit || len(found[limit-1].Attempts) != 1 {
			t.Fatalf("%d sales, %v", len(found), err)
		}
		if got := n.Load(); got != 3 {
			t.Errorf("a list of %d took %d statements, not 3", limit, got)
		}
	}
}

// TestListsDoNotHoldLookUps: with every list's connection taken, the till looks up all the same.
func TestListsDoNotHoldLookUps(t *testing.T) {
	s := mustOpen(t, t.TempDir())
	mustCommit(t, s, intent(1))
	for range listers {
		tx, err := s.lists.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer tx.Rollback()
	}
	ctx, stop := context.WithCancel(t.Context())
	waiting := make(chan error)
	go func() { _, err := s.Sales(ctx, sale.Filter{Limit: 1000}); waiting <- err }()
	if _, err := s.Key(t.Context(), fmt.Sprintf("key-%032d", 1)); err != nil {
		t.Error(err)
	}
	if found, err := s.Sales(t.Context(), sale.Filter{Limit: 1}); err != nil || len(found) != 1 {
		t.Errorf("%v, %v", found, err)
	}
	stop()
	if err := <-waiting; err == nil {
		t.Error("a list more than there are connections was read")
	}
}
