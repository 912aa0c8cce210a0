package filter

import (
	"context"

	"sekisho/internal/ledger"
)

// Conversations is the memory of real conversations: *ledger.Conversations.
type Conversations interface {
	Ask(ctx context.Context, q ledger.Question) (ledger.Answer, error)
	LearnSent(ctx context.Context, s ledger.Sent) error
	LearnReceived(ctx context.Context, r ledger.Received) error
}
