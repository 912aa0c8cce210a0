package thread

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/message"
)

// header makes a header of "Name: value" lines.
func header(fields ...string) *message.Header {
	h := &message.Header{}
	for _, f := range fields {
		name, raw, _ := strings.Cut(f, ":")
		h.Fields = append(h.Fields, message.Field{Name: name, Raw: raw})
	}
	return h
}

func TestID(t *testing.T) {
	for in, want := range map[string]string{
		"<Abc@Example.COM>":         "Abc@example.com",
		" <a@b> ":                   "a@b",
		"a@b":                       "a@b",
		"<a@b> (added by relay)":    "a@b",
		"(x) <a@b>":                 "a@b",
		"<a (comment (inner)) @ b>": "a@b",
		"<a\r\n\t@b>":               "a@b",
		"<a@b":                      "a@b",
		"<<a@b>>":                   "a@b",
		"<\"a(b\"@C>":               "\"a(b\"@c",
		"<no-domain>":               "no-domain",
		"<03aef2$f872a9bc$46732ecd@kitano.example>": "03aef2$f872a9bc$46732ecd@kitano.example",
		"":                                     "",
		"<>":                                   "",
		"<" + strings.Repeat("a", 600) + "@b>": "",
		"<" + strings.Repeat(" ", 9999) + ">":  "",
	} {
		if got := ID(in); got != want {
			t.Errorf("%.40q: %q, want %q", in, got, want)
		}
	}
}

