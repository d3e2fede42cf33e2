// judge reads the history of a counter that possim wrote with -history, and says
// whether money was charged twice, lost or guessed. It shares no code and no types
// with posd or its simulators: what it knows of POSLINK and of IOTPay it has from
// their documents, and posd it knows by the words of its API alone.
//
//	possim -script chaos -history chaos.jsonl && judge chaos.jsonl
//
// A history has one JSON object a line:
//
//	t       nanoseconds since its beginning
//	who     client  asks (n, method, path, key, body), answers (n, status, body or
//	                text: nobody answered), leaves (text: "at rest", or what still moved)
//	        posd    starts, ends: its process
//	        terminal, gateway
//	                hears, says (n: the connection, bytes in base64), as on the wire;
//	                books (body): in the end, what was approved, ordered, given back, reported
//	        glass   shows (text: what the QR says; empty: none)
//	        paper   prints (text of one receipt)
//
// Its rules are listed in rules.go and stand by what they look at: answers
// (rules_answers.go), whose money went where (rules_money.go), wires (rules_wires.go),
// glass and paper (rules_shown.go). Each says how many facts it has looked at: a rule that
// has looked at nothing proves nothing, and says so. What is judged from the wires is
// what passed below the simulators' faults, so a lost answer is one that was said and
// not heard. It exits 0 when no rule is broken, 1 when one is, 2 when the history
// cannot be read.
package main
