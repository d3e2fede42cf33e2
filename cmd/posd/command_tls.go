package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
)

func tlsCommand(at *where) *cobra.Command {
	c := &cobra.Command{
		Use:   "tls",
		Short: "Make the certificate by which tablets and registers reach this till over the network",
	}
	c.AddCommand(&cobra.Command{
		Use:   "init",
		Short: "Make an authority of this box's own, if there is none, and a certificate by it",
		Long: `init makes an authority in the state folder that may vouch for this box's names
alone (the address of lan_listen, and [api], hosts), and a certificate by it. Each
tablet learns the authority once: open /authority on it, compare the fingerprint
with the one printed here, and install the file. posd renews the certificate by
itself; init makes it anew at once, after a name was added for example. An
authority made before a name was added cannot vouch for it: remove its files first.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := load(at.configFile())
			if err != nil {
				return err
			}
			f, names := c.tlsFiles(), c.lanNames()
			switch {
			case f.authority == "":
				return fmt.Errorf("cert_file in [api] names %s: renew that one, or remove cert_file and key_file", f.cert)
			case len(names) == 0:
				return errors.New("lan_listen in [api] is empty: write this box's address there first, such as \"192.168.1.10:8443\"")
			}
			if _, err := os.Stat(f.authorityKey); errors.Is(err, os.ErrNotExist) {
				err = makeAuthority(f, names, time.Now())
				if err != nil {
					return err
				}
			}
			if err := signCertificate(f, names, time.Now()); err != nil {
				return err
			}
			print, err := fingerprint(f.authority)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "certificate for %v until %s\nauthority %s\nSHA-256 fingerprint %s\n", names, time.Now().Add(certFor).Format(time.DateOnly), f.authority, print)
			return ownedAs(c.Store.Dir, filepath.Dir(f.cert), f.cert, f.key, f.authority, f.authorityKey)
		},
	})
	return c
}
