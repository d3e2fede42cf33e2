package core

import (
	"fmt"
	"slices"
	"time"

	"posd/device/sale"
)

// RefundLimits are what each wallet allows of refunds.
type RefundLimits struct {
	WeChat   RefundLimit `toml:"wechat"`
	Alipay   RefundLimit `toml:"alipay"`
	UnionPay RefundLimit `toml:"unionpay"`
}

// RefundLimit is what a wallet allows of refunds of one sale. Beyond it a refund is
// sent only once a person, who was told, says so.
type RefundLimit struct {
	// Days is how many days after the payment money can be given back; 0: no limit.
	Days int `toml:"days"`
	// Parts is how many refunds one sale may have; 0: no limit.
	Parts int `toml:"parts"`
	// Apart is the least time between two refunds of one sale.
	Apart time.Duration `toml:"apart"`
}

// defaultRefundLimits are what wallets have been heard to allow.
func defaultRefundLimits() RefundLimits {
	return RefundLimits{
		WeChat:   RefundLimit{Days: 365, Parts: 50, Apart: time.Minute},
		Alipay:   RefundLimit{Days: 90},
		UnionPay: RefundLimit{Days: 180},
	}
}

// faults returns the keys below [shop.refunds] that are not possible.
func (r RefundLimits) faults() (keys []string) {
	for name, l := range map[string]RefundLimit{"wechat": r.WeChat, "alipay": r.Alipay, "unionpay": r.UnionPay} {
		if l.Days < 0 || l.Parts < 0 || l.Apart < 0 {
			keys = append(keys, name)
		}
	}
	slices.Sort(keys)
	return keys
}

// Of returns the limit of the wallet that pays over a channel.
func (r RefundLimits) Of(ch sale.Channel) RefundLimit {
	switch ch.Wallet() {
	case sale.WeChat:
		return r.WeChat
	case sale.Alipay:
		return r.Alipay
	case sale.UnionPay:
		return r.UnionPay
	}
	return RefundLimit{}
}

// TooLate says that a wallet takes no refund of what was paid then, or nothing. Days
// are the calendar's, so they are told by the wall clock; a clock that is wrong costs
// a person one question.
func (l RefundLimit) TooLate(paid, now time.Time) string {
	days := int(now.Sub(paid) / (24 * time.Hour))
	if l.Days == 0 || days <= l.Days {
		return ""
	}
	return fmt.Sprintf("this wallet gives money back for %d days, and this was paid %d days ago", l.Days, days)
}

// beyondLimit says what of the wallet's limits a refund asked for now goes beyond, or
// nothing.
func (c *Machine) beyondLimit(s *sale.Sale) string {
	l := c.policy.Refunds.Of(s.ChannelID)
	given, lately := 0, false
	for _, m := range s.Refunds {
		if m.State != sale.MovementRefused && m.State != sale.MovementKept {
			given++
			lately = lately || m.FinalAt == nil || c.wall().Before(m.FinalAt.Add(l.Apart))
		}
	}
	paid := s.CreatedAt
	if s.FinalAt != nil {
		paid = *s.FinalAt
	}
	if words := l.TooLate(paid, c.wall()); words != "" {
		return words
	}
	if l.Parts > 0 && given >= l.Parts {
		return fmt.Sprintf("this wallet gives money back %d times for one sale, and so often it was", l.Parts)
	}
	// What was given back before this run counts from its start: for how long posd was
	// away nobody knows.
	if last, ok := c.gaveBack[s.ID]; (ok || lately) && c.mono() < last+l.Apart {
		return fmt.Sprintf("this wallet wants %s between two refunds of one sale: wait %s", l.Apart, (last + l.Apart - c.mono()).Round(time.Second))
	}
	return ""
}

// noteGaveBack remembers when money of a wallet sale was given back, for as long as
// another refund would come too soon.
func (c *Machine) noteGaveBack(s *sale.Sale) {
	apart := c.policy.Refunds.Of(s.ChannelID).Apart
	if apart == 0 {
		return
	}
	longest := max(c.policy.Refunds.WeChat.Apart, c.policy.Refunds.Alipay.Apart, c.policy.Refunds.UnionPay.Apart)
	for id, at := range c.gaveBack {
		if c.mono() >= at+longest {
			delete(c.gaveBack, id)
		}
	}
	c.gaveBack[s.ID] = c.mono()
}
