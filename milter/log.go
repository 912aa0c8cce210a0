package milter

import (
	"bytes"
	"log"
	"log/slog"
)

// CaptureLog sends what libraries print to the global logger to l, one line a record, and returns how to undo it. go-milter knows no other
// logger; conn keeps it from having anything to say but a panic of its own.
func CaptureLog(l *slog.Logger) (undo func()) {
	out, flags, prefix := log.Writer(), log.Flags(), log.Prefix()
	log.SetFlags(0)
	log.SetPrefix("")
	log.SetOutput(lineLog{l})
	return func() {
		log.SetOutput(out)
		log.SetFlags(flags)
		log.SetPrefix(prefix)
	}
}

type lineLog struct{ l *slog.Logger }

func (w lineLog) Write(p []byte) (int, error) {
	w.l.Warn("library", "text", string(bytes.TrimRight(p, "\n")))
	return len(p), nil
}
