package web

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// client makes a connection a request, so that no idle one outlives a test.
var client = http.Client{
	Timeout:   10 * time.Second,
	Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}},
}

// serve runs a server until the test ends, and checks that it then ends well.
func serve(t *testing.T, o Options) (s *Server, addr string) {
	t.Helper()
	o.Listen = "127.0.0.1:0"
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return s, s.Addr().String()
}

func fetch(t *testing.T, url string) (*http.Response, string) {
	t.Helper()
	resp, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(b)
}

func registry(t *testing.T) *prometheus.Registry {
	t.Helper()
	r := prometheus.NewPedanticRegistry()
	c := prometheus.NewCounter(prometheus.CounterOpts{Name: "sekisho_test_total", Help: "h"})
	c.Add(3)
	r.MustRegister(c)
	return r
}

func TestPages(t *testing.T) {
	_, addr := serve(t, Options{Gatherer: registry(t), Version: "1.2<3"})
	for _, tt := range []struct {
		path, method string
		status       int
		has          string
	}{
		{"/metrics", "GET", 200, "sekisho_test_total 3\n"},
		{"/healthz", "GET", 200, "ok\n"},
		{"/readyz", "GET", 200, `{"ready":true,"checks":[]}`},
		{"/readyz", "HEAD", 200, ""},
		{"/", "GET", 200, "sekisho 1.2&lt;3"},
		{"/debug/pprof/", "GET", 404, ""},
		{"/..%2fetc/passwd", "GET", 404, ""},
		{"/healthz", "POST", 405, ""},
		{"/metrics", "DELETE", 405, ""},
	} {
		req, err := http.NewRequest(tt.method, "http://"+addr+tt.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != tt.status || !strings.Contains(string(b), tt.has) {
			t.Errorf("%s %s: %d %q, want %d %q", tt.method, tt.path, resp.StatusCode, b, tt.status, tt.has)
		}
		if resp.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s %s: no nosniff", tt.method, tt.path)
		}
	}
}

func TestBrokenCollectorHidesNoOther(t *testing.T) {
	r := registry(t)
	d := prometheus.NewDesc("sekisho_broken", "h", nil, nil)
	r.MustRegister(broken{d})
	_, addr := serve(t, Options{Gatherer: r})
	if resp, body := fetch(t, "http://"+addr+"/metrics"); resp.StatusCode != 200 || !strings.Contains(body, "sekisho_test_total 3") {
		t.Errorf("%d %q", resp.StatusCode, body)
	}
}

type broken struct{ d *prometheus.Desc }

func (b broken) Describe(ch chan<- *prometheus.Desc) { ch <- b.d }
func (b broken) Collect(ch chan<- prometheus.Metric) {
	ch <- prometheus.NewInvalidMetric(b.d, errors.New("broken"))
}

func TestReadinessGivesReasons(t *testing.T) {
	full := errors.New("the disk is full <&>")
	_, addr := serve(t, Options{Gatherer: registry(t), Checks: []Check{
		{"listener", func(context.Context) error { return nil }},
		{"disk", func(context.Context) error { return full }},
		{"store", func(context.Context) error { panic("index gone") }},
	}})
	resp, body := fetch(t, "http://"+addr+"/readyz")
	var got State
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	want := State{Checks: []Result{
		{Name: "listener", OK: true}, {Name: "disk", Reason: full.Error()}, {Name: "store", Reason: "panic: index gone"},
	}}
	if diff := cmp.Diff(want, got); diff != "" || resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("status %d\n%s", resp.StatusCode, diff)
	}
	err := Health(t.Context(), addr)
	if !errors.Is(err, ErrNotReady) || !strings.Contains(err.Error(), "disk: the disk is full <&>; store: panic: index gone") {
		t.Errorf("Health: %v", err)
	}
	if resp, _ := fetch(t, "http://"+addr+"/healthz"); resp.StatusCode != 200 {
		t.Errorf("a daemon that is not ready must still be alive: %d", resp.StatusCode)
	}
}

// TestHangingCheckRunsOnce: many ask, one check hangs; each gets its answer, with the other check's result in it.
func TestHangingCheckRunsOnce(t *testing.T) {
	var runs atomic.Int32
	release := make(chan struct{})
	r := newReadiness([]Check{
		{"disk", func(context.Context) error { runs.Add(1); <-release; return nil }},
		{"listener", func(context.Context) error { return nil }},
	})
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			s := r.state()
			if s.Ready || !strings.Contains(s.Checks[0].Reason, "no answer") || !s.Checks[1].OK {
				t.Errorf("got %+v", s)
			}
		})
	}
	wg.Wait()
	close(release)
	if n := runs.Load(); n != 1 {
		t.Errorf("the hanging check ran %d times at once, want 1", n)
	}
}

