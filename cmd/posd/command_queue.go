package main

import (
	"fmt"
	"net/http"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"posd/device/api"
)

func queueCommand(command maker) *cobra.Command {
	return command("queue", "Show the card sales that the gateway must still be told of", 0, func(t session, _ []string) error {
		a, err := t.ask(t.Context(), http.MethodGet, "/v1/queue", nil)
		if err != nil {
			return err
		}
		return t.printQueue(a)
	})
}

func (t session) printQueue(a answer) error {
	return t.print(a, func() error {
		var q api.Queue
		if err := a.into(&q); err != nil {
			return err
		}
		t.Println(fmt.Sprintf("%d waiting, %s in all; %d set aside; link %s %s", q.Queued, q.Cents, q.SetAside, q.Link, q.Words))
		if q.NextTry != nil {
			t.Println("next try", clock(*q.NextTry))
		}
		if len(q.Reports) == 0 {
			return nil
		}
		w := tabwriter.NewWriter(t.OutOrStdout(), 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "REPORT\tSALE\tAMOUNT\tSTATE\tTRIES\tDUE\tWORDS")
		for _, r := range q.Reports {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%s\t%s\n", r.No, r.Sale, r.Amount, r.State, r.Attempts, clock(r.DueAt), r.Words)
		}
		return w.Flush()
	})
}
