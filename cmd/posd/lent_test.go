package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
)

// lentCode reads the stream until the customer's page is shown a receipt's code, and
// scans it as a telephone does.
func (b *box) lentCode() string {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), deadline)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+b.n+"/v1/events", nil)
	if err != nil {
		b.t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		var told struct{ Screen struct{ Receipt []string } } // the snapshot that a stream begins with
		if err := json.Unmarshal([]byte(data), &told); err != nil {
			b.t.Fatal(err)
		}
		if rows := told.Screen.Receipt; len(rows) > 0 {
			return scanImage(b.t, drawn(rows))
		}
		b.t.Fatalf("no receipt is lent: %s", data)
	}
	b.t.Fatal(lines.Err())
	return ""
}

// drawn is the code of the stream's rows, as the page draws it.
func drawn(rows []string) image.Image {
	const px, quiet = 4, 4
	side := (len(rows) + 2*quiet) * px
	img := image.NewGray(image.Rect(0, 0, side, side))
	for y := range side {
		for x := range side {
			my, mx := y/px-quiet, x/px-quiet
			if my < 0 || mx < 0 || my >= len(rows) || mx >= len(rows) || rows[my][mx] != '1' {
				img.SetGray(x, y, color.Gray{255})
			}
		}
	}
	return img
}

// TestPosdLendsTheCustomerTheReceipt: with [pages] receipt_listen, the real process lends
// the receipt of a paid sale at an address that serves nothing else, and no more after a
// restart.
func TestPosdLendsTheCustomerTheReceipt(t *testing.T) {
	addr := freeAddr(t)
	b := newBox(t, fmt.Sprintf("[shop]\nname = \"Tea & Co\"\ncash = true\n[pages]\nreceipt_listen = %q\n", addr))
	d := b.daemon()
	if code, out, errs := b.run("sale", "12.34", "-method", "cash", "-wait"); code != 0 {
		t.Fatalf("exit %d: %s%s", code, out, errs)
	}
	code := b.lentCode()
	if !strings.HasPrefix(code, "http://"+addr+"/r/") {
		t.Fatalf("the code is %s, the listener is at %s", code, addr)
	}
	get := func(url string) (int, string) {
		t.Helper()
		res, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, string(body)
	}
	if status, body := get(code); status != 200 || !strings.Contains(body, "12.34") || !strings.Contains(body, "Tea &amp; Co") {
		t.Errorf("%d %s", status, body)
	}
	if status, body := get(code + "/receipt.png"); status != 200 || !strings.HasPrefix(body, "\x89PNG") {
		t.Errorf("%d %.20q", status, body)
	}
	for _, other := range []string{"/", "/v1/sales", "/display", "/openapi.json", "/r/" + strings.Repeat("A", 26)} {
		if status, body := get("http://" + addr + other); status != 404 || strings.Contains(body, "12.34") {
			t.Errorf("%s: %d %s", other, status, body)
		}
	}
	d.end(syscall.SIGTERM)
	d = b.daemon()
	defer d.end(syscall.SIGTERM)
	if status, body := get(code); status != 404 || strings.Contains(body, "12.34") {
		t.Errorf("after a restart: %d %s", status, body)
	}
}