func TestWritable(t *testing.T) {
	dir := t.TempDir()
	if err := Writable(dir)(t.Context()); err != nil {
		t.Error(err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	if err := Writable(filepath.Join(dir, "none"))(t.Context()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("absent folder: %v", err)
	}
}

func TestFree(t *testing.T) {
	dir := t.TempDir()
	if err := Free(dir, 1)(t.Context()); err != nil {
		t.Error(err)
	}
	if err := Free(dir, 1<<62)(t.Context()); err == nil || !strings.Contains(err.Error(), "bytes free") {
		t.Errorf("a disk with 4 EiB free: %v", err)
	}
	if err := Free(filepath.Join(dir, "none"), 1)(t.Context()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("absent folder: %v", err)
	}
}

func TestStopFinishesAnswersUnderWay(t *testing.T) {
	begun, release := make(chan struct{}), make(chan struct{})
	o := Options{Listen: "127.0.0.1:0", Gatherer: registry(t), Checks: []Check{
		{"slow", func(context.Context) error { close(begun); <-release; return nil }},
	}}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx) }()
	answered := make(chan error, 1)
	go func() { answered <- Health(context.Background(), s.Addr().String()) }()
	<-begun
	stop()
	close(release)
	if err := errors.Join(<-answered, <-done); err != nil {
		t.Error(err)
	}
	if err := Health(t.Context(), s.Addr().String()); err == nil {
		t.Error("the port is still open")
	}
}

func TestSlowRequestIsBounded(t *testing.T) {
	s, addr := serve(t, Options{Gatherer: registry(t)})
	if s.http.ReadHeaderTimeout == 0 || s.http.ReadTimeout == 0 || s.http.WriteTimeout == 0 || s.http.IdleTimeout == 0 {
		t.Errorf("a timeout is missing: %+v", s.http)
	}
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "GET /healthz HTTP/1.1\r\nHost: x\r\nX: %s\r\n\r\n", strings.Repeat("x", 2*headerMax))
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("status %d for a header of %d bytes", resp.StatusCode, 2*headerMax)
	}
}

func TestStartErrors(t *testing.T) {
	_, addr := serve(t, Options{Gatherer: registry(t)})
	if _, err := New(Options{Listen: addr}); err == nil {
		t.Error("a port in use is no error")
	}
	bad := filepath.Join(t.TempDir(), "web.yml")
	if err := os.WriteFile(bad, []byte("tls_server_confg: {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New(Options{Listen: "127.0.0.1:0", ConfigFile: bad}); err == nil {
		t.Error("an unknown key in the web configuration is no error")
	}
	s, err := New(Options{Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestTLSAndPassword(t *testing.T) {
	dir := t.TempDir()
	writeCertificate(t, dir)
	const hash = "$2a$04$mhIJ.2Cs4zXLJkBm63016uGJCH09qIdLux1XzMx8yQxRPzbWwU6v6" // bcrypt of "letmein"
	withTLS := fmt.Sprintf("tls_server_config: {cert_file: %[1]s/cert.pem, key_file: %[1]s/key.pem}\n", dir)
	withUser := fmt.Sprintf("basic_auth_users: {prometheus: %q}\n", hash)
	for name, tt := range map[string]struct {
		config, url string
		status      int
	}{
		"TLS":                       {withTLS, "https://%s/metrics", 200},
		"TLS asked without":         {withTLS, "http://%s/metrics", 400},
		"password missing":          {withUser, "http://%s/metrics", 401},
		"password given":            {withUser, "http://prometheus:letmein@%s/metrics", 200},
		"TLS and password":          {withTLS + withUser, "https://prometheus:letmein@%s/metrics", 200},
		"wrong password behind TLS": {withTLS + withUser, "https://prometheus:x@%s/metrics", 401},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "web.yml")
			if err := os.WriteFile(file, []byte(tt.config), 0o600); err != nil {
				t.Fatal(err)
			}
			_, addr := serve(t, Options{Gatherer: registry(t), ConfigFile: file})
			if resp, _ := fetch(t, fmt.Sprintf(tt.url, addr)); resp.StatusCode != tt.status {
				t.Errorf("status %d, want %d", resp.StatusCode, tt.status)
			}
			if err := Health(t.Context(), addr); err != nil {
				t.Errorf("Health: %v", err)
			}
		})
	}
}

// writeCertificate makes a self-signed certificate of this test's own.
func writeCertificate(t *testing.T, dir string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"}}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{
		"cert.pem": {Type: "CERTIFICATE", Bytes: cert}, "key.pem": {Type: "PRIVATE KEY", Bytes: der},
	} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestHealthReachesListenersOfEveryAddress(t *testing.T) {
	for addr, want := range map[string]string{
		":9899": "127.0.0.1:9899", "0.0.0.0:1": "127.0.0.1:1", "[::]:1": "[::1]:1", "192.0.2.1:1": "192.0.2.1:1", "mx.example:1": "mx.example:1",
	} {
		if got, err := reachable(addr); err != nil || got != want {
			t.Errorf("%s: %s, %v, want %s", addr, got, err, want)
		}
	}
	for _, bad := range []string{"", "localhost"} {
		if err := Health(t.Context(), bad); err == nil {
			t.Errorf("Health(%q): no error", bad)
		}
	}
}

func TestHealthOfAStrangerIsAnError(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	other := &http.Server{Handler: http.NotFoundHandler()}
	go other.Serve(l)
	defer other.Close()
	if err := Health(t.Context(), l.Addr().String()); !errors.Is(err, ErrNotReady) {
		t.Errorf("some other server: %v, want ErrNotReady", err)
	}
}
