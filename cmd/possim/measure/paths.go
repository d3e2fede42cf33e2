package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// shopPause is what goes by between two sales of a shop at the least: nothing is warm any more.
const shopPause = 60 * time.Millisecond

// patience is how long anything may take before the measurement is given up.
const patience = 30 * time.Second

// sample is one path of one daemon, several times.
type sample []time.Duration

func (s sample) quantile(q float64) time.Duration {
	all := slices.Sorted(slices.Values(s))
	return all[min(len(all)-1, int(q*float64(len(all))))]
}

// compared is two daemons that took turns.
type compared struct{ posd, least sample }

// row is the median of the ratios of rounds, and what spreads around it.
func (c compared) row(no, what, goal string, limit float64) row {
	const round = 10
	var ratios []float64
	for i := 0; i+round <= len(c.posd); i += round {
		ratios = append(ratios, float64(c.posd[i:i+round].quantile(0.5))/float64(c.least[i:i+round].quantile(0.5)))
	}
	if len(ratios) == 0 {
		ratios = []float64{float64(c.posd.quantile(0.5)) / float64(c.least.quantile(0.5))}
	}
	slices.Sort(ratios)
	r := row{No: no, What: what, Floor: ms(c.least.quantile(0.5)), Posd: ms(c.posd.quantile(0.5)), Ratio: ratios[len(ratios)/2],
		Spread: fmt.Sprintf("%.2f-%.2f", ratios[0], ratios[len(ratios)-1]), Worst: fmt.Sprintf("%s / %s", ms(slices.Max(c.posd)), ms(slices.Max(c.least))), Goal: goal}
	r.judge(limit)
	return r
}

func ms(d time.Duration) string { return fmt.Sprintf("%.2f ms", float64(d.Microseconds())/1000) }

// cards sells by card, each daemon in turn, and times the way to the terminal and the way to paper.
func cards(posd, least *counter, n int) (terminal, paper compared, err error) {
	for i := range n {
		for _, d := range []struct {
			*counter
			terminal, paper *sample
			path            string
		}{{posd, &terminal.posd, &paper.posd, "/v1/sales"}, {least, &terminal.least, &paper.least, "/card"}} {
			time.Sleep(shopPause)
			d.clock.reset()
			at, id, err := d.post(d.path, fmt.Sprintf(`{"amount":%d,"method":"card"}`, 100+i), fmt.Sprintf("card-%d-%d", i, time.Now().UnixNano()))
			if err != nil {
				return terminal, paper, err
			}
			frame, err := d.clock.wait("frame", patience)
			if err != nil {
				return terminal, paper, err
			}
			answer, err := d.clock.wait("answer", patience)
			if err != nil {
				return terminal, paper, err
			}
			printed, err := d.clock.wait("paper", patience)
			if err != nil {
				return terminal, paper, fmt.Errorf("%s, sale %s of round %d: %w", d.process.Path, id, i, err)
			}
			if d.counter == posd {
				if err := posd.until(id, func(s saleState) bool { return s.State == "paid" && s.Printed == "printed" && s.Reported == "done" }); err != nil {
					return terminal, paper, err
				}
			}
			*d.terminal, *d.paper = append(*d.terminal, frame.Sub(at)), append(*d.paper, printed.Sub(answer))
		}
	}
	return terminal, paper, nil
}

// codes asks for wallet codes and times the way to glass, less what the gateway took.
func codes(posd, least *counter, n int) (glass compared, err error) {
	for i := range n {
		for _, d := range []struct {
			*counter
			glass *sample
			path  string
		}{{posd, &glass.posd, "/v1/sales"}, {least, &glass.least, "/code"}} {
			time.Sleep(shopPause)
			d.clock.reset()
			at, id, err := d.post(d.path, fmt.Sprintf(`{"amount":%d,"method":"wechat","reference":"bill-%d"}`, 100+i, i), fmt.Sprintf("code-%d-%d", i, time.Now().UnixNano()))
			if err != nil {
				return glass, err
			}
			shown, err := d.clock.wait("glass", patience)
			if err != nil {
				return glass, err
			}
			asked, err := d.clock.wait("asked", time.Second)
			if err != nil {
				return glass, err
			}
			told, err := d.clock.wait("told", time.Second)
			if err != nil {
				return glass, err
			}
			*d.glass = append(*d.glass, asked.Sub(at)+shown.Sub(told))
			if d.counter == posd {
				if err := posd.pay(id); err != nil {
					return glass, err
				}
			}
		}
	}
	return glass, nil
}

type saleState struct{ State, Printed, Reported, MchOrderNo string }

// until waits for a sale of posd's to be as it should.
func (c *counter) until(id string, as func(saleState) bool) error {
	var s saleState
	for begun := time.Now(); time.Since(begun) < patience; time.Sleep(5 * time.Millisecond) {
		res, err := http.Get("http://" + c.listen + "/v1/sales/" + id)
		if err != nil {
			return err
		}
		err = json.NewDecoder(res.Body).Decode(&s)
		res.Body.Close()
		if err != nil || as(s) {
			return err
		}
	}
	return fmt.Errorf("sale %s stays as it is: %+v", id, s)
}

// pay pays a sale's order, and waits until posd has heard of it.
func (c *counter) pay(id string) error {
	var no string
	if err := c.until(id, func(s saleState) bool { no = s.MchOrderNo; return true }); err != nil {
		return err
	}
	if err := c.gateway.Pay(no); err != nil {
		return err
	}
	return c.until(id, func(s saleState) bool { return s.State == "paid" && s.Printed == "printed" })
}
