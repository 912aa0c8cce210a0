package ledger

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// questions are what the ledger is asked, each with its answer in words.
func (r *rig) questions() map[string]func(ctx context.Context) (string, error) {
	m := partner()
	return map[string]func(ctx context.Context) (string, error){
		"waiting": func(ctx context.Context) (string, error) {
			files, more, err := r.Waiting(ctx, m)
			return fmt.Sprint(len(files), more), err
		},
		"waited": func(ctx context.Context) (string, error) {
			ids, err := r.Waited(ctx, m, zipOf(10))
			return fmt.Sprint(ids), err
		},
		"words": func(ctx context.Context) (string, error) {
			words, err := r.Words(ctx, m)
			return fmt.Sprint(words), err
		},
		"stats": func(ctx context.Context) (string, error) { s, err := r.Stats(ctx); return fmt.Sprint(s), err },
	}
}

// asked is a ledger that remembers a mail, and what it answers.
func asked(t *testing.T) (r *rig, answers map[string]string) {
	t.Helper()
	r = newRig(t, Options{})
	m := partner()
	m.Quarantine = "20261123-aaaaaaaa"
	r.remember(m, zipOf(10), "s3cret")
	answers = map[string]string{}
	for name, ask := range r.questions() {
		answer, err := ask(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		answers[name] = answer
	}
	return r, answers
}

// TestADamagedStoreNeverSaysThatThereIsNothing: an answer is the true one or an error.
func TestADamagedStoreNeverSaysThatThereIsNothing(t *testing.T) {
	for _, damage := range []string{
		"DROP TABLE memories", "DROP TABLE memory_parties", "DROP TABLE memory_files", "DROP TABLE memory_usage",
		"UPDATE memories SET mail = 'no JSON'", "UPDATE memories SET words = 'no JSON'", "UPDATE memory_files SET path = 'no JSON'",
	} {
		r, before := asked(t)
		if _, err := r.st.Index.Exec("PRAGMA foreign_keys = OFF"); err != nil {
			t.Fatal(err)
		}
		if _, err := r.st.Index.Exec(damage); err != nil {
			t.Fatalf("%s: %v", damage, err)
		}
		failed := 0
		for name, ask := range r.questions() {
			answer, err := ask(t.Context())
			switch {
			case err == nil && answer != before[name]:
				t.Errorf("%s: %s is %s, was %s", damage, name, answer, before[name])
			case err != nil && !strings.HasPrefix(err.Error(), "ledger: "+name+": "):
				t.Errorf("%s: %v", damage, err)
			case err != nil:
				failed++
			}
		}
		if failed == 0 {
			t.Errorf("%s: nobody notices", damage)
		}
	}
}

// TestWhatCannotBeWrittenLeavesNoFile: each table fails in its turn.
func TestWhatCannotBeWrittenLeavesNoFile(t *testing.T) {
	for _, table := range []string{"memories", "memory_parties", "memory_files"} {
		r, _ := asked(t)
		before := len(r.onDisk())
		trigger := fmt.Sprintf("CREATE TRIGGER full BEFORE INSERT ON %s BEGIN SELECT raise(ABORT, 'disk full'); END", table)
		if _, err := r.st.Index.Exec(trigger); err != nil {
			t.Fatal(err)
		}
		generation := r.Generation()
		kept, err := r.Remember(t.Context(), partner(), zipOf(20), []string{"word"})
		if err == nil || len(kept) > 0 || r.Generation() != generation {
			t.Errorf("%s: %d files, %v", table, len(kept), err)
		}
		if n := len(r.onDisk()); n != before {
			t.Errorf("%s: %d files, %d before", table, n, before)
		}
	}
}

// TestWhatCannotBeForgottenIsAnError: the rows stay, and the caller hears of it.
func TestWhatCannotBeForgottenIsAnError(t *testing.T) {
	for _, table := range []string{"memories", "memory_files"} {
		r, before := asked(t)
		files := r.waitingFor(partner())
		if _, err := r.st.Index.Exec(fmt.Sprintf("CREATE TRIGGER locked BEFORE DELETE ON %s BEGIN SELECT raise(ABORT, 'locked'); END", table)); err != nil {
			t.Fatal(err)
		}
		_, forget := r.Forget(t.Context(), files)
		expire := r.Expire(t.Context(), noon.AddDate(1, 0, 0))
		clear := r.Clear(t.Context())
		for name, err := range map[string]error{"forget": forget, "expire": expire, "clear": clear} {
			words := table == "memories" && name == "forget" // a mail with words stays when its files go
			if err == nil && !words {
				t.Errorf("%s: %s has no error", table, name)
			}
		}
		if answer, err := r.questions()["words"](t.Context()); err != nil || answer != before["words"] {
			t.Errorf("%s: words %s, %v", table, answer, err)
		}
	}
}

func TestAClosedStoreIsAnErrorOfEveryCall(t *testing.T) {
	r, _ := asked(t)
	files := r.waitingFor(partner())
	r.st.Close()
	for name, ask := range r.questions() {
		if answer, err := ask(t.Context()); err == nil {
			t.Errorf("%s: %s", name, answer)
		}
	}
	_, forget := r.Forget(t.Context(), files)
	_, sweep := r.Sweep(t.Context())
	for name, err := range map[string]error{"forget": forget, "sweep": sweep, "expire": r.Expire(t.Context(), noon), "clear": r.Clear(t.Context())} {
		if err == nil {
			t.Errorf("%s has no error", name)
		}
	}
	if n := len(r.onDisk()); n != 1 {
		t.Errorf("%d files are left", n)
	}
}

func TestAnEndedContextIsAnErrorOfEveryQuestion(t *testing.T) {
	r, _ := asked(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, ask := range r.questions() {
		if answer, err := ask(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %s, %v", name, answer, err)
		}
	}
}

// unreadable is a file's content that the disk does not give.
type unreadable struct{}

func (unreadable) ReadAt([]byte, int64) (int, error) { return 0, os.ErrDeadlineExceeded }

func TestContentThatCannotBeReadIsNotRemembered(t *testing.T) {
	r := newRig(t, Options{})
	bad := []Locked{{Name: "a.zip", Content: strings.NewReader("fine"), Size: 4}, {Name: "b.zip", Content: unreadable{}, Size: 10}}
	if kept, err := r.Remember(t.Context(), partner(), bad, []string{"word"}); !errors.Is(err, os.ErrDeadlineExceeded) || len(kept) > 0 {
		t.Errorf("%v, %v", kept, err)
	}
	r.senders.add(partner().senders())
	if _, err := r.Waited(t.Context(), partner(), bad); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("waited: %v", err)
	}
	if s, err := r.Stats(t.Context()); err != nil || s.Files != 0 || s.Bytes != 0 || len(r.onDisk()) != 0 {
		t.Errorf("%+v, %v", s, err)
	}
}

// TestContentWhoseFileIsGone: the row is there, the bytes are not; nothing is made up.
func TestContentWhoseFileIsGone(t *testing.T) {
	r, _ := asked(t)
	f := r.waitingFor(partner())[0]
	if err := os.Remove(r.path(f.ID)); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Content(f); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("content: %v", err)
	}
	if err := os.Symlink("/dev/null", r.path(f.ID)); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Content(f); err == nil {
		t.Error("a link is opened")
	}
	if done, err := r.Forget(t.Context(), []File{f}); err != nil || len(done) != 1 {
		t.Errorf("forget: %v, %v", done, err)
	}
}

