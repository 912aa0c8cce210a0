package main

import (
	"context"
	"strings"
	"time"

	"sekisho/internal/finding"
	"sekisho/internal/hosts"
	"sekisho/internal/outbound"
)

// watched is the memory of outbound mail as the table of machines wants it.
type watched struct{ m *outbound.Monitor }

var _ gateway = watched{}

// withGateway opens what the daemon remembers of our senders.
func (d *desk) withGateway(ctx context.Context, f func(gateway) error) error {
	m, err := outbound.Open(ctx, d.st, outbound.Options{})
	if err != nil {
		return err
	}
	return f(watched{m})
}

// Seen gives everything that is still remembered.
func (w watched) Seen(ctx context.Context) (seen hosts.Seen, err error) {
	incidents, err := w.m.Incidents(ctx, time.Time{})
	if err != nil {
		return seen, err
	}
	for i := range incidents {
		seen.Incidents = append(seen.Incidents, incidentOf(&incidents[i]))
	}
	abused, err := w.m.Impersonated(ctx, time.Time{})
	for _, a := range abused {
		seen.Impersonated = append(seen.Impersonated, hosts.Impersonation(a))
	}
	return seen, err
}

func incidentOf(in *outbound.Incident) hosts.Incident {
	i := hosts.Incident{
		Who: in.Who, Account: in.Kind == outbound.Account, First: in.Since, Last: in.Last, Why: string(in.Why), Findings: kindsOf(in.Why),
		Mails: in.Mails, Recipients: in.Recipients, Cleared: in.Cleared, ClearedBy: in.ClearedBy, ClearedWhy: in.ClearedWhy,
	}
	for _, s := range in.Samples {
		i.Samples = append(i.Samples, hosts.Sample{
			Time: s.Time, Account: s.Account, Client: s.Client, MailFrom: s.MailFrom, From: s.From, Rcpts: s.Rcpts, More: s.More, MessageID: bracketed(s.MessageID),
			QueueID: s.QueueID, SHA256: s.SHA256, Files: s.Files, Delivered: s.Delivered,
		})
	}
	return i
}

// bracketed is a Message-ID as it stands in its field (RFC 5322 3.6.4), and as quarantine and trace have it.
func bracketed(id string) string {
	if id == "" || strings.HasPrefix(id, "<") {
		return id
	}
	return "<" + id + ">"
}

// kindsOf are the findings that an incident began with.
func kindsOf(why outbound.Why) []string {
	if why == outbound.Burst {
		return []string{string(finding.OutboundBurst)}
	}
	return []string{string(finding.OutboundCarrier)}
}

// Clear ends the open incidents of an account or address.
func (w watched) Clear(ctx context.Context, who, by, why string) (int, error) {
	list, err := w.m.Clear(ctx, who, by, why)
	return len(list), err
}
