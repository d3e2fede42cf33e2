package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"posd/device/sale"
	"posd/sync/iotpay"
)

func orderCreateCommand(d *desk) *cobra.Command {
	var order orderFlags
	var wait time.Duration
	var draw bool
	c := &cobra.Command{
		Use:   "create -channel CHANNEL -amount AMOUNT",
		Short: "Place an order on one of the gateway's channels",
		Long: "create places an order and prints what the customer needs to pay it: a code, an\n" +
			"address, or what opens an app. The order's number is printed before anything is\n" +
			"sent, so that a lost answer can be asked for: posd order query NO.\n\n" +
			"Channels: " + channelList() + ".\n\n" +
			"On the MICROPAY channels the order itself takes the money, with the customer's own\n" +
			"code; it is asked after until it has ended. CC_PAX tells the gateway of a card\n" +
			"payment and moves no money; the till does that by itself for its own sales.",
		Args: cobra.NoArgs,
	}
	c.RunE = func(cmd *cobra.Command, _ []string) error {
		o, err := order.read(cmd.InOrStdin())
		if err != nil {
			return err
		}
		config, client, err := d.open()
		if err != nil {
			return err
		}
		defer client.Close()
		if err := complete(&o, config); err != nil {
			return err
		}
		if !cmd.Flags().Changed("wait") && o.Channel.Micropay() {
			wait = time.Minute
		}
		return d.create(cmd, client, o, wait, draw)
	}
	order.define(c)
	c.Flags().DurationVar(&wait, "wait", 0, "ask after the order for so long, or until it has ended; 1m on the MICROPAY channels")
	c.Flags().BoolVar(&draw, "qr", false, "draw the code even if the output is no terminal")
	return c
}

// orderFlags are what an order is composed of on the command line.
type orderFlags struct {
	iotpay.Order
	channel, amount, tip, code, extra string
}

// define defines the flags.
func (o *orderFlags) define(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&o.channel, "channel", "", "the `CHANNEL`, such as WX_NATIVE or ALIPAY_WAP")
	f.StringVar(&o.amount, "amount", "", "what to ask for, as `28.65` or 2865c")
	f.StringVar(&o.No, "no", "", "the order's `NUMBER`, never used before; made and printed when left out")
	f.StringVar(&o.Currency, "currency", "", "three `LETTERS`; the shop's when left out")
	f.StringVar(&o.Subject, "subject", "", "what was bought, its `TITLE`; the configuration's when left out")
	f.StringVar(&o.Body, "body", "", "what was bought, in `WORDS`; the configuration's when left out")
	f.StringVar(&o.NotifyURL, "notify-url", "", "`ADDRESS` for the gateway's notification; the configuration's when left out")
	f.StringVar(&o.ReturnURL, "return-url", "", "`ADDRESS` the customer's browser goes to afterwards")
	f.StringVar(&o.OSType, "os", "", "`IOS or ANDROID`: the customer's phone (ALIPAY_WAP and ALIPAY_MOBILE need it)")
	f.StringVar(&o.ProductID, "product-id", "", "`PRODUCT` (WX_NATIVE); the configuration's when left out")
	f.StringVar(&o.OpenID, "open-id", "", "the customer's `ID` at WeChat (WX_JSAPI)")
	f.StringVar(&o.AppID, "app-id", "", "the app's `ID` at WeChat (WX_APP, mini programs)")
	f.StringVar(&o.code, "code", "", "the customer's own `CODE` (MICROPAY channels), or - to read it from the standard input")
	f.StringVar(&o.DeviceID, "device-id", "", "the scanner's `NAME` (MICROPAY channels)")
	f.StringVar(&o.extra, "extra", "", "`FILE` with the text of extra: the card transaction as JSON (CC_PAX), or the channel's own whole; - for the standard input")
	f.StringVar(&o.Source, "source", "", "point-of-sale `SOFTWARE` and its version (CC_PAX)")
	f.StringVar(&o.tip, "tip", "", "the tip, as `2.00` or 200c (CC_PAX)")
	f.StringVar(&o.Param2, "param2", "", "`TEXT` that comes back in the notification")
	f.StringVar(&o.Remarks, "remarks", "", "`TEXT` kept with the order")
	c.MarkFlagRequired("channel")
	c.MarkFlagRequired("amount")
}

