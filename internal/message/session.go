package message

import (
	"encoding/json"
	"fmt"
	"io"
)

// sessionMax bounds a session file: a thousand recipients of 254 bytes, twice over.
const sessionMax = 1 << 20

// ReadSession reads the SMTP session of a mail kept in a file: one JSON object with the names of Envelope's fields. What it does not
// know it passes over, a direction among them: that is always computed.
func ReadSession(r io.Reader) (Envelope, error) {
	var e Envelope
	if err := readJSON(r, &e); err != nil {
		return Envelope{}, fmt.Errorf("message: session file: %w", err)
	}
	return e, nil
}

// ReadSite reads a site.json: what the owner of the gateway would configure, for offline runs. Fields it does not know are passed over.
func ReadSite(r io.Reader) (Site, error) {
	var s Site
	if err := readJSON(r, &s); err != nil {
		return Site{}, fmt.Errorf("message: site file: %w", err)
	}
	return s, nil
}

func readJSON(r io.Reader, v any) error {
	b, err := io.ReadAll(io.LimitReader(r, sessionMax+1))
	if err != nil {
		return err
	}
	if len(b) > sessionMax {
		return fmt.Errorf("larger than %d bytes", sessionMax)
	}
	return json.Unmarshal(b, v)
}