func TestIDDomain(t *testing.T) {
	for in, want := range map[string]string{"a@example.com": "example.com", "a@b@Example.com.": "example.com", "a": "", "": "", "a@": "", "a@[192.0.2.1]": "[192.0.2.1]"} {
		if got := IDDomain(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestRefs(t *testing.T) {
	many := make([]string, 80)
	for i := range many {
		many[i] = fmt.Sprintf("<%d@x>", i)
	}
	kept := []string{"p@x"}
	for i := 79; i > 31; i-- {
		kept = append(kept, fmt.Sprintf("%d@x", i))
	}
	kept = append(kept, "0@x")
	for _, c := range []struct {
		name   string
		fields []string
		want   []string
	}{
		{"none", nil, nil},
		{"nearest_first", []string{"References: <1@x> <2@x>\r\n\t<3@X>", "In-Reply-To: <3@x>"}, []string{"3@x", "2@x", "1@x"}},
		{"references_only", []string{"References: <1@x><2@x>"}, []string{"2@x", "1@x"}},
		{"several_fields", []string{"References: <1@x>", "In-Reply-To: <9@x>", "references: <2@x>", "In-Reply-To: <8@x>"}, []string{"9@x", "8@x", "2@x", "1@x"}},
		{"words_around", []string{"In-Reply-To: Your message of \"Thu, 14 May 2026\" <1@x>"}, []string{"1@x"}},
		{"words_only", []string{"In-Reply-To: message from anna@x of Thursday"}, nil},
		{"no_brackets", []string{"In-Reply-To: 1@x", "References: 2@x, 3@x"}, []string{"1@x", "3@x", "2@x"}},
		{"broken_brackets", []string{"References: <1@x <2@x> 3@x> <4@x"}, []string{"4@x", "2@x", "1@x"}},
		{"each_once", []string{"References: <1@x> <1@x> <2@x> <1@X>"}, []string{"2@x", "1@x"}},
		{"empty_ones", []string{"References: <> < > <@> <1@x>"}, []string{"1@x"}},
		{"thread_index_is_none", []string{"Thread-Index: AdjX2mVwXhM0", "Thread-Topic: <1@x>"}, nil},
		{"the_middle_of_many_is_dropped", []string{"In-Reply-To: <p@x>", "References: " + strings.Join(many, " ")}, kept},
	} {
		t.Run(c.name, func(t *testing.T) {
			if d := cmp.Diff(c.want, Read(header(c.fields...), "").Refs); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestRobot(t *testing.T) {
	for _, c := range []struct {
		name   string
		fields []string
		want   Robot
	}{
		{"a_person", []string{"From: a@x", "Subject: Drills"}, Human},
		{"auto_submitted_no", []string{"Auto-Submitted: no"}, Human},
		{"suppress_alone_is_on_everybodys_exchange_mail", []string{"X-Auto-Response-Suppress: DR, OOF, AutoReply"}, Human},
		{"subject_alone", []string{"Subject: Out of Office: who covers May?"}, Human},
		{"unsubscribe_alone", []string{"List-Unsubscribe: <mailto:a@x>"}, Human},
		{"precedence_normal", []string{"Precedence: normal"}, Human},
		{"a_writer_called_like_a_daemon", []string{"From: Mailer-Daemon Fans <fan@x>"}, Human},

		{"list_id", []string{"List-Id: genba <genba.ml.x>"}, List},
		{"list_post", []string{"List-Post: <mailto:a@x>"}, List},
		{"precedence_list", []string{"Precedence: list"}, List},
		{"newsletter", []string{"Precedence: bulk", "List-Unsubscribe: <https://x/>"}, List},
		{"one_click", []string{"List-Unsubscribe-Post: List-Unsubscribe=One-Click"}, List},
		{"ezmlm", []string{"Mailing-List: contact a@x; run by ezmlm"}, List},
		{"fml", []string{"X-ML-Name: genba"}, List},
		{"automatic_answer_through_a_list", []string{"Auto-Submitted: auto-replied", "List-Id: <a.x>"}, List},

		{"auto_replied", []string{"Auto-Submitted: auto-replied; owner-email=\"a@x\""}, Automatic},
		{"auto_generated", []string{"AUTO-SUBMITTED: Auto-Generated (cron)"}, Automatic},
		{"x_autoreply", []string{"X-Autoreply: yes"}, Automatic},
		{"precedence_auto_reply", []string{"Precedence: auto_reply"}, Automatic},
		{"old_vacation", []string{"Precedence: bulk", "Subject: Away: Re: Drills"}, Automatic},
		{"exchange_vacation", []string{"X-Auto-Response-Suppress: All", "Subject: =?utf-8?B?6Ieq5YuV6L+U5L+hOiDmo5rmnb8=?="}, Automatic},

		{"bounce", []string{"Content-Type: multipart/report; report-type=delivery-status;\r\n boundary=x", "Auto-Submitted: auto-replied"}, Receipt},
		{"read_receipt", []string{"Content-Type: Multipart/Report; report-type=disposition-notification"}, Receipt},
		{"qmail_bounce", []string{"From: MAILER-DAEMON@x.example"}, Receipt},
		{"sendmail_bounce", []string{"From: Mail Delivery Subsystem <MAILER-DAEMON@x.example>"}, Receipt},
		{"exim_bounce", []string{"X-Failed-Recipients: a@x"}, Receipt},
		{"exchange_mdn", []string{"Content-Class: urn:content-classes:mdn"}, Receipt},
		{"exchange_tnef_read", []string{"Content-Type: application/ms-tnef", "X-Auto-Response-Suppress: All", "Subject: Read: Drills"}, Receipt},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Read(header(c.fields...), "").Robot; got != c.want {
				t.Errorf("robot %d, want %d", got, c.want)
			}
		})
	}
}

func TestOneLine(t *testing.T) {
	const quote = "\n-----Original Message-----\nFrom: Anna <anna@x.example>\nSent: 14 May 2026\nTo: aya@y.example\nSubject: Drills\n\nWe have two.\nOne is blue.\nOne is red.\nWhich?\n"
	const marked = "\nOn Thu, May 14, 2026 at 12:43 Anna <anna@x.example> wrote:\n> We have two.\n> One is blue.\n> One is red.\n> Which?\n"
	long := strings.Repeat("棚板は明日の午後に三十枚ほど届く予定です。", 4) + "\n"
	for _, c := range []struct {
		name, from, text string
		want             bool
	}{
		{"one_line", "", "See file.\n" + quote, true},
		{"one_line_over_marks", "", "See file.\n" + marked, true},
		{"greeting_and_closing_do_not_count", "", "Dear Aya,\n\nPlease see the attached document.\n\nBest regards,\nAnna Reyes\nSales\n" + quote, true},
		{"writers_name_begins_the_signature", "Anna Reyes <anna@x.example>", "See file.\n\nAnna Reyes\nReyes Parts Ltd, 12 Harbour Road, Brightwater, Tel. 555 0100, Fax 555 0101, all days\n" + quote, true},
		{"japanese", "山田 太郎 <yamada@x.example>", "近藤様\n\nお世話になっております。\n添付をご確認ください。\nよろしくお願いいたします。\n\n山田 太郎\n" + quote, true},
		{"japanese_name_without_blank", "山田 太郎 <yamada@x.example>", "例の書類です。\n\n山田太郎\n西商会 東京都千代田区千代田一丁目一番一号 電話 03-0000-0000 ファックス 03-0000-0001 定休日 水曜\n" + quote, true},
		{"a_link_does_not_count", "", "Vedi file.\n\nhttps://x.example/a/1\n" + quote, true},
		{"signature_mark", "", "Siehe Datei.\n\n-- \n" + strings.Repeat("Uwe Lang, Musterstraße 1\n", 9) + marked, true},
		{"ruled_signature", "", "ご確認ください。\n\n――――――――\n西商会\n電話\n住所\n" + marked, true},
		{"broken_once", "", "Please have a look at the attached\ndocument and call me.\n" + marked, true},
		{"paragraphs_as_lines", "", "See file.\n\nFrom: Anna <anna@x.example>\nSent: 14 May 2026\nSubject: a\n" + long, true},
		{"two_short_mails_quoted", "", "See file.\n" + strings.Repeat("\nOn Thu, May 14, 2026 at 12:43 Anna <anna@x.example> wrote:\n> Ok.\n", 2), true},

		{"no_quotation", "", "See file.\n", false},
		{"short_quotation", "", "See file.\n\nOn Thu, May 14, 2026 at 12:43 Anna <anna@x.example> wrote:\n> Ok.\n", false},
		{"nothing_said", "", quote, false},
		{"only_a_greeting", "", "Dear Aya,\n" + quote, false},
		{"an_answer", "", "We have three drills left.\nThe blue ones come on Monday.\nPlease tell us how many you need.\n" + quote, false},
		{"a_long_line", "", long + quote, false},
		{"an_answer_between", "", "Hello,\n" + marked + "The blue one, please.\n> And how many?\nThree.\n> By when?\nMonday.\n", false},
		{"an_answer_below", "", strings.TrimLeft(marked, "\n") + "\nThe blue one, please, and two of the red ones.\nThe others can wait until June.\nPlease send the bill to our office in Kyoto.\n", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Read(header("From: "+c.from), c.text).OneLine; got != c.want {
				t.Errorf("one line: %v", got)
			}
		})
	}
}

// hostile are texts that are made to cost time.
var hostile = map[string]string{
	"colons":            ":",
	"line_ends":         "\n",
	"marks":             "> ",
	"addresses":         "a@b.c:\n",
	"addresses_inline":  "a@b.c ",
	"ats":               "@",
	"verbs":             " wrote wrote:\n",
	"dates":             "On 2026 wrote:\n",
	"openers":           "On 2026 12:43 a\n",
	"labels":            "From: a@b.c\nTo:\n",
	"label_lists":       "From: a@b.c\nDate: 1\nTo: " + strings.Repeat(",", 900) + "\n\n\n",
	"labels_in_a_line":  "From: Sent: To: Subject: ",
	"headers":           "From: a@b.c\nDate: 1\nTo: b@b.c, c@b.c\n\n\n",
	"open_lists":        "To: a,\na,\na,\n",
	"brackets":          "From: ((((((<<<<<\n",
	"invalid_utf8":      "\xff\xfe:\n",
	"full_width_colons": "：",
	"ruled":             "-----\n",
	"digits":            "1:11",
}

func TestHostileTextIsBounded(t *testing.T) {
	for name, unit := range hostile {
		t.Run(name, func(t *testing.T) {
			text := strings.Repeat(unit, 2*maxText/len(unit))
			c := Read(header("From: a@b.c"), text)
			if len(c.Quoted) > MaxQuoted {
				t.Errorf("%d persons", len(c.Quoted))
			}
		})
	}
}

func TestHostileReferencesAreBounded(t *testing.T) {
	for _, unit := range []string{"<", "<a@b>", "a@b ", "<>", "<a@b", "(", "<\"(@b> "} {
		if refs := Read(header("References:"+strings.Repeat(unit, 1<<18/len(unit))), "").Refs; len(refs) > MaxRefs {
			t.Errorf("%q: %d references", unit, len(refs))
		}
	}
}

// FuzzRead: whatever the mail is, the clues stay within their limits and name nobody without name and address.
func FuzzRead(f *testing.F) {
	for _, q := range quotations {
		f.Add("Subject: Re: x\nFrom: Anna <a@b.c>\nReferences: <1@x> <2@x>", q.text)
	}
	for _, unit := range hostile {
		f.Add("In-Reply-To: "+unit, strings.Repeat(unit, 3))
	}
	f.Fuzz(func(t *testing.T, head, text string) {
		c := Read(header(strings.Split(head, "\n")...), text)
		if len(c.Refs) > MaxRefs || len(c.Quoted) > MaxQuoted || len(c.MessageID) > maxID || len(c.Subject) > maxSubject {
			t.Errorf("limits passed: %d references, %d persons", len(c.Refs), len(c.Quoted))
		}
		for i, id := range c.Refs {
			if id == "" || ID(id) != id || slices.Contains(c.Refs[:i], id) {
				t.Errorf("reference %q: twice, empty or not folded", id)
			}
		}
		depth := 0
		for _, p := range c.Quoted {
			if p.Name == "" && p.Addr == "" || len(p.Name) > maxName || len(p.Addr) > maxAddress || p.Depth < depth {
				t.Errorf("person %+v", p)
			}
			depth = p.Depth
		}
	})
}

func BenchmarkRead(b *testing.B) {
	h := header("From: Anna Reyes <anna@x.example>", "To: aya@y.example", "Subject: Re: [genba] Return of drill set", "Message-ID: <1@x.example>",
		"In-Reply-To: <0@y.example>", "References: <a@x> <b@x> <0@y.example>", "Date: x", "Received: from a by b", "MIME-Version: 1.0", "Content-Type: text/plain")
	var talk strings.Builder
	for i := range 20 {
		fmt.Fprintf(&talk, "On Thu, May %d, 2026 at 12:43 Anna Reyes <anna@x.example> wrote:\n", i+1)
		for range 12 {
			talk.WriteString("> 棚板は明日の午後に届く予定です: please have a look at page 12 of the list.\n")
		}
	}
	for name, text := range map[string]string{"talk": talk.String(), "hostile_labels": strings.Repeat(hostile["labels"], 2000), "hostile_addresses": strings.Repeat(hostile["addresses"], 4000), "hostile_lists": strings.Repeat(hostile["label_lists"], 30)} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				Read(h, text)
			}
		})
	}
}
