package main

import (
	"context"
	"time"

	"sekisho/internal/config"
	"sekisho/internal/filter"
	"sekisho/internal/message"
	"sekisho/internal/outbound"
)

// outboundOptions are those of the configuration; what a site.json says of bursts stands for it in offline runs.
func outboundOptions(c *config.Config, burst message.Burst) outbound.Options {
	o := outbound.Options{
		Window: c.Outbound.Window, Mails: c.Outbound.Mails, Carriers: c.Outbound.Carriers, Shared: c.Outbound.SharedClients, Keep: c.Outbound.Keep,
		ExemptAccounts: c.Outbound.ExemptAccounts, ExemptClients: c.Outbound.ExemptClients,
	}
	if burst.Window > 0 {
		o.Window = time.Duration(burst.Window) * time.Second
	}
	if burst.Mails > 0 {
		o.Mails = burst.Mails
	}
	return o
}

// openOutbound begins to count what our own send. A memory that cannot be opened is tried again later; mail is counted all the same.
func (s *server) openOutbound(ctx context.Context) {
	var err error
	if s.outbound, err = outbound.Open(ctx, s.st, outboundOptions(s.cfg, message.Burst{})); err != nil {
		s.outboundFailed("opening the memory of incidents", err)
	}
}

// forgetOutbound ends what has been kept long enough.
func (s *server) forgetOutbound(ctx context.Context) {
	if err := s.outbound.Expire(ctx, time.Now()); err != nil && ctx.Err() == nil {
		s.outboundFailed("expiring", err)
	}
}

func (s *server) outboundFailed(what string, err error) {
	s.metrics.Errors.WithLabelValues("ledger").Inc()
	s.log.Error("outbound: "+what, "error", err.Error())
}

// countOutbound gives an offline run its own counts, as the site says.
func (o *offline) countOutbound() {
	o.options.Outbound = outbound.New(outboundOptions(o.config, o.options.Site.Burst))
	o.filter = filter.New(o.options)
}
