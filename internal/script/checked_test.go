package script

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// readPage reads a page to its end.
func readPage(t *testing.T, m *Markup) *Page {
	t.Helper()
	g, err := m.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// asked is a context that ends when it was asked so often.
type asked struct {
	context.Context
	left int
}

func (c *asked) Err() error {
	if c.left--; c.left < 0 {
		return context.DeadlineExceeded
	}
	return nil
}

func TestTheContextIsAskedOnTheWay(t *testing.T) {
	code := strings.Repeat("a='x'+b;", 50*tokensPerCheck)
	for name, read := range map[string]func(context.Context) error{
		"code":  func(ctx context.Context) error { _, err := Judge(ctx, code, JScript); return err },
		"texts": func(ctx context.Context) error { _, err := Judge(ctx, texts(100*textsPerCheck), JScript); return err },
		"lines": func(ctx context.Context) error {
			_, err := Judge(ctx, strings.Repeat("a\n", 100*textsPerCheck), Batch)
			return err
		},
		"page": func(ctx context.Context) error {
			_, err := Parse("<script>" + code + "</script>").Read(ctx)
			return err
		},
	} {
		ctx := &asked{t.Context(), 10}
		if err := read(ctx); !errors.Is(err, context.DeadlineExceeded) || ctx.left < -20 {
			t.Errorf("%s: %v, asked %d times after the end", name, err, -ctx.left)
		}
	}
}

// texts are so many different ones.
func texts(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("'" + strings.Repeat("ab", i%30+1) + string(rune('a'+i%26)) + string(rune('a'+i/26%26)) + string(rune('a'+i/676%26)) + "';")
	}
	return b.String()
}
