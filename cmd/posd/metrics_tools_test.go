//go:build tools

package main

import "testing"

// The alerts are understood by Prometheus, and fire when they should.
func TestTheAlertsFire(t *testing.T) {
	tool(t, "promtool", "check", "rules", "../../configs/prometheus/posd.rules.yml")
	tool(t, "promtool", "test", "rules", "../../configs/prometheus/posd.rules_test.yml")
}
