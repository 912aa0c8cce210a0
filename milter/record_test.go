package milter

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"sekisho/internal/filter"
	"sekisho/internal/message"
	"sekisho/rules"
)

// Only a large mail that nobody keeps passes without its digest: by it an operator finds what was held, tagged or refused.
func TestRecordHasTheDigestOfAllButLargeAcceptedMail(t *testing.T) {
	tests := map[string]struct {
		size   int
		action rules.Action
		want   bool
	}{
		"small and accepted": {digestMax, rules.Accept, true},
		"large and accepted": {digestMax + 1, rules.Accept, false},
		"large and tagged":   {digestMax + 1, rules.Tag, true},
		"large and refused":  {digestMax + 1, rules.Reject, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := start(t, nil)
			content := make([]byte, tt.size)
			raw := message.NewBuffer(t.TempDir(), 1<<20)
			if _, err := raw.Write(content); err != nil {
				t.Fatal(err)
			}
			m := &mail{session: &session{srv: r.srv, conn: &conn{}}, policy: &Policy{Filter: r.filter}}
			m.result = &filter.Result{Raw: raw, Size: raw.Size(), Verdict: rules.Verdict{Action: tt.action}}
			m.audit(disposal{action: tt.action})
			want := ""
			if tt.want {
				sum := sha256.Sum256(content)
				want = hex.EncodeToString(sum[:])
			}
			if got := r.audit.last(t).SHA256; got != want {
				t.Errorf("digest %q, want %q", got, want)
			}
		})
	}
}
