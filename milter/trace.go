package milter

import (
	"slices"

	"sekisho/internal/audit"
	"sekisho/internal/filter"
	"sekisho/internal/finding"
	"sekisho/internal/trace"
)

// trace notes what became of the message where sekisho trace finds it. Nothing that fails here changes the message's fate.
func (m *mail) trace(d disposal, a audit.Record) {
	defer func() {
		if p := recover(); p != nil {
			m.session.srv.panicked("tracing a message", p)
		}
	}()
	r := trace.Record{
		Time: a.Time, QueueID: a.QueueID, Direction: a.Direction, Verdict: a.Verdict, Done: a.Done, Rule: a.Rule, MailFrom: a.MailFrom,
		MessageID: a.MessageID, Subject: a.Subject, Size: a.Size, SHA256: a.SHA256, ClientIP: a.ClientIP, Account: a.SASLUser,
		Quarantine: a.Quarantine, Released: a.Released, Incomplete: a.Incomplete,
	}
	for _, to := range a.Rcpts {
		done, differs := a.PerRecipient[to]
		if !differs {
			done = d.done
		}
		r.Rcpts = append(r.Rcpts, trace.Rcpt{Address: to, Done: done})
	}
	if m.result != nil {
		resultTrace(&r, m.result)
	}
	m.session.srv.o.Trace.Add(r)
}

// resultTrace adds what the inspection told.
func resultTrace(r *trace.Record, res *filter.Result) {
	r.From = res.Facts.From
	if res.Client.IsValid() {
		r.ClientIP = res.Client.String()
	}
	for _, f := range res.Facts.Findings {
		if k := string(f.Kind); !slices.Contains(r.Findings, k) {
			r.Findings = append(r.Findings, k)
		}
	}
	r.Files = TraceFiles(res)
}

// TraceFiles are the attachments of a message, and the files in them, as the trace knows them; for a file that is no message, it and the files in it.
func TraceFiles(res *filter.Result) (files []trace.File) {
	at := map[string]int{}
	for _, a := range res.Attachments {
		at[a.Path] = len(files)
		files = append(files, trace.File{Name: a.Name, Kind: a.Kind, SHA256: a.SHA256})
	}
	if res.Facts.Bare {
		at[""] = 0
		files = append(files, trace.File{Kind: res.Kind, SHA256: res.SHA256})
	}
	for i := range res.Files {
		f := &res.Files[i]
		if j, ok := at[f.Path]; ok {
			files[j].Macros = f.MacroHash
			continue
		}
		if name, inside := inner(f.Path, res.Facts.Bare); inside || f.MacroHash != "" { // else a text of the mail
			files = append(files, trace.File{Path: f.Path, Name: name, Kind: f.Kind, SHA256: f.SHA256, Macros: f.MacroHash})
		}
	}
	return files
}

// inner is the name of a file inside another; the path of one in a mail begins with the number of the part.
func inner(printed string, bare bool) (name string, inside bool) {
	var path finding.Path
	if err := path.UnmarshalText([]byte(printed)); err != nil || len(path) == 0 {
		return printed, false
	}
	return path[len(path)-1], bare || len(path) > 1
}
