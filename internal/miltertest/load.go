package miltertest

import (
	"fmt"
	"net"
	"net/textproto"
	"sync"

	gomilter "github.com/emersion/go-milter"
)

// Load sends n copies of a message over as many connections as concurrency says, each one kept for all its messages, and reports
// the first error.
func Load(network, addr string, o Offer, concurrency, n int, m Mail) error {
	return LoadEach(network, addr, o, concurrency, n, func() Mail { return m })
}

// LoadEach is Load with a message of its own each time; next is called by several goroutines.
func LoadEach(network, addr string, o Offer, concurrency, n int, next func() Mail) error {
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		first error
	)
	for i := range concurrency {
		share := n / concurrency
		if i < n%concurrency {
			share++
		}
		wg.Go(func() {
			if err := deliver(network, addr, o, share, next); err != nil {
				mu.Lock()
				defer mu.Unlock()
				if first == nil {
					first = err
				}
			}
		})
	}
	wg.Wait()
	return first
}

// deliver sends n messages over one connection.
func deliver(network, addr string, o Offer, n int, next func() Mail) error {
	s, err := Dial(network, addr, o)
	if err != nil {
		return err
	}
	defer s.nc.Close()
	s.Macros('C', "j", "mx.example.org", "{daemon_name}", "mx.example.org")
	if _, err := s.Connect("client.example.com", '4', 40000, "192.0.2.1"); err != nil {
		return err
	}
	if _, err := s.Helo("client.example.com"); err != nil {
		return err
	}
	for range n {
		out, err := s.Send(next())
		if err != nil {
			return err
		}
		if out.Code != 'a' && out.Code != 'c' && out.Code != 'd' {
			return fmt.Errorf("miltertest: message refused: %q %s", out.Code, out.Text)
		}
	}
	return s.Close()
}

// Null serves a filter on the same library that looks at nothing, with the protocol options under which the library is fastest. It
// returns when l is closed.
func Null(l net.Listener) {
	quiet := gomilter.OptNoHeaderReply | gomilter.OptNoConnReply | gomilter.OptNoHeloReply | gomilter.OptNoMailReply |
		gomilter.OptNoRcptReply | gomilter.OptNoDataReply | gomilter.OptNoUnknownReply | gomilter.OptNoEOHReply |
		gomilter.OptNoBodyReply | gomilter.OptNoUnknown | gomilter.OptNoData
	s := gomilter.Server{NewMilter: func() gomilter.Milter { return null{} }, Protocol: quiet}
	_ = s.Serve(l) // ends with l; the library has no other way
}

// null answers nothing before the end of the message.
type null struct{ gomilter.NoOpMilter }

var _ gomilter.Milter = null{}

func (null) Connect(string, string, uint16, net.IP, *gomilter.Modifier) (gomilter.Response, error) {
	return nil, nil
}
func (null) Helo(string, *gomilter.Modifier) (gomilter.Response, error)           { return nil, nil }
func (null) MailFrom(string, *gomilter.Modifier) (gomilter.Response, error)       { return nil, nil }
func (null) RcptTo(string, *gomilter.Modifier) (gomilter.Response, error)         { return nil, nil }
func (null) Header(string, string, *gomilter.Modifier) (gomilter.Response, error) { return nil, nil }
func (null) BodyChunk([]byte, *gomilter.Modifier) (gomilter.Response, error)      { return nil, nil }
func (null) Headers(textproto.MIMEHeader, *gomilter.Modifier) (gomilter.Response, error) {
	return nil, nil
}
func (null) Body(*gomilter.Modifier) (gomilter.Response, error) { return gomilter.RespContinue, nil }
