package ledger

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"
)

// notOnDisk looks for a text in the database and its log.
func (o *office) notOnDisk(texts ...string) {
	o.Helper()
	for _, name := range []string{"memory.db", "memory.db-wal"} {
		b, err := os.ReadFile(o.st.Path(name))
		if err != nil {
			o.Fatal(err)
		}
		for _, text := range texts {
			if bytes.Contains(bytes.ToLower(b), []byte(text)) {
				o.Errorf("%s holds %q", name, text)
			}
		}
	}
}

var aKey = bytes.Repeat([]byte("k"), 32)

// reopen opens the memory with another key.
func (o *office) reopen(key []byte) {
	o.Helper()
	if err := o.c.Close(); err != nil {
		o.Fatal(err)
	}
	local := *o.c.ours.Load()
	c, err := OpenConversations(o.Context(), o.st, ConversationOptions{Timeout: time.Minute, Key: key, Neighbours: neighbours})
	if err != nil {
		o.Fatal(err)
	}
	o.Cleanup(func() { c.Close() })
	c.SetLocal(local)
	o.c = c
}

func TestHashedAddressesAnswerWithoutNames(t *testing.T) {
	o := newOffice(t, ConversationOptions{Key: aKey, Neighbours: neighbours})
	id := o.send(Sent{To: []string{"tanaka@partner.example"}, Names: []string{"bossname"}, Subject: "secretsubject"})
	o.get(Received{From: "tanaka@partner.example", Names: []string{"tanakataro"}, Refs: []string{id}, Known: true, Passed: true})
	a := o.ask(Question{From: "tanaka@partner.example", Refs: []string{id}, Subject: "secretsubject"})
	if !a.Cited.Party || !a.Subject.Party || a.From.Begun != 1 || a.Org.Begun != 1 || a.From.Address != "" {
		t.Errorf("%+v", a)
	}
	a = o.ask(Question{From: "x@partmer.example", Names: []string{"tanakataro"}, Alike: neighbours("partmer.example")})
	if len(a.Namesake) != 1 || a.Namesake[0].Address != "" || len(a.Alike) != 1 || a.Alike[0] != "" {
		t.Errorf("%+v", a)
	}
	o.notOnDisk("tanaka", "partner.example", "secretsubject", "bossname", "us.example", strings.ToLower(string(aKey)))
}

func TestNamesAndSubjectsAreNeverInClear(t *testing.T) {
	o := newOffice(t, ConversationOptions{})
	id := o.send(Sent{To: []string{"p@partner.example"}, Names: []string{"bossname"}, Subject: "secretsubject"})
	o.get(Received{From: "p@partner.example", Names: []string{"tanakataro"}, Subject: "secretsubject", Refs: []string{id}, Passed: true})
	o.notOnDisk("tanaka", "secretsubject", "bossname", "1@us.example")
}

func TestAnotherKeyEmptiesTheMemory(t *testing.T) {
	for name, keys := range map[string][2][]byte{
		"switched on":  {nil, aKey},
		"switched off": {aKey, nil},
		"changed":      {aKey, bytes.Repeat([]byte("x"), 32)},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t, ConversationOptions{Key: keys[0], Neighbours: neighbours})
			id := o.send(Sent{To: []string{"p@partner.example"}})
			o.reopen(keys[0])
			if a := o.ask(Question{From: "p@partner.example", Refs: []string{id}}); a.Cited.Ours != 1 {
				t.Fatalf("the same key: %+v", a)
			}
			o.reopen(keys[1])
			if a := o.ask(Question{From: "p@partner.example", Refs: []string{id}}); a.Cited.Ours != 0 || a.From != (Partner{}) {
				t.Errorf("%+v", a)
			}
			if s := o.stats(); s != (ConversationStats{Bytes: s.Bytes}) {
				t.Errorf("%+v", s)
			}
			o.notOnDisk("partner.example")
			o.send(Sent{To: []string{"q@quarry.example"}})
			if a := o.ask(Question{From: "q@quarry.example"}); a.From.Begun != 1 {
				t.Errorf("%+v", a)
			}
		})
	}
}
