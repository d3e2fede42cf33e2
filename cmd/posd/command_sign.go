package main

import (
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"posd/device/sale"
	"posd/sync/iotpay"
)

// maxObject bounds the JSON text that sign reads.
const maxObject = 1 << 20

func signCommand(at *where) *cobra.Command {
	var verify, asJSON bool
	var keyFile string
	c := &cobra.Command{
		Use:   "sign [FILE]",
		Short: "Sign a JSON object as the gateway does, or check its signature",
		Long: `sign reads one JSON object, a request, an answer or a notification of IOTPay's,
from FILE or from its standard input, and prints the signature that belongs to it.
With -verify it says instead whether the signature in the object is right, and shows
the text that is signed. It sends nothing.

The key is the merchant key of the configuration, or the one in -key-file; -verify
tries the key of the gateway's answers as well, where the configuration names one. No
key is ever printed.

Exit codes of -verify: 0 right; 2 wrong, or not signed; 4 not verifiable.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			keys, err := at.keys(keyFile)
			if err != nil {
				return err
			}
			in := cmd.InOrStdin()
			if len(args) == 1 && args[0] != "-" {
				f, err := os.Open(args[0])
				if err != nil {
					return err
				}
				defer f.Close()
				in = f
			}
			text, err := io.ReadAll(io.LimitReader(in, maxObject+1))
			if err != nil {
				return err
			}
			if len(text) > maxObject {
				return fmt.Errorf("the text is longer than %d bytes: give one JSON object", maxObject)
			}
			o, err := iotpay.ParseObject(text)
			if err != nil {
				return err
			}
			if verify {
				return verified(cmd.OutOrStdout(), o, keys, asJSON)
			}
			if asJSON {
				return encodeTo(cmd.OutOrStdout(), map[string]string{"sign": iotpay.Sign(o, keys[0]), "signedText": o.SignedText()})
			}
			fmt.Fprintln(cmd.OutOrStdout(), iotpay.Sign(o, keys[0]))
			return nil
		},
	}
	c.Flags().BoolVar(&verify, "verify", false, "say whether the signature in the object is right")
	c.Flags().BoolVar(&asJSON, "json", false, "print the result as JSON")
	c.Flags().StringVar(&keyFile, "key-file", "", "`FILE` that holds the key; the configuration's when left out")
	return c
}

// keys reads the merchant key from a file, else from where the configuration
// says, and after it the key of the gateway's answers, if that is another one.
func (w *where) keys(file string) ([]sale.Secret, error) {
	if file != "" {
		key, err := (&Gateway{KeyFile: file}).merchantKey()
		return []sale.Secret{key}, err
	}
	c, err := load(w.configFile())
	if err != nil {
		return nil, err
	}
	if c.Gateway == nil {
		return nil, fmt.Errorf("%s has no [gateway], and so no key: name one with -key-file", w.configFile())
	}
	key, err := c.Gateway.merchantKey()
	if err != nil {
		return nil, err
	}
	answers, err := c.Gateway.answerKey()
	if answers == "" {
		return []sale.Secret{key}, err
	}
	return []sale.Secret{key, answers}, err
}

// whatIsSigned says how the text that a signature belongs to differs from the
// documented one.
func whatIsSigned(o iotpay.Object, text string) string {
	if len(text) < len(o.SignedText()) {
		return "over all fields but payParams"
	}
	return "over the fields in another order than the documented one"
}

// verdicts say what a signature proves, and the exit code that stands for it.
var verdicts = map[iotpay.Verdict]struct {
	words string
	code  int
}{
	iotpay.Genuine:       {"the signature is right", exitDone},
	iotpay.Unsigned:      {"not signed: there is no field sign, or it is empty; whoever sent this proves nothing", exitDeclined},
	iotpay.Forged:        {"the signature is wrong: another key, or a field was changed after signing", exitDeclined},
	iotpay.NotVerifiable: {"not verifiable: a field holds an object, and how the gateway signs those is not documented; this is no proof either way", exitUnsure},
}

// verified prints what the signature of an object proves.
func verified(w io.Writer, o iotpay.Object, keys []sale.Secret, asJSON bool) error {
	verdict, text := iotpay.VerifyText(o, keys[0])
	for _, key := range keys[1:] {
		if again, with := iotpay.VerifyText(o, key); verdict != iotpay.Genuine && again == iotpay.Genuine {
			verdict, text = again, with
		}
	}
	says := verdicts[verdict]
	due := iotpay.Sign(o, keys[0])
	if verdict == iotpay.Genuine && text != o.SignedText() {
		due = o.Text("sign")
		says.words += ", " + whatIsSigned(o, text)
	}
	var end error
	if says.code != exitDone {
		end = &ended{code: says.code}
	}
	if asJSON {
		if err := encodeTo(w, map[string]any{
			"right": verdict == iotpay.Genuine, "verdict": verdict, "words": says.words,
			"signedText": text, "sign": o.Text("sign"), "due": due,
		}); err != nil {
			return err
		}
		return end
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "verdict\t%s\n", says.words)
	fmt.Fprintf(t, "signed text\t%s&key=(the key)\n", onOneLine(text))
	if o.Has("sign") {
		fmt.Fprintf(t, "signature\t%s\n", onOneLine(o.Text("sign")))
	}
	if verdict != iotpay.Genuine {
		fmt.Fprintf(t, "would be\t%s\n", due)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	return end
}
