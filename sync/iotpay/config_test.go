package iotpay_test

import (
	"errors"
	"log/slog"
	"strings"
	"testing"

	"posd/sync/iotpay"
)

func TestDefaultsNeedOnlyTheMerchant(t *testing.T) {
	cfg := iotpay.Defaults()
	if faults := cfg.Validate(); len(faults) != 2 {
		t.Errorf("defaults have the faults %v, want mch_id and job_no alone", faults)
	}
	cfg.MchID, cfg.JobNo = "10000701", "till1"
	if faults := cfg.Validate(); len(faults) != 0 {
		t.Errorf("faults %v", faults)
	}
}

func TestEveryConfigFaultIsNamed(t *testing.T) {
	cfg := testConfig()
	cfg.BaseURL = "http://api.iotpaycloud.com/v1/"
	cfg.ClientIP = "fe80::1"
	cfg.Subject = strings.Repeat("茶", 65)
	cfg.Body = "\xff"
	cfg.CallTimeout = 0
	cfg.QueryTries = 0
	cfg.Workers = 1000
	cfg.NotFoundTexts = []string{" "}
	all := errors.Join(cfg.Validate()...).Error()
	for _, key := range []string{"base_url", "client_ip", "subject", "body", "call_timeout", "query_tries", "workers", "not_found_texts"} {
		if !strings.Contains(all, key) {
			t.Errorf("no fault names %s:\n%s", key, all)
		}
	}
	if _, err := iotpay.New(cfg, testKey, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("New took it")
	}
}

func TestEmptyKeyIsRefused(t *testing.T) {
	if _, err := iotpay.New(testConfig(), " \n", slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "key") {
		t.Errorf("got %v", err)
	}
}
