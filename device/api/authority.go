package api

import (
	"crypto/sha256"
	"encoding/pem"
	"fmt"
	"html"
	"net/http"
	"strings"
)

// authorityPage says how a tablet learns to trust this till.
func (h *handlers) authorityPage(w http.ResponseWriter, r *http.Request) {
	text := h.authority()
	if text == nil {
		writeProblem(w, problem(http.StatusNotFound, "not-found", "This till has no authority of its own: posd tls init makes one, for the network."))
		return
	}
	print := ""
	if block, _ := pem.Decode(text); block != nil {
		sum := sha256.Sum256(block.Bytes)
		print = strings.TrimSuffix(strings.ReplaceAll(fmt.Sprintf("% X", sum[:]), " ", ":"), ":")
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Trust this till</title>
<h1>Trust this till</h1>
<ol>
<li>Compare this fingerprint with what <code>posd tls init</code> printed on the till; go on only if they are the same:<br><code>%s</code>
<li>Load <a href="/authority.pem">the authority's certificate</a> onto this tablet.
<li>iPad: Settings, Profile Downloaded, Install; then General, About, Certificate Trust Settings, switch it on. Android: Settings, Security, Encryption and credentials, Install a certificate, CA certificate. Windows, macOS, Linux: import it as a trusted root.
<li>Open this till's page again: no warning is left.
</ol>
</html>
`, html.EscapeString(print))
}

// authorityFile is the certificate itself.
func (h *handlers) authorityFile(w http.ResponseWriter, r *http.Request) {
	text := h.authority()
	if text == nil {
		h.authorityPage(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/x-x509-ca-cert")
	_, _ = w.Write(text) // the caller may be gone
}

func (h *handlers) authority() []byte {
	if h.Authority == nil {
		return nil
	}
	return h.Authority()
}
