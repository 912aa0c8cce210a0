package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"sekisho/internal/config"
	"sekisho/internal/lists"
	"sekisho/internal/store"
)

// listsFolder holds the indexes of lists, in the state folder.
const listsFolder = "lists"

// listSources are the configuration's lists.
func listSources(c *config.Config) (list []lists.Source, err error) {
	for _, l := range c.Lists {
		src := lists.Source{Name: l.Name, File: l.File, Format: l.Format, Column: l.Column, Use: lists.Use(l.Use)}
		if l.Type != "" {
			if err := src.Type.UnmarshalText([]byte(l.Type)); err != nil {
				return nil, err
			}
		}
		if err := src.Check(); err != nil {
			return nil, err
		}
		list = append(list, src)
	}
	return list, nil
}

// offlineLists reads the lists for a run without a daemon, where one that cannot be read is an error: there are no old entries to go by. nil is none.
func offlineLists(c *config.Config) (*lists.Lists, error) {
	sources, err := listSources(c)
	if err != nil || len(sources) == 0 {
		return nil, err
	}
	var broken error
	l, err := lists.Open(context.Background(), lists.Options{Sources: sources, Told: func(e lists.Event) { broken = errors.Join(broken, e.Err) }})
	if err == nil && broken != nil {
		err, broken = broken, l.Close()
	}
	if err != nil {
		return nil, errors.Join(err, broken)
	}
	return l, nil
}

// openLists are lists whose files are looked after.
type openLists struct {
	*lists.Lists
	sources []lists.Source
	done    sync.WaitGroup
	cancel  context.CancelFunc
}

func (w *openLists) run() {
	ctx, cancel := context.WithCancel(context.Background())
	w.cancel = cancel
	w.done.Go(func() { w.Run(ctx) }) // which recovers
}

// stop ends the looking after; what is open can still be asked.
func (w *openLists) stop() {
	w.cancel()
	w.done.Wait()
}

// openBook opens the entries by hand. Without them mail flows as before.
func (s *server) openBook(ctx context.Context) {
	db, err := s.st.Database(ctx, store.Memory)
	if err == nil {
		s.book, err = lists.OpenBook(ctx, db)
	}
	if err != nil {
		s.book = nil
		s.listsFailed(err)
	}
}

func (s *server) listsFailed(err error) {
	s.metrics.Errors.WithLabelValues("lists").Inc()
	s.log.Error("lists: the entries in force stay", "error", err.Error())
}

// watchLists opens the configuration's lists, or goes on with those that are open when nothing about them has changed.
func (s *server) watchLists(cfg *config.Config) (*openLists, error) {
	sources, err := listSources(cfg)
	if err != nil {
		return nil, err
	}
	old := s.lists
	if old != nil && slices.Equal(old.sources, sources) {
		return old, nil
	}
	if old != nil {
		old.stop() // one at a time writes indexes
	}
	l, err := lists.Open(context.Background(), lists.Options{
		Sources: sources, Book: s.book, Dir: s.st.Path(listsFolder), Own: s.st.Own, Told: s.listTold,
	})
	if err != nil {
		if old != nil {
			old.run()
		}
		return nil, err
	}
	w := &openLists{Lists: l, sources: sources}
	w.run()
	return w, nil
}

// useLists puts lists in force, unless the rest of the configuration turned out bad. Messages in work may still ask the old ones.
func (s *server) useLists(w *openLists, good bool) {
	old := s.lists
	switch {
	case old == w:
	case good:
		if s.lists = w; old != nil {
			s.retired = append(s.retired, retired{old.Lists, time.Now()})
		}
	default:
		w.stop()
		w.Close() // it was only read
		if old != nil {
			old.run()
		}
	}
}

// listTold says what became of a list's file.
func (s *server) listTold(e lists.Event) {
	if e.Err != nil {
		s.listsFailed(e.Err)
		return
	}
	r := e.Report
	level := s.log.Info
	if r.Bad+r.Unsupported > 0 {
		level = s.log.Warn
	}
	args := []any{"list", e.List, "entries", r.Entries, "left_out", r.Left, "unsupported", r.Unsupported, "unreadable", r.Bad, "took", e.Took.Round(time.Millisecond).String()}
	for _, p := range r.Problems {
		args = append(args, "problem", p.String())
	}
	level("lists: in force", args...)
}

// checkLists reads every list and says what it holds. bad says that one could not be read.
func checkLists(c *config.Config, lang string, out io.Writer) (bad bool, err error) {
	sources, err := listSources(c)
	if err != nil || len(sources) == 0 {
		return false, err
	}
	l, err := lists.Open(context.Background(), lists.Options{Sources: sources, Told: func(e lists.Event) {
		if e.Err != nil {
			bad = true
			fmt.Fprintln(out, printable(e.Err.Error()))
			return
		}
		r := e.Report
		fmt.Fprintf(out, text(lang, "list_read")+"\n", e.List, r.Entries, r.Left, r.Unsupported, r.Bad)
		for _, p := range r.Problems {
			fmt.Fprintf(out, "  %s\n", p)
		}
	}})
	if err != nil {
		return true, err
	}
	return bad, l.Close()
}
