package iotpay

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"

	"posd/device/sale"
)

// Advice returns a sentence for the shop: what is wrong, and what to do about it.
func Advice(t sale.Trouble) string {
	switch t {
	case sale.TroubleNone:
		return "the gateway answers"
	case sale.TroubleDNS:
		return "the gateway's name cannot be resolved: is the shop's internet up?"
	case sale.TroubleConnect:
		return "no connection to the gateway: is the shop's internet up, and does a firewall allow it?"
	case sale.TroubleTLS:
		return "no safe connection to the gateway: something between the shop and the gateway breaks its encryption"
	case sale.TroubleTimeout:
		return "the gateway does not answer in time: the connection is slow, or the gateway is"
	case sale.TroublePortal:
		return "a web page answers in the gateway's place: log in to the shop's network with a browser"
	case sale.TroubleServer:
		return "the gateway is there but in trouble: wait, or ask IOTPay"
	case sale.TroubleThrottled:
		return "the gateway asks for fewer questions: posd slows down by itself"
	case sale.TroubleKey:
		return "the gateway refuses our merchant, login or key, or signs with another key: check mch_id, job_no and the merchant key"
	case sale.TroubleClock:
		return "this box's clock is wrong: set it, and let it follow a time server"
	}
	return "unknown trouble with the gateway"
}

// diagnose turns an exchange without a usable answer into a result, a trouble
// and words.
func (x *exchange) diagnose() (sale.GatewayResult, sale.Trouble, string) {
	result := sale.GatewayLost
	if !x.sent {
		result = sale.GatewayNotSent
	}
	trouble, words := sale.TroubleConnect, ""
	switch {
	case x.err != nil && x.status == 0:
		trouble, words = diagnoseError(x.err, x.tls)
	case x.status == http.StatusTooManyRequests:
		trouble = sale.TroubleThrottled
	case x.status == http.StatusServiceUnavailable && x.header.Get("Retry-After") != "":
		trouble = sale.TroubleThrottled
	case x.status >= 300 && x.status < 400, x.status == http.StatusNetworkAuthenticationRequired:
		trouble = sale.TroublePortal
	case x.status != http.StatusOK:
		trouble = sale.TroubleServer
	case x.err != nil:
		trouble, words = diagnoseError(x.err, false)
		words = "the answer broke off: " + words
	case x.html():
		trouble = sale.TroublePortal
	default:
		trouble, words = sale.TroubleServer, "the answer is not JSON"
	}
	if words == "" {
		words = http.StatusText(x.status)
	}
	if x.status != 0 && x.status != http.StatusOK {
		words = fmt.Sprintf("HTTP %d: %s", x.status, words)
	}
	if trouble == sale.TroubleNone {
		return result, trouble, printable(words)
	}
	return result, trouble, Advice(trouble) + " (" + printable(words) + ")"
}

func diagnoseError(err error, handshake bool) (sale.Trouble, string) {
	var (
		dns     *net.DNSError
		invalid x509.CertificateInvalidError
		cert    *tls.CertificateVerificationError
		record  tls.RecordHeaderError
		timeout interface{ Timeout() bool }
	)
	switch {
	case errors.Is(err, context.Canceled):
		return sale.TroubleNone, "stopped while asking"
	case errors.As(err, &dns):
		return sale.TroubleDNS, dns.Error()
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return sale.TroubleClock, invalid.Error()
	case errors.As(err, &cert), errors.As(err, &record), handshake:
		return sale.TroubleTLS, root(err)
	case errors.As(err, &timeout) && timeout.Timeout():
		return sale.TroubleTimeout, "deadline exceeded"
	}
	return sale.TroubleConnect, root(err)
}

// root returns the innermost words of an error: the address and the method
// around them are known.
func root(err error) string {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err.Error()
		}
		err = inner
	}
}
