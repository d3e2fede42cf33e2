// Package books sums a business day up, compares it with the terminal's batch
// and with the gateway, and tells it: as text, as rows for paper, as CSV. It is
// pure: sales and answers come in, books go out.
//
//	sales of a day   ---> SumDay       interim (X), of a date
//	what ended in it ---> SumClosing   closing (Z), of a day's number
//	the batch        ---> MatchBatch   card sales beside the terminal's totals
//	the gateway      ---> Questions, answers ---> MatchGateway
//
//	books.go  what is counted where     match.go  how three books are compared
//	text.go   the lines and their order words.go  their words in other languages
//
// Sales belong to a closed day by its number, not by a clock: a sale, a refund
// and a void are in exactly one closing report. What cannot be compared stands
// in a list with its words, never in a sum. Which sales are read, who is asked
// and when is the caller's business (package device).
package books
