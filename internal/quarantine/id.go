package quarantine

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"
)

// An id is the UTC date, a hyphen and random letters: 20261123-9x2abcde. It sorts by day, can be read out over the telephone, and
// holds no character with a meaning to a shell or a file system.

// idAlphabet is Crockford's base32 in lower case: no i, l, o, u to be mistaken for one another.
const idAlphabet = "0123456789abcdefghjkmnpqrstvwxyz"

// idRandom is the number of random letters: 40 bits, so that ids cannot be guessed in passing and two of one day hardly ever meet
// (when they do, the reservation fails on its primary key and another is drawn).
const idRandom = 8

const idLen = len("20060102-") + idRandom

func newID(t time.Time) string {
	var b [idRandom]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	for i, c := range b {
		b[i] = idAlphabet[c%32]
	}
	return t.UTC().Format("20060102-") + string(b[:])
}

// ValidID reports whether s is a whole, well-formed id.
func ValidID(s string) bool {
	if len(s) != idLen || s[8] != '-' {
		return false
	}
	return onlyOf(s[:8], "0123456789") && onlyOf(s[9:], idAlphabet)
}

func onlyOf(s, alphabet string) bool { return strings.Trim(s, alphabet) == "" }

// Resolve finds the one id that begins with ref, or whose random letters begin with it.
func (q *Quarantine) Resolve(ctx context.Context, ref string) (string, error) {
	q.catchUp(ctx)
	ref = strings.ToLower(ref)
	if ref == "" || len(ref) > idLen || !onlyOf(ref, idAlphabet+"-") {
		return "", fmt.Errorf("%w: %q", ErrNotFound, clip(ref))
	}
	// Only letters, digits and hyphens are left, none of which GLOB treats specially.
	rows, err := q.st.Index.QueryContext(ctx, `SELECT id FROM items WHERE state <> ? AND (id GLOB ? OR id GLOB ?) LIMIT 2`,
		statePutting, ref+"*", "????????-"+ref+"*")
	if err != nil {
		return "", fmt.Errorf("quarantine: resolve: %w", err)
	}
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return "", fmt.Errorf("quarantine: resolve: %w", err)
		}
		ids = append(ids, id)
	}
	switch {
	case rows.Err() != nil:
		return "", fmt.Errorf("quarantine: resolve: %w", rows.Err())
	case len(ids) == 0:
		return "", fmt.Errorf("%w: %q", ErrNotFound, ref)
	case len(ids) > 1:
		return "", fmt.Errorf("%w: %q", ErrAmbiguous, ref)
	}
	return ids[0], nil
}
