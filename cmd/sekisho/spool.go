package main

// swept tells of spool files that were left behind while their folder could not be written.
func (s *server) swept(n int, err error) {
	if err != nil {
		s.metrics.Errors.WithLabelValues("spool").Inc()
		s.log.Error("spool: removing what is left", "error", err.Error())
	} else if n > 0 {
		s.log.Info("spool: removed what was left", "files", n)
	}
}