// TestForgetTwice: two mails bring the password at the same time.
func TestForgetTwice(t *testing.T) {
	r, _ := asked(t)
	files := r.waitingFor(partner())
	for i, want := range []int{1, 0} {
		if done, err := r.Forget(t.Context(), append(files, files...)); err != nil || len(done) != want {
			t.Errorf("time %d: %d mails done, %v", i, len(done), err)
		}
	}
}

// TestHostileTextsAreKeptAsTheyAre: what senders write into names, subjects and addresses is data and nothing else.
func TestHostileTextsAreKeptAsTheyAre(t *testing.T) {
	for _, text := range []string{`'; DROP TABLE memories; --`, "a\x00b", "\"}]", "<script>", "\u202Eexe.zip", "%s%d", strings.Repeat("長", maxWord/3)} {
		r := newRig(t, Options{})
		m := mailFrom("taro@partner.example", text)
		m.Subject, m.QueueID, m.Rcpts = text, text, []string{text + "@our.example"}
		r.remember(m, []Locked{{Path: []string{"2", text}, Name: text, Content: strings.NewReader("x"), Size: 1}}, text)
		files, words := r.waitingFor(m), r.wordsFor(m)
		if len(files) != 1 || len(words) != 1 {
			t.Fatalf("%q: %d files, %d words", text, len(files), len(words))
		}
		if f := files[0]; f.Name != clip(text) || f.Path[1] != text || f.Mail.Subject != clip(text) || words[0] != text {
			t.Errorf("%q: %+v, %q", text, f, words)
		}
	}
}

func TestKeepIsCountedFromTheMailsOwnTime(t *testing.T) {
	r := newRig(t, Options{Keep: time.Hour})
	r.remember(partner(), zipOf(10), "word")
	for minutes, want := range map[int]int{0: 1, 59: 1, 60: 0, 61: 0} {
		later := partner()
		later.Time = noon.Add(time.Duration(minutes) * time.Minute)
		if n, w := len(r.waitingFor(later)), len(r.wordsFor(later)); n != want || w != want {
			t.Errorf("after %d minutes: %d files, %d words", minutes, n, w)
		}
	}
}

func TestOpenWithoutAFolder(t *testing.T) {
	r := newRig(t, Options{})
	if err := os.RemoveAll(r.st.Path(Folder)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(r.st.Path(Folder), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(r.st, Options{}); err == nil {
		t.Error("a file in the folder's place is no error")
	}
	if _, err := r.Remember(t.Context(), partner(), zipOf(1), nil); err == nil {
		t.Error("remembered without a folder")
	}
}
