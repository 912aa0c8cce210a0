package ledger

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// twin opens the same memory as another process would, which has asked nothing yet.
func (o *office) twin() *Conversations {
	o.Helper()
	c, err := OpenConversations(o.Context(), o.st, ConversationOptions{Timeout: 20 * time.Second, Gather: -1, Key: o.c.opts.Key})
	if err != nil {
		o.Fatal(err)
	}
	o.Cleanup(func() { c.Close() })
	c.SetLocal(*o.c.ours.Load())
	return c
}

// Whatever is learned between questions, what a question says is what the database says.
func TestRecentAnswersAreTheDatabases(t *testing.T) {
	for name, key := range map[string][]byte{"clear": nil, "hashed": []byte("a key of thirty-two bytes, or so")} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t, ConversationOptions{Key: key})
			r := rand.New(rand.NewPCG(1, 2))
			who := func() string { return fmt.Sprintf("p%d@partner%d.example", r.IntN(3), r.IntN(4)) }
			recalled, looked := 0, 0
			ids := []string{"made-up@us.example"}
			for i := range 300 {
				switch r.IntN(6) {
				case 0:
					ids = append(ids, o.send(Sent{To: []string{who()}, Names: []string{"boss"}}))
				case 1:
					o.get(Received{From: who(), Names: []string{fmt.Sprint("name", r.IntN(3))}, Passed: r.IntN(2) == 0})
				case 2:
					if i%10 == 0 {
						if _, err := o.c.Forget(t.Context(), who()); err != nil {
							t.Fatal(err)
						}
					}
				}
				q := Question{Time: o.now, From: who(), Names: []string{fmt.Sprint("name", r.IntN(3))}, Alike: []string{fmt.Sprintf("partner%d.example", r.IntN(5))}, Quoted: []string{boss, who()}}
				got := o.ask(q)
				o.c.recent.mu.Lock()
				o.c.recent.forget()
				o.c.recent.mu.Unlock()
				want := o.ask(q)
				if d := cmp.Diff(want, got); d != "" {
					t.Fatalf("%d: (-database +recent)\n%s", i, d)
				}
				asked := q
				if a, ok := o.c.inquiry(&asked).recall(); ok {
					recalled++
					if d := cmp.Diff(want, a); d != "" {
						t.Fatalf("%d: again: (-database +recent)\n%s", i, d)
					}
				}
				q.Refs = []string{ids[r.IntN(len(ids))]} // only that is new
				asked = q
				if _, ok := o.c.inquiry(&asked).remembered(); ok {
					looked++
				}
				got = o.ask(q)
				o.c.recent.mu.Lock()
				o.c.recent.forget()
				o.c.recent.mu.Unlock()
				if d := cmp.Diff(o.ask(q), got); d != "" {
					t.Fatalf("%d: citing: (-database +recent)\n%s", i, d)
				}
				for range 3 { // others ask as well
					o.ask(Question{Time: o.now, From: who(), Names: q.Names, Alike: q.Alike})
				}
			}
			if recalled == 0 || looked == 0 {
				t.Errorf("answered from memory: %d, %d but for what is cited", recalled, looked)
			}
		})
	}
}

func TestStrangerIsAskedForOnce(t *testing.T) {
	o := newOffice(t, ConversationOptions{})
	q := Question{Time: o.now, From: "p@stranger.example", Names: []string{"p"}, Alike: []string{"stranger.example"}}
	o.ask(q)
	if err := o.st.Close(); err != nil {
		t.Fatal(err)
	}
	if a, err := o.c.Ask(t.Context(), q); err != nil || a.From.Received != 0 {
		t.Errorf("%+v, %v", a, err)
	}
	q.Refs = []string{"1@us.example"} // is looked for in the database each time
	if _, err := o.c.Ask(t.Context(), q); err == nil {
		t.Error("answered")
	}
}

func TestWhatIsLearnedIsKnownAtOnce(t *testing.T) {
	o := newOffice(t, ConversationOptions{Gather: never, Neighbours: func(string) []string { return []string{"look"} }})
	q := Question{From: "p@partner.example", Alike: []string{"look"}, Quoted: []string{"q@third.example"}}
	o.ask(q)
	o.send(Sent{To: []string{"q@third.example"}})
	if a := o.ask(q); a.Quoted[0].Begun != 1 || !slices.Contains(a.Alike, "third.example") {
		t.Errorf("%+v", a)
	}
	if _, err := o.c.Forget(t.Context(), "q@third.example"); err != nil {
		t.Fatal(err)
	}
	if a := o.ask(q); a.Quoted[0].Begun != 0 {
		t.Errorf("%+v", a)
	}
}

func TestWhatAnotherProcessLearnsIsKnownSoon(t *testing.T) {
	o := newOffice(t, ConversationOptions{})
	q := Question{From: "p@partner.example", Names: []string{"boss"}}
	o.ask(q)
	if err := o.twin().LearnSent(t.Context(), Sent{Time: o.now, From: boss, Names: []string{"boss"}, MessageID: "1@us.example", To: []string{"p@partner.example"}}); err != nil {
		t.Fatal(err)
	}
	o.c.recent.mu.Lock()
	o.c.recent.begun = o.c.recent.begun.Add(-recentLife)
	o.c.recent.mu.Unlock()
	if a := o.ask(q); a.From.Begun != 1 || len(a.Namesake) != 1 {
		t.Errorf("%+v", a)
	}
}

func TestSlowQuestionNotesNothingThatWasLearnedMeanwhile(t *testing.T) {
	o := newOffice(t, ConversationOptions{})
	commit, keys := o.c.recent.commits()
	o.send(Sent{To: []string{"p@partner.example"}})
	o.c.recent.note(commit, []int64{o.c.hash.of(hashAddress, "p@partner.example")}, nil)
	o.c.recent.noteNothing(keys, 1)
	if a := o.ask(Question{From: "p@partner.example"}); a.From.Begun != 1 || o.c.recent.isNothing(1) {
		t.Errorf("%+v", a)
	}
}

// Mail under a new name and address each time makes no more of it.
func TestRecentIsBounded(t *testing.T) {
	r := newRecent()
	for i := range int64(3 * recentMost) {
		r.note(0, []int64{i, -i}, nil)
		r.noteNothing(0, uint64(i))
		if len(r.partners) > recentMost || len(r.nothing) > recentMost {
			t.Fatal(len(r.partners), len(r.nothing))
		}
	}
}

func BenchmarkAskOfStrangers(b *testing.B) {
	c, w := openBench(b, b.TempDir()), world{1000}
	fill(b, c, w)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		d := fmt.Sprintf("firm%d.example", i%300)
		if _, err := c.Ask(b.Context(), Question{Time: benchTime, From: "info@" + d, Names: []string{"info"}, Alike: neighbours(d)}); err != nil {
			b.Fatal(err)
		}
	}
}
