package rules

import (
	"regexp"
	"slices"
	"testing"

	"sekisho/internal/finding"
	"sekisho/internal/message"
)

func facts(dir message.Direction, kinds ...finding.Kind) Facts {
	f := Facts{Direction: dir}
	for _, k := range kinds {
		f.Findings = append(f.Findings, finding.New(k, finding.Path{"2"}, ""))
	}
	return f
}

// bare are the facts of a file that is scanned by itself.
func bare(kinds ...finding.Kind) Facts {
	f := facts(message.In, kinds...)
	f.Bare = true
	return f
}

// proven are the facts of a mail whose sender is authenticated.
func proven(kinds ...finding.Kind) Facts {
	f := facts(message.In, kinds...)
	f.Auth = "pass"
	return f
}

// locked are the facts of a mail with a file that nothing opened.
func locked(dir message.Direction, kinds ...finding.Kind) Facts {
	f := facts(dir, kinds...)
	f.Locked = true
	return f
}

func TestDefaultPackPassesItsOwnTests(t *testing.T) {
	rep := Default().Test()
	for _, f := range rep.Failures {
		t.Error(f)
	}
	if rep.Run < 40 {
		t.Errorf("only %d tests ran", rep.Run)
	}
}

func TestDefaultYAMLIsTheDefaultPackAndTheCallers(t *testing.T) {
	text := DefaultYAML()
	if p := mustLoad(t, string(text)); len(p.Rules()) != len(Default().Rules()) {
		t.Errorf("%d rules, want %d", len(p.Rules()), len(Default().Rules()))
	}
	clear(text)
	if len(Default().Rules()) == 0 {
		t.Error("the embedded pack was changed")
	}
}

func TestDefaultPackHasARuleForEachKind(t *testing.T) {
	p := Default()
	for _, k := range finding.Kinds() {
		v := p.Decide(facts(message.In, k))
		if v.Rule == "" {
			t.Errorf("%s from outside alone matches no rule", k)
			continue
		}
		if !slices.ContainsFunc(v.Why, func(f finding.Finding) bool { return f.Kind == k }) {
			t.Errorf("%s: rule %s does not cite it: %v", k, v.Rule, v.Why)
		}
	}
}

