package ledger

import (
	"slices"

	"sekisho/internal/address"
)

// senders are the keys by which a mail's sender is known again, the From field's first.
func (m Mail) senders() []string {
	var keys []string
	for _, addr := range []string{m.From, m.MailFrom} {
		if k := address.Key(addr); k != "" && !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
	}
	return keys
}

// sender is whom the caps count by.
func (m Mail) sender() string {
	if keys := m.senders(); len(keys) > 0 {
		return keys[0]
	}
	return "<>"
}

// recipients are the folded recipients, each once, in an order that the sender does not choose.
func (m Mail) recipients() []string {
	list := make([]string, 0, len(m.Rcpts))
	for _, r := range m.Rcpts {
		list = append(list, address.Fold(r))
	}
	slices.Sort(list)
	list = slices.Compact(list)
	return list[:min(len(list), maxRcpts)]
}
