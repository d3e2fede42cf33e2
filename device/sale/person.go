package sale

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Person is somebody who works at the counter. A PIN itself is nowhere: here
// stands what it is compared with.
type Person struct {
	ID        string
	Name      string // for people, and for whoever reads the journal
	Pin       string // its hash, with how it was made
	Role      Role
	CreatedAt time.Time
	CreatedBy string
	RemovedAt *time.Time // nil: works here
	RemovedBy string
}

// PersonRow makes or changes a person.
type PersonRow struct{ Person Person }

func (PersonRow) row() {}

// Role is what a person is at the counter; the configuration says what goes with it.
type Role string

// The roles.
const (
	Cashier    Role = "cashier"
	Supervisor Role = "supervisor"
	Manager    Role = "manager" // may do everything
)

// Roles lists them, the least first.
var Roles = []Role{Cashier, Supervisor, Manager}

// ParseRole reads a role.
func ParseRole(text string) (Role, error) {
	if r := Role(text); slices.Contains(Roles, r) {
		return r, nil
	}
	return "", fmt.Errorf("%q is no role: use cashier, supervisor or manager", text)
}

// Rights are what not every person may do, any number of them. Nobody needs one
// to take a payment, to cancel it or to print its receipt.
type Rights uint8

// The rights.
const (
	RightRefund Rights = 1 << iota // refund a sale, keep a late payment
	RightVoid                      // void a card sale
	RightReturn                    // give money back without a sale
	RightDrawer                    // open the cash drawer
	RightClose                     // close the business day
	RightManage                    // settle what posd cannot tell, the queue, tokens, people, orders past the till
)

// AllRights are all of them.
const AllRights = RightRefund | RightVoid | RightReturn | RightDrawer | RightClose | RightManage

// rightNames are their names, in the order of the bits.
var rightNames = []string{"refund", "void", "return", "drawer", "close", "manage"}

// Names lists the names.
func (r Rights) Names() []string {
	names := []string{}
	for i, name := range rightNames {
		if r&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}

// ParseRights reads a list of names.
func ParseRights(names []string) (Rights, error) {
	var r Rights
	for _, name := range names {
		i := slices.Index(rightNames, name)
		if i < 0 {
			return 0, fmt.Errorf("%q is no right: use %s", name, strings.Join(rightNames, ", "))
		}
		r |= 1 << i
	}
	return r, nil
}
