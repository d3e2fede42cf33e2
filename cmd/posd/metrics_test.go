package main

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"posd/device/sale"
)

func TestASaleCountsOnceWhenItEnds(t *testing.T) {
	c := all()
	m := newMetrics(nil, &board{config: c, parts: &parts{}, journal: &journal{}})
	told := []sale.Sale{
		{ID: "1", Method: sale.Card, State: sale.Waiting},
		{ID: "1", Method: sale.Card, State: sale.Paid, ApprovedAmount: 2865},
		{ID: "1", Method: sale.Card, State: sale.Paid, ApprovedAmount: 2865, Printed: sale.PrintDone},
		{ID: "2", Method: sale.WeChat, State: sale.Unsure},
		{ID: "3", Method: sale.Card, State: sale.Paid, ApprovedAmount: 100}, // of an earlier run
		{ID: "2", Method: sale.WeChat, State: sale.Cancelled},
	}
	for _, s := range told {
		m.saw(s)
	}
	var b bytes.Buffer
	m.ofSales(page{&b})
	for _, line := range []string{
		`posd_sales_total{method="card",state="paid"} 1`,
		`posd_sales_total{method="wechat",state="cancelled"} 1`,
		`posd_sales_total{method="wechat",state="paid"} 0`,
		`posd_sales_paid_cents_total{method="card"} 2865`,
	} {
		if !strings.Contains(b.String(), line+"\n") {
			t.Errorf("%s is missing:\n%s", line, b.String())
		}
	}
	if len(m.open) != 0 {
		t.Errorf("%d sales are kept though all have ended", len(m.open))
	}
}

func TestMetricsAreInTheTextFormat(t *testing.T) {
	c := all()
	c.Displays[0].Name = "the \"big\" one\\left"
	p, err := plugIn(Config{Displays: c.Displays}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	p.gateway = &gateway{}
	m := newMetrics(nil, &board{config: c, parts: p, journal: &journal{}})
	var b bytes.Buffer
	m.ofSales(page{&b})
	m.ofDevices(page{&b})
	m.ofProcess(page{&b})
	sample := regexp.MustCompile(`^[a-z_]+(\{[a-z]+="([^"\\\n]|\\.)*"(,[a-z]+="([^"\\\n]|\\.)*")*\})? [0-9.e+-]+$`)
	comment := regexp.MustCompile(`^# (HELP [a-z_]+ \S.*|TYPE [a-z_]+ (gauge|counter))$`)
	for line := range strings.Lines(b.String()) {
		line = strings.TrimSuffix(line, "\n")
		if !sample.MatchString(line) && !comment.MatchString(line) {
			t.Errorf("not the text format: %s", line)
		}
	}
	if !strings.Contains(b.String(), `posd_device_up{device="the \"big\" one\\left"} 0`) {
		t.Errorf("the display's name is not escaped:\n%s", b.String())
	}
}

// What alerts and dashboards ask for must be what posd serves, or they are silent for ever.
func TestAlertsAndDashboardNameMetricsThatExist(t *testing.T) {
	served := map[string]bool{"up": true} // Prometheus' own
	for _, file := range []string{"metrics.go", "fleet.go"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`p\.(?:gauge|family)\("([a-z_]+)"`).FindAllStringSubmatch(string(text), -1) {
			served[m[1]] = true
		}
	}
	used := map[string]bool{}
	for _, file := range []string{"prometheus/posd.rules.yml", "prometheus/posd.rules_test.yml", "grafana/posd.json"} {
		text, err := os.ReadFile("../../configs/" + file)
		if err != nil {
			t.Fatal(err)
		}
		names := regexp.MustCompile(`\b(?:posd|go|process)_[a-z_]+\b`).FindAllString(string(text), -1)
		if len(names) == 0 {
			t.Errorf("configs/%s names no metric", file)
		}
		for _, name := range names {
			if used[name] = true; !served[name] {
				t.Errorf("configs/%s asks for %s, which posd does not serve", file, name)
			}
		}
	}
	var board map[string]any
	if text, err := os.ReadFile("../../configs/grafana/posd.json"); err != nil || json.Unmarshal(text, &board) != nil {
		t.Errorf("configs/grafana/posd.json is no JSON: %v", err)
	}
	for name := range served {
		if !used[name] && strings.HasPrefix(name, "posd_") && !strings.HasPrefix(name, "posd_fleet_") {
			t.Errorf("nobody looks at %s", name)
		}
	}
}
