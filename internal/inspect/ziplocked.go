package inspect

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"

	"sekisho/internal/finding"
	"sekisho/internal/password"
	"sekisho/zipinspect"
)

// zipTryTime bounds the entries on which all words are tried: as many as one word takes this long for, and at least zipTryLeast. One password for
// all files is the custom; one that opened a file is tried on every other, and so are the likeliest that the mail calls one.
const (
	zipTryTime  = time.Millisecond
	zipTryLeast = 4
)

// zipVerify is how far an entry is unpacked to see whether a password is right: all of what people lock.
const zipVerify = 100 << 20

// unlocking is one archive whose entries are tried.
type unlocking struct {
	f       *File
	s       *Scan
	found   [][]byte         // passwords that opened an entry
	tried   int              // entries on which all words were tried
	reports map[string][]int // of locked members, by path, until they are opened
	unread  names
}

// unlock opens the entries of f that words of the message open. Each may have a password of its own.
func (zipFile) unlock(ctx context.Context, f *File, s *Scan) (left bool, err error) {
	a, _, err := readZip(ctx, f)
	if err != nil {
		return true, err
	}
	u := &unlocking{f: f, s: s, reports: s.lockedReports(f)}
	list := lockedEntries(a)
	for i, e := range list {
		opened, err := u.entry(ctx, e)
		left = left || !opened
		if err != nil {
			return left || i+1 < len(list), err
		}
	}
	if u.unread.n > 0 {
		s.found(f, finding.New(finding.ArchiveUnread, f.Path, "compression method not supported: %s", u.unread.String()))
	}
	return left, nil
}

// lockedEntries are the encrypted files of an archive, the one that costs least to verify first.
func lockedEntries(a *zipinspect.Archive) (list []*zipinspect.Entry) {
	for i := range a.Entries {
		if e := &a.Entries[i]; e.Encrypted && !(e.Directory && e.Size <= 0) && !hollow(e) {
			list = append(list, e)
		}
	}
	slices.SortStableFunc(list, func(a, b *zipinspect.Entry) int { return cmp.Compare(uint64(a.Compressed), uint64(b.Compressed)) })
	return list
}

// hollow reports whether an entry holds nothing but the 12 bytes of ZipCrypto (APPNOTE 6.1.3), of which one says whether a password is right.
func hollow(e *zipinspect.Entry) bool {
	return e.Method == zipinspect.Stored && e.Compressed == 12 && e.Size == 0
}

// lockedReports are the places of the reports on locked members of f.
func (s *Scan) lockedReports(f *File) map[string][]int {
	m := map[string][]int{}
	for i := range s.files {
		if r := &s.files[i]; r.Encrypted && r.Kind == KindData && i != f.report {
			m[r.Path] = append(m[r.Path], i)
		}
	}
	return m
}

// entry opens e where a word does, and inspects it.
func (u *unlocking) entry(ctx context.Context, e *zipinspect.Entry) (opened bool, err error) {
	pw, err := u.password(ctx, e)
	if pw == nil || err != nil {
		return false, err
	}
	r, err := e.OpenPassword(pw)
	switch {
	case errors.Is(err, zipinspect.ErrMethod):
		u.unread.add(e.Name)
		return true, nil
	case err != nil && ours(ctx, err):
		return true, err
	case err != nil:
		u.s.found(u.f, finding.New(finding.ScanIncomplete, u.f.Path.Child(e.Name), "%q", err.Error()))
		return true, nil
	}
	defer r.Close()
	child := u.f.child(e.Name)
	u.s.takeOver(u.reports, child)
	err = u.s.fill(ctx, u.f, child, entryReader{r}.content())
	u.s.report(child).Kind = child.Kind
	return true, err
}

// takeOver gives child the report that stands for it as a locked member.
func (s *Scan) takeOver(reports map[string][]int, child *File) {
	path := child.Path.String()
	if places := reports[path]; len(places) > 0 {
		child.report, reports[path] = places[0], places[1:]
		s.count-- // it was counted as a locked member
	}
}

// password returns the word that opens e, nil when none does.
func (u *unlocking) password(ctx context.Context, e *zipinspect.Entry) ([]byte, error) {
	if !e.Opens() {
		return nil, nil
	}
	for _, pw := range u.found {
		if ok, err := u.try(ctx, e, pw); ok || err != nil {
			return pw, err
		}
	}
	most := math.MaxInt
	if u.tried < max(zipTryLeast, int(zipTryTime/e.TryCost())) {
		u.tried++
	} else {
		most = max(u.s.until(password.Phrase, earlierMost), u.s.until(password.Earlier, earlierMost))
	}
	pw, err := u.word(ctx, e, most)
	if t := &u.s.trying; most < math.MaxInt {
		u.s.skipped = u.s.skipped || pw == nil && t.tried < most
		t.tried = t.words // the others were tried on enough entries
	}
	return pw, err
}

// word tries the first words of the list on e.
func (u *unlocking) word(ctx context.Context, e *zipinspect.Entry, most int) ([]byte, error) {
	if most == 0 {
		return nil, nil
	}
	for w := range u.s.tries(ctx, e.TryCost()) {
		for _, pw := range typed(w.Text) {
			ok, err := u.try(ctx, e, pw)
			switch {
			case errors.Is(err, zipinspect.ErrMethod):
				return nil, nil // nothing tells whether the password is right
			case err != nil:
				return nil, err
			case ok:
				u.passwordFound(w, pw)
				return pw, nil
			}
		}
		if most--; most == 0 {
			break
		}
	}
	return nil, ctx.Err()
}

func (u *unlocking) passwordFound(w password.Word, pw []byte) {
	u.found = append(u.found, pw)
	u.s.openedBy(u.f, finding.ArchivePasswordFound, w)
}

// try reports whether pw opens e. The error is ErrMethod or our own trouble.
func (u *unlocking) try(ctx context.Context, e *zipinspect.Entry, pw []byte) (bool, error) {
	err := e.Verify(pw, zipVerify)
	if err != nil && (errors.Is(err, zipinspect.ErrMethod) || ours(ctx, err)) {
		return false, err
	}
	return err == nil, nil
}

// typed are the bytes that a program may have made of a password: nothing in the archive says in which encoding it was. Windows takes the
// one of the country or, for the older cipher, that of its console.
func typed(text string) [][]byte {
	list := [][]byte{[]byte(text)}
	if isASCII(text) {
		return list
	}
	for _, e := range []encoding.Encoding{japanese.ShiftJIS, charmap.Windows1252, charmap.CodePage850, charmap.CodePage437} {
		if b, err := e.NewEncoder().Bytes([]byte(text)); err == nil && !slices.ContainsFunc(list, func(have []byte) bool { return slices.Equal(have, b) }) {
			list = append(list, b)
		}
	}
	return list
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
