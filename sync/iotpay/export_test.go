package iotpay

import "crypto/tls"

// WithTLS sets which certificates are trusted, as a test's server needs.
// Verification stays on.
func WithTLS(c *tls.Config) Option {
	return func(o *options) {
		o.tls = c.Clone()
		o.tls.InsecureSkipVerify = false
	}
}
