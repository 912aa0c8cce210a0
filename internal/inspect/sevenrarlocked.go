package inspect

import (
	"context"
	"time"

	"sekisho/internal/archive"
	"sekisho/internal/finding"
	"sekisho/internal/password"
)

// unlock opens a 7z or RAR archive with a word of the message.
func (p *archiveJob) unlock(ctx context.Context, f *File, s *Scan) (left bool, err error) {
	if s.session() == nil {
		return true, nil
	}
	u := newArchiveJob(ctx, f, s, p.from.Format)
	cost, pick, err := u.cost(p.cheapest.Cost)
	if err != nil {
		return true, u.ended(ctx, err)
	}
	w, ok, err := u.password(ctx, cost, pick)
	if err != nil || !ok {
		return true, err
	}
	s.openedBy(f, finding.ArchivePasswordFound, w)
	u.from.Password, u.reports = w.Text, s.lockedReports(f)
	err = u.members(ctx)
	u.describe()
	return u.still, err
}

// cost is what one try takes, as the headers tell, and the member on which it is made.
func (p *archiveJob) cost(listed time.Duration) (cost time.Duration, pick int, err error) {
	if p.from.Format == archive.RAR {
		info, err := archive.ReadRAR(p.from.Reader, p.f.Size, p.from.Offset)
		if err != nil {
			return 0, 0, err
		}
		return info.Cost, info.Pick, nil
	}
	info, err := archive.ReadSeven(p.from.Reader, p.f.Size, p.from.Offset)
	if err != nil {
		return 0, 0, err
	}
	return max(info.Cost, listed), 0, nil
}

// password is the first word that opens the archive.
func (p *archiveJob) password(ctx context.Context, cost time.Duration, pick int) (found password.Word, ok bool, err error) {
	lock := p.s.session().Lock(ctx, p.from, pick, cost)
	defer lock.Close()
	for w := range p.s.tries(ctx, cost) {
		if p.s.aside(func() { ok, err = lock.Opens(w.Text) }); ok || err != nil {
			found = w
			break
		}
	}
	if err != nil {
		err = p.ended(ctx, err)
		ok = false
	}
	return found, ok, err
}
