package audit

// Facts is what else of a message the rules decided by: with it, another rule pack can be asked about mail that is gone (sekisho replay --history).
type Facts struct {
	From       string         `json:"from,omitempty"`
	ClientName string         `json:"client_name,omitempty"`
	Helo       string         `json:"helo,omitempty"`
	TLS        bool           `json:"tls,omitempty"`
	Locked     bool           `json:"locked,omitempty"`
	Warm       bool           `json:"warm,omitempty"`
	Auth       string         `json:"auth,omitempty"`
	Files      []string       `json:"files,omitempty"`
	Links      []string       `json:"links,omitempty"`
	Lists      []string       `json:"lists,omitempty"`
	Outbound   map[string]int `json:"outbound,omitempty"`
}

// bounded returns the facts with their strings cut; nil stays nil.
func (f *Facts) bounded(c *cutter) *Facts {
	if f == nil {
		return nil
	}
	out := *f
	for _, s := range []*string{&out.From, &out.ClientName, &out.Helo, &out.Auth} {
		c.text(s)
	}
	for _, l := range []*[]string{&out.Files, &out.Links, &out.Lists} {
		*l = c.list(*l)
	}
	return &out
}
