// Shop sells by the client that oapi-codegen makes of posd's description.
//
//	curl -o openapi.json http://127.0.0.1:8480/openapi.json
//	go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2 -config oapi-codegen.yaml openapi.json
//	go run . http://127.0.0.1:8480 TOKEN
package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	"shop/posd"
)

func main() {
	log.SetFlags(0)
	if err := shop(context.Background(), os.Args[1], os.Args[2]); err != nil {
		log.Fatal(err)
	}
}

func shop(ctx context.Context, base, token string) error {
	c, err := posd.NewClientWithResponses(base, posd.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+token)
		return nil
	}))
	if err != nil {
		return err
	}
	// Keep the key before sending: repeated under it, nothing is charged twice.
	key := &posd.SellParams{IdempotencyKey: rand.Text()}
	reference := "GO-1"
	order := posd.SaleRequest{Amount: 2865, Method: "card", Reference: &reference}
	made, err := c.SellWithResponse(ctx, key, order)
	if err != nil {
		return err
	}
	if made.JSON201 == nil {
		return fmt.Errorf("not sold: %s", made.Body)
	}
	sale := *made.JSON201
	again, err := c.SellWithResponse(ctx, key, order)
	if err != nil {
		return err
	}
	if again.JSON200 == nil || again.JSON200.Id != sale.Id {
		return fmt.Errorf("sold twice: %s", again.Body)
	}
	fmt.Println("the same key is the same sale")

	wait := "30s"
	for sale.State == "waiting" || sale.State == "unsure" {
		if err := look(ctx, c, &sale, &wait); err != nil {
			return err
		}
	}
	fmt.Println("sale", sale.State, sale.ApprovedAmount)
	return undo(ctx, c, sale, reference)
}

// undo voids the sale, and looks at what is left of its bill.
func undo(ctx context.Context, c *posd.ClientWithResponses, sale posd.Sale, reference string) error {
	by, why := "Ana", "wrong bill"
	voided, err := c.VoidWithResponse(ctx, sale.Id, &posd.VoidParams{IdempotencyKey: rand.Text()}, posd.GiveBackRequest{By: &by, Reason: &why})
	if err != nil {
		return err
	}
	if voided.JSON201 == nil {
		return fmt.Errorf("not voided: %s", voided.Body)
	}
	movement := voided.JSON201.Movement
	for movement.State == "waiting" || movement.State == "unsure" {
		time.Sleep(100 * time.Millisecond)
		if err := look(ctx, c, &sale, nil); err != nil {
			return err
		}
		movement = sale.Refunds[0]
	}
	fmt.Println("void", movement.State, movement.Amount)

	paid := posd.ListSalesParamsState("paid")
	list, err := c.ListSalesWithResponse(ctx, &posd.ListSalesParams{Reference: &reference, State: &paid})
	if err != nil {
		return err
	}
	if list.JSON200 == nil {
		return fmt.Errorf("no list: %s", list.Body)
	}
	fmt.Println("listed", len(*list.JSON200))

	none, err := c.GetSaleWithResponse(ctx, "01NOBODYEVERMADETHISSALE00", nil)
	if err != nil {
		return err
	}
	if none.ApplicationproblemJSON404 == nil {
		return fmt.Errorf("found a sale that never was: %s", none.Body)
	}
	fmt.Println("refused", none.ApplicationproblemJSON404.Type, none.ApplicationproblemJSON404.Status)
	return nil
}

// look asks how a sale stands, at once or after waiting for its end.
func look(ctx context.Context, c *posd.ClientWithResponses, sale *posd.Sale, wait *string) error {
	now, err := c.GetSaleWithResponse(ctx, sale.Id, &posd.GetSaleParams{Wait: wait})
	if err != nil {
		return err
	}
	if now.JSON200 == nil {
		return fmt.Errorf("sale %s: %s", sale.Id, now.Body)
	}
	*sale = *now.JSON200
	return nil
}
