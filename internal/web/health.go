package web

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

const (
	healthTime = 10 * time.Second // more than checkTime, less than a container's usual health timeout of 30 s
	answerMax  = 64 << 10         // bytes of an answer that are read; it has one line per check
)

// ErrNotReady is a daemon that answers and cannot do its work.
var ErrNotReady = errors.New("web: not ready")

// Health asks the daemon whose web.listen is addr whether it is ready. Where the server asks for a password, to be alive is all that can be known: that
// is no error.
func Health(ctx context.Context, addr string) error {
	if addr == "" {
		return errors.New("web: web.listen is empty: there is nobody to ask")
	}
	ctx, cancel := context.WithTimeout(ctx, healthTime)
	defer cancel()
	host, err := reachable(addr)
	if err != nil {
		return err
	}
	status, body, err := get(ctx, "http://"+host+"/readyz")
	if err == nil && status == http.StatusBadRequest && strings.Contains(string(body), "HTTPS") { // net/http's answer to plain HTTP on a TLS port
		status, body, err = get(ctx, "https://"+host+"/readyz")
	}
	switch {
	case err != nil:
		return fmt.Errorf("web: %w", err)
	case status == http.StatusOK || status == http.StatusUnauthorized:
		return nil
	}
	return notReady(status, body)
}

// notReady turns an answer of /readyz into an error with its reasons.
func notReady(status int, body []byte) error {
	var s State
	if err := json.Unmarshal(body, &s); err != nil {
		return fmt.Errorf("%w: status %d", ErrNotReady, status)
	}
	var reasons []string
	for _, c := range s.Checks {
		if !c.OK {
			reasons = append(reasons, fmt.Sprintf("%s: %s", c.Name, c.Reason))
		}
	}
	return fmt.Errorf("%w: %s", ErrNotReady, strings.Join(reasons, "; "))
}

// reachable turns a listener's address into one to connect to: every address includes this machine's own.
func reachable(addr string) (string, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", fmt.Errorf("web: %w", err)
	}
	a, err := netip.ParseAddr(host)
	switch {
	case host == "" || err == nil && a.Is4() && a.IsUnspecified():
		host = "127.0.0.1"
	case err == nil && a.IsUnspecified():
		host = "::1"
	}
	return net.JoinHostPort(host, port), nil
}

// get asks without a proxy and follows no redirect. The certificate is not checked: it names the host as others see it, this asks the
// own machine, and the question holds no secret.
func get(ctx context.Context, url string) (status int, body []byte, err error) {
	c := http.Client{
		Transport: &http.Transport{
			TLSClientConfig:   &tls.Config{InsecureSkipVerify: true},
			DisableKeepAlives: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, nil, err
	}
	resp, err := c.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(io.LimitReader(resp.Body, answerMax))
	return resp.StatusCode, body, err
}
