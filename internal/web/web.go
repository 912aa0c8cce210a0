// Package web is the daemon's HTTP server (RFC 9110) for metrics and health, on a port of its own: /metrics for Prometheus, /healthz for "the process
// lives", /readyz for "it can do its work". TLS and passwords come from a file in the format of Prometheus' exporter-toolkit.
//
// # Limits
//
// At most connectionsMax connections and scrapesMax scrapes at once; a request's header has at most headerMax bytes, and slow clients are cut
// off. A readiness check runs once at a time, however many ask, and one that hangs counts as failed after checkTime. Nothing here changes state.
package web

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	toolkit "github.com/prometheus/exporter-toolkit/web"
	"golang.org/x/net/netutil"
)

const (
	connectionsMax = 64               // some Prometheus servers, health checks and a browser; more is misuse
	scrapesMax     = 8                // a pair of Prometheus servers, twice over
	headerMax      = 16 << 10         // bytes; cookies and tokens of a proxy in front fit
	requestTime    = 10 * time.Second // a request here is one small header
	answerTime     = 30 * time.Second // above Prometheus' default scrape_timeout of 10 s
	idleTime       = 2 * time.Minute  // above its usual scrape intervals, so that connections are reused
	stopTime       = 5 * time.Second  // for answers under way at the end
)

// Options of a Server. The zero value of a field is its default.
type Options struct {
	Listen     string              // host:port
	ConfigFile string              // exporter-toolkit's; "" is plain HTTP
	Gatherer   prometheus.Gatherer // the default registry if nil
	Checks     []Check             // what /readyz asks
	Version    string
	Log        *slog.Logger // nothing is logged if nil
}

func (o Options) withDefaults() Options {
	if o.Gatherer == nil {
		o.Gatherer = prometheus.DefaultGatherer
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// Server is the HTTP server. It listens from New on, so that a port in use is an error at start.
type Server struct {
	options  Options
	listener net.Listener
	http     *http.Server
}

// New checks the configuration file and opens the port.
func New(o Options) (*Server, error) {
	o = o.withDefaults()
	if err := toolkit.Validate(o.ConfigFile); err != nil {
		return nil, fmt.Errorf("web: %s: %w", o.ConfigFile, err)
	}
	l, err := net.Listen("tcp", o.Listen)
	if err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	return &Server{options: o, listener: netutil.LimitListener(l, connectionsMax), http: &http.Server{
		Handler:           handler(o),
		ReadHeaderTimeout: requestTime,
		ReadTimeout:       requestTime,
		WriteTimeout:      answerTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    headerMax,
		ErrorLog:          slog.NewLogLogger(o.Log.Handler(), slog.LevelDebug), // a scanner's bad handshakes are no news
	}}, nil
}

// Addr is where the server listens.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Serve answers requests until the context ends, then finishes those under way. It returns nil after such a stop.
func (s *Server) Serve(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var stopped sync.WaitGroup
	stopped.Go(func() {
		<-ctx.Done()
		s.stop()
	})
	none := false
	flags := &toolkit.FlagConfig{WebConfigFile: &s.options.ConfigFile, WebSystemdSocket: &none}
	err := toolkit.Serve(s.listener, s.http, flags, s.options.Log)
	cancel()
	stopped.Wait()
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("web: %w", err)
}

// stop lets answers under way finish, for stopTime at most.
func (s *Server) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	if s.http.Shutdown(ctx) != nil {
		s.http.Close()
	}
}

// Close closes the port of a server that never served.
func (s *Server) Close() error { return s.listener.Close() }

func handler(o Options) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(o.Gatherer, promhttp.HandlerOpts{
		ErrorLog:            slog.NewLogLogger(o.Log.Handler(), slog.LevelWarn),
		ErrorHandling:       promhttp.ContinueOnError, // one broken collector must not hide the others
		MaxRequestsInFlight: scrapesMax,
		Timeout:             answerTime - requestTime,
		EnableOpenMetrics:   true,
	}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Write([]byte("ok\n"))
	})
	mux.Handle("GET /readyz", newReadiness(o.Checks))
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if err := index.Execute(w, o.Version); err != nil {
			o.Log.Debug("web: index page", "error", err)
		}
	})
	return plain(mux)
}

// plain sets what keeps a browser from making anything of an answer, and a proxy from keeping it.
func plain(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

var index = template.Must(template.New("index").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><title>sekisho</title>
<h1>sekisho {{.}}</h1>
<ul>
<li><a href="metrics">metrics / メトリクス</a>
<li><a href="healthz">alive / 稼働確認</a>
<li><a href="readyz">ready / 準備状態</a>
</ul>
`))
