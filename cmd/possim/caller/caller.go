// Package caller asks posd's HTTP API as any other program would: it knows posd by its
// contract only.
package caller

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
)

// MaxAnswer bounds what is read of one answer of posd, in bytes.
const MaxAnswer = 4 << 20

// Client asks the posd at Base, such as http://127.0.0.1:8480.
type Client struct {
	Base string
	HTTP *http.Client
	Host string // in place of Base's, if given
}

// New returns a client of the posd that listens at addr, host:port.
func New(addr string) *Client {
	return &Client{Base: "http://" + addr, HTTP: &http.Client{Transport: &http.Transport{MaxIdleConns: 4}}}
}

// Problem is an answer that is not 2xx, as RFC 9457 has it.
type Problem struct {
	Status int    `json:"status"`
	Type   string `json:"type"`
	Title  string `json:"title"`
	Detail string `json:"detail"`
	Form   string `json:"-"` // the Content-Type
	Body   string `json:"-"`
}

func (p *Problem) Error() string {
	words := p.Detail
	if words == "" {
		words = p.Title
	}
	if words == "" {
		words = p.Body
	}
	return fmt.Sprintf("posd answered %d: %s", p.Status, words)
}

// Call sends one request, with an Idempotency-Key if key is given and body as JSON
// unless it is nil, and decodes the answer into out unless that is nil. An answer that
// is not 2xx is a *Problem.
func (c *Client) Call(ctx context.Context, method, path, key string, body, out any) error {
	var reader io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return err
		}
		reader = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.Base+path, reader)
	if err != nil {
		return err
	}
	req.Host = c.Host
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	return c.Do(req, out)
}

// Do is Call for a request that stands already.
func (c *Client) Do(req *http.Request, out any) error {
	what := req.Method + " " + req.URL.Path
	res, err := c.HTTP.Do(req)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, MaxAnswer))
	if err != nil {
		return fmt.Errorf("%s: read the answer: %w", what, err)
	}
	if res.StatusCode/100 != 2 {
		p := &Problem{Form: res.Header.Get("Content-Type"), Body: string(text[:min(len(text), 200)])}
		json.Unmarshal(text, p) // what is not JSON stays in Body
		p.Status = res.StatusCode
		return p
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return fmt.Errorf("%s: the answer %s is not understood: %w", what, strconv.Quote(string(text[:min(len(text), 120)])), err)
	}
	return nil
}
