package filter

import (
	"slices"
	"testing"

	"sekisho/internal/links"
	"sekisho/internal/message"
)

func TestWhatMayHaveHandedAMailOn(t *testing.T) {
	for _, tt := range []struct {
		name, mailFrom, post string
		want                 []string
	}{
		{"the null sender", "", "<mailto:l@lists.example>", nil},
		{"one of ours", "l@our.example", "<mailto:l@our.example>", nil},
		{"a person", "x@evil.example", "", []string{"x@evil.example"}},
		{"a list by its return path", "l-bounces+you=our.example@lists.example", "", []string{"l-bounces@lists.example"}},
		{"… and where it is posted to", "bounce+1@groups.example", "<https://groups.example/post>, <mailto:club@groups.example>", []string{"bounce@groups.example", "club@groups.example"}},
		{"a list of another's", "x@evil.example", "<mailto:l@lists.example>", []string{"x@evil.example"}},
		{"a list that one cannot post to", "l@lists.example", "NO (posting is closed)", []string{"l@lists.example"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			res := &Result{Header: &message.Header{Fields: []message.Field{{Name: "List-Post", Raw: tt.post}}}, Session: Session{Envelope: message.Envelope{MailFrom: tt.mailFrom}}}
			if got := via(res, &ourSite); !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestWhereAMailLeads(t *testing.T) {
	for _, tt := range []struct {
		name, writer   string
		link           links.Link
		away, document bool
	}{
		{"to its writer's firm", "mail.partner.example", links.Link{Host: "www.partner.example"}, false, false},
		{"to us", "partner.example", links.Link{Host: "www.our.example"}, false, false},
		{"to others", "partner.example", links.Link{Host: "evil.example"}, true, false},
		{"to others at the same provider", "gmail.com", links.Link{Host: "x.gmail.com"}, true, false},
		{"to a document of its own", "partner.example", links.Link{Host: "partner.example", Class: links.Office}, false, true},
		{"to a person", "partner.example", links.Link{}, false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if away, document := leads([]links.Link{tt.link}, &ourSite, tt.writer); (len(away) > 0) != tt.away || document != tt.document {
				t.Errorf("away %v, document %v", away, document)
			}
		})
	}
}