func TestDefaultVerdicts(t *testing.T) {
	const in, out, internal = message.In, message.Out, message.Internal
	p := Default()
	for _, tc := range []struct {
		name  string
		facts Facts
		want  Action
		rule  string
	}{
		{"plain mail passes", facts(in), Accept, ""},
		{"macro that starts by itself, from outside", facts(in, finding.VBAPresent, finding.VBAAutoexec, finding.VBASuspicious), Quarantine, "macro-autoexec"},
		{"the same in a file by itself", bare(finding.VBAPresent, finding.VBAAutoexec, finding.VBASuspicious), Quarantine, "macro-suspicious"},
		{"macro that starts by itself and does nothing, in a file by itself", bare(finding.VBAPresent, finding.VBAAutoexec), Accept, "macro-autoexec-file"},
		{"the same, outgoing", facts(out, finding.VBAPresent, finding.VBAAutoexec, finding.VBASuspicious), Tag, "macro-autoexec-own"},
		{"the same, internal", facts(internal, finding.VBAPresent, finding.VBAAutoexec), Tag, "macro-autoexec-own"},
		{"macro alone", facts(in, finding.VBAPresent), Tag, "macro-present"},
		{"macro alone, in a file by itself", bare(finding.VBAPresent), Accept, "macro-file"},
		{"macro that could do harm", facts(in, finding.VBAPresent, finding.VBAAbility), Tag, "macro-ability"},
		{"downloader without a start we know", facts(in, finding.VBAPresent, finding.VBASuspicious), Quarantine, "macro-suspicious"},
		{"disguised source", bare(finding.VBAPresent, finding.VBAStomped), Quarantine, "macro-suspicious"},
		{"macro sheet", facts(in, finding.XLMPresent), Tag, "macro-sheet-present"},
		{"hidden macro sheet", facts(in, finding.XLMPresent, finding.SheetHidden), Quarantine, "macro-sheet"},
		{"macro sheet that starts programs, in a file by itself", bare(finding.XLMPresent, finding.XLMSuspicious), Quarantine, "macro-sheet-suspicious"},
		{"harmless macro sheet in a file by itself", bare(finding.XLMPresent, finding.XLMAutoexec), Accept, "macro-sheet-file"},
		{"remote template", facts(in, finding.OfficeRemoteTemplate), Quarantine, "remote-template"},
		{"DDE", facts(in, finding.OfficeDDE), Quarantine, "dde"},
		{"DDE, our own", facts(out, finding.OfficeDDE), Tag, "office-carrier-own"},
		{"package", facts(in, finding.OLEPackage), Tag, "office-carrier"},
		{"lure with a macro", facts(in, finding.VBAPresent, finding.OfficeLure), Quarantine, "lure-with-macro"},
		{"lure alone", facts(in, finding.OfficeLure), Accept, "office-noted"},
		{"locked document by itself", bare(finding.OfficeEncrypted), Accept, "office-encrypted-file"},
		{"PPAP is never held", locked(in, finding.ZipEncrypted), Tag, "archive-locked"},
		{"a locked archive that a word of the mail opened", facts(in, finding.ZipEncrypted, finding.ArchivePasswordFound, finding.MailPassword), Accept, "archive-opened"},
		{"a locked archive and a password that does not open it", locked(in, finding.ArchiveEncrypted, finding.MailPassword), Quarantine, "locked-with-password"},
		{"the same, outgoing", locked(out, finding.ArchiveEncrypted, finding.MailPassword), Tag, "archive-locked"},
		{"locked document", locked(in, finding.OfficeEncrypted), Tag, "office-encrypted"},
		{"shortcut", facts(in, finding.LNKCommand), Quarantine, "carrier"},
		{"shortcut by itself", bare(finding.LNKCommand), Accept, "carrier-file"},
		{"shortcut by itself that starts a script host", bare(finding.LNKCommand, finding.LNKSuspicious), Quarantine, "carrier-hostile"},
		{"shortcut of one of ours", facts(out, finding.LNKCommand, finding.LNKSuspicious), Tag, "carrier-own"},
		{"padded document", facts(in, finding.FilePadded), Quarantine, "disguise"},
		{"password mail", facts(in, finding.MailPassword), Accept, "mail-noted"},
		{"archive of an unknown format", facts(in, finding.ArchiveUnread), Tag, "archive-unread"},
		{"two faces", facts(in, finding.ArchiveListingMismatch), Quarantine, "archive-two-faces"},
		{"two faces, our own", facts(out, finding.ArchiveListingMismatch), Tag, "archive-two-faces-own"},
		{"bomb", facts(out, finding.ArchiveBomb), Quarantine, "archive-bomb"},
		{"document that nothing opens", facts(in, finding.OfficeUnreadable), Tag, "office-unreadable"},
		{"limit", facts(in, finding.LimitDepth), Quarantine, "scan-incomplete"},
		{"limit, our own", facts(out, finding.LimitDepth), Tag, "scan-incomplete-own"},
		{"a known correspondent's macro, proven", proven(finding.VBAPresent, finding.VBAAutoexec, finding.SenderKnown), Tag, "macro-autoexec-known"},
		{"a known correspondent's macro, not proven", facts(in, finding.VBAPresent, finding.VBAAutoexec, finding.SenderKnown), Quarantine, "macro-autoexec"},
		{"a known correspondent's downloader", proven(finding.VBAPresent, finding.VBAAutoexec, finding.VBASuspicious, finding.SenderKnown), Quarantine, "macro-suspicious"},
		{"an old mail program", facts(in, finding.ReplyNoReference, finding.ThreadUnknown), Accept, "conversation-noted"},
		{"a forwarded mail, answered by its new reader", facts(in, finding.ThreadStolen), Accept, "conversation-noted"},
		{"a forged answer", facts(in, finding.ThreadQuoteMismatch, finding.ReplyNoReference), Tag, "forged-reply"},
		{"a forged answer with a macro", facts(in, finding.ThreadStolen, finding.VBAPresent), Quarantine, "forged-reply-carrier"},
		{"a namesake", facts(in, finding.SenderNameSpoof, finding.SenderNew), Accept, "conversation-noted"},
		{"one of ours from outside", facts(in, finding.SenderInternalSpoof), Tag, "name-of-ours"},
		{"a burst", facts(out, finding.OutboundBurst), Quarantine, "outbound-burst"},
		{"our names abused elsewhere", facts(in, finding.OutboundBackscatter), Accept, "conversation-noted"},
		{"malformed alone is listed and passes", facts(in, finding.MailMalformed), Accept, "mail-malformed"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			v := p.Decide(tc.facts)
			if v.Action != tc.want || v.Rule != tc.rule {
				t.Errorf("got %s by %q (%v), want %s by %q", v.Action, v.Rule, v.Rules, tc.want, tc.rule)
			}
		})
	}
}

func TestIncompleteAloneIsHeldInboundAndTaggedOutbound(t *testing.T) {
	p := Default()
	for dir, want := range map[message.Direction]Action{message.In: Quarantine, message.Out: Tag, message.Internal: Tag} {
		v := p.Decide(Facts{Direction: dir, Incomplete: true})
		if v.Action != want || !v.Incomplete {
			t.Errorf("%s: got %s, incomplete %t, want %s", dir, v.Action, v.Incomplete, want)
		}
	}
}

func BenchmarkDefault(b *testing.B) {
	p := Default()
	for _, bc := range []struct {
		name  string
		facts Facts
	}{
		{"clean", facts(message.In)},
		{"macro", facts(message.In, finding.VBAPresent, finding.VBAAutoexec, finding.VBASuspicious)},
		{"ppap", locked(message.In, finding.ZipEncrypted)},
	} {
		b.Run(bc.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p.Decide(bc.facts)
			}
		})
	}
}

func TestJapaneseTextHasNoBlanksOfFolding(t *testing.T) {
	blank := regexp.MustCompile(`[^\x00-\x{ff}] [^\x00-\x{ff}]`)
	for _, r := range Default().Rules() {
		for _, text := range []string{r.Title.JA, r.Advice.JA} {
			if at := blank.FindString(text); at != "" {
				t.Errorf("%s: %q", r.Name, at)
			}
		}
	}
	if got := unfold("a b 限り 解放 z"); got != "a b 限り解放 z" {
		t.Errorf("got %q", got)
	}
}
