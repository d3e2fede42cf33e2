package printer

import (
	"context"
	"crypto/sha256"
	"errors"
	"os"
	"strings"
	"time"
)

// A logo is most of a receipt's bytes: 576 by 216 dots are 15 KB, 16 s at 9600.
// Printers whose profile says so keep it themselves, and a receipt then names it
// in 11 bytes. Such memory wears out, so it is written only when the printer
// says that it has another picture, or none:
//
//	posd                                    printer
//	GS ( L 64 which keys ----------------->
//	       <-------------------------------  7r@ AB CD ... 00 (nothing if it has none)
//	ACK    ------------------------------->
//	GS ( L 67 logo under AB -------------->        only if AB or CD is missing
//	GS ( L 67 eight dots under CD -------->
//
// AB and CD are made of the picture's digest. CD is written when the logo is
// whole: a command that a lost line cut off is filled up with zeros, so AB alone
// may be half a logo. Nothing of this is remembered here: a printer that was
// exchanged is asked like any other.
//
// Every printer that does not confirm all this is sent the picture with each
// receipt.

// The functions of GS ( L about pictures kept without power.
const (
	keptList   = 64
	keptDefine = 67
	keptPrint  = 69
	ack        = 0x06
)

// keptKeys returns the names under which a picture and its mark are kept.
func keptKeys(p *picture) (logo, mark string) {
	sum := sha256.Sum256(append([]byte{byte(p.w), byte(p.w >> 8)}, p.rows...))
	for i := range sum[:4] {
		sum[i] = 'A' + sum[i]%26
	}
	return string(sum[:2]), string(sum[2:4])
}

// appendKept appends the command that keeps a picture under a key.
func appendKept(dst []byte, key string, p *picture) []byte {
	n := len(p.rows) + 11
	dst = append(dst, GS, '(', 'L', byte(n), byte(n>>8), '0', keptDefine, '0', key[0], key[1], 1,
		byte(p.w), byte(p.w>>8), byte(p.h), byte(p.h>>8), '1')
	return append(dst, p.rows...)
}

// keepLogo sees to it that the printer has the logo, once on a connection. It
// is called while nothing is printed.
func (p *Printer) keepLogo(ctx context.Context, t *session) error {
	logo := p.layout.logo
	if logo == nil || !p.encoder.profile.Keeps || p.logoAsked {
		return nil
	}
	p.logoAsked = true
	key, mark := keptKeys(logo)
	has, err := p.kept(ctx, t, key, mark, p.cfg.AnswerLimit)
	if has {
		p.encoder.kept = key
	}
	if err != nil || has {
		return err
	}
	if p.logoSent {
		return nil // it does not keep what it was given: the memory is full, or not for us
	}
	p.logoSent = true
	began := time.Now()
	p.torn = len(logo.rows) + leastFlush
	if err := p.send(ctx, t, appendKept(nil, key, logo)); err != nil {
		return err
	}
	p.torn = 0
	if err := p.send(ctx, t, appendKept(nil, mark, newPicture(8, 1))); err != nil {
		return err
	}
	// Such memory is slow: its answer comes when it is written.
	if has, err = p.kept(ctx, t, key, mark, p.cfg.PrintLimit); !has {
		p.log.Warn("the printer does not keep the logo: it is sent with every receipt", "err", err)
		return err
	}
	p.encoder.kept = key
	p.log.Info("the printer keeps the logo", "bytes", len(logo.rows), "took", time.Since(began))
	return nil
}

// kept asks for the keys of all kept pictures and reports whether both are among
// them. Silence means none.
func (p *Printer) kept(ctx context.Context, t *session, key, mark string, wait time.Duration) (bool, error) {
	if err := t.write(ctx, []byte{GS, '(', 'L', 4, 0, '0', keptList, 'K', 'C'}); err != nil {
		return false, err
	}
	found := map[string]bool{}
	until := time.Now().Add(wait)
	for range 64 { // blocks of a list; more than any memory holds
		s, err := t.next(ctx, until)
		for ; err == nil && !(s.kind == sigText && strings.HasPrefix(s.text, "7r")); s, err = t.next(ctx, until) {
			p.take(s)
		}
		if errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
		if err != nil {
			return false, err
		}
		for keys := s.text[min(3, len(s.text)):]; len(keys) >= 2; keys = keys[2:] {
			found[keys[:2]] = true
		}
		if err := t.write(ctx, []byte{ack}); err != nil {
			return false, err
		}
		if !strings.HasPrefix(s.text, "7rA") {
			break
		}
	}
	return found[key] && found[mark], nil
}

// appendPrintKept appends the command that prints a kept picture as it is.
func appendPrintKept(dst []byte, key string) []byte {
	return append(dst, GS, '(', 'L', 6, 0, '0', keptPrint, key[0], key[1], 1, 1)
}
