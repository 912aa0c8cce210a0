package ledger

import (
	"os"
	"testing"
	"time"
)

// The log reaches the database while it is open, although no commit checkpoints it.
func TestLogIsCheckpointedBesideTheWriter(t *testing.T) {
	o := newOffice(t, ConversationOptions{})
	if err := o.c.scrub(t.Context()); err != nil {
		t.Fatal(err)
	}
	size := func() int64 {
		fi, err := os.Stat(o.st.Path("memory.db"))
		if err != nil {
			t.Fatal(err)
		}
		return fi.Size()
	}
	before := size()
	for range maxLog - 1 {
		o.send(Sent{To: []string{"p@partner.example"}})
	}
	if size() != before {
		t.Error("checkpointed too early")
	}
	o.send(Sent{To: []string{"p@partner.example"}})
	for size() == before { // ends with the test's own time otherwise
		time.Sleep(time.Millisecond)
	}
}