// read composes the order of what the flags say and of what stands in files or on in.
func (o *orderFlags) read(in io.Reader) (order iotpay.Order, err error) {
	order = o.Order
	order.Channel = sale.Channel(strings.ToUpper(o.channel))
	if order.Amount, err = sale.ParseAmount(o.amount); err != nil {
		return order, err
	}
	if o.tip != "" {
		if order.Tip, err = sale.ParseAmount(o.tip); err != nil {
			return order, err
		}
	}
	if order.AuthCode, err = secretOf(in, o.code); err != nil {
		return order, err
	}
	if o.extra != "" {
		order.CardExtra, err = secretOf(in, fileOrDash(o.extra))
	}
	return order, err
}

// complete puts in what the configuration knows, and refuses an order that would
// tell a card's number.
func complete(o *iotpay.Order, c Config) error {
	if !masked(o.CardExtra) {
		return errors.New("extra holds a card number that is not masked: write only its last four digits, such as XXXXXXXXXXXX1166")
	}
	if o.CardExtra != "" && (o.ProductID != "" || o.OpenID != "" || o.AppID != "") {
		return errors.New("extra is given as a whole, and a part of it, too (-product-id, -open-id or -app-id): give one of them")
	}
	if o.Currency == "" {
		o.Currency = c.Shop.Currency
	}
	if o.ProductID == "" && o.Channel == sale.WXNative && o.CardExtra == "" {
		o.ProductID = c.Gateway.ProductID
	}
	if o.DeviceID == "" && o.Channel.Micropay() {
		o.DeviceID = c.Gateway.DeviceID
	}
	return nil
}

func channelList() string {
	var names []string
	for _, ch := range iotpay.Channels {
		names = append(names, string(ch))
	}
	const half = 7
	return strings.Join(names[:half], ", ") + ",\n" + strings.Join(names[half:], ", ")
}

// secretOf returns text, or what stands in a file ("@FILE") or on stdin ("-").
func secretOf(in io.Reader, text string) (sale.Secret, error) {
	file, isFile := strings.CutPrefix(text, "@")
	var read []byte
	var err error
	switch {
	case text == "-":
		read, err = io.ReadAll(io.LimitReader(in, maxObject))
	case isFile:
		read, err = os.ReadFile(file)
	default:
		return sale.Secret(text), nil
	}
	return sale.Secret(strings.TrimSpace(string(read))), err
}

// fileOrDash marks a file's name for secretOf.
func fileOrDash(name string) string {
	if name == "-" {
		return name
	}
	return "@" + name
}

// newNumber returns the number given, or makes one, and prints it before
// anything is sent under it.
func newNumber(cmd *cobra.Command, what, no string) string {
	if no == "" {
		no = newKey()
	}
	fmt.Fprintln(cmd.ErrOrStderr(), what, no)
	return no
}

func (d *desk) create(cmd *cobra.Command, client *iotpay.Client, o iotpay.Order, wait time.Duration, draw bool) error {
	o.No = newNumber(cmd, "order", o.No)
	for _, w := range o.Warnings() {
		fmt.Fprintln(cmd.ErrOrStderr(), "note:", w)
	}
	view, debit := place(cmd.Context(), client, o)
	if wait > 0 && (debit || view.Result == sale.GatewayOK) && o.Channel != sale.CCPax {
		if view.Placed != nil && !d.json {
			if err := view.print(cmd.OutOrStdout(), draw); err != nil {
				return err
			}
			view.Placed = nil // it was shown
		}
		d.follow(cmd.Context(), client, &view, wait)
	} else if debit {
		view.unasked()
	}
	if err := d.show(cmd, view, draw); err != nil {
		return err
	}
	return view.end("posd order query " + o.No)
}
