package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"sekisho/internal/finding"
	"sekisho/internal/hosts"
)

// hostRow is one line of hosts --json.
type hostRow struct {
	Schema int    `json:"schema"`
	Who    string `json:"who"`
	hosts.Row
}

func (d *hostsDesk) rowsJSON(rows []hosts.Row) error {
	for _, r := range rows {
		if err := d.encode(hostRow{1, r.Who(), r}); err != nil {
			return err
		}
	}
	return nil
}

// rows prints a table, what its words mean where that matters, and the sum.
func (d *hostsDesk) rows(shown, all []hosts.Row) error {
	lines := [][]string{strings.Split(text(d.lang, "hosts_head"), "\t")}
	states := map[hosts.State]int{}
	for _, r := range all {
		states[r.State]++
	}
	for _, r := range shown {
		lines = append(lines, []string{
			text(d.lang, "hs_"+string(r.State)), short(r.Host), several(r.Accounts), several(r.Addresses), day(r.Since), d.behaviour(r), d.emocheck(r),
		})
	}
	if len(shown) > 0 {
		if err := table(d.out, lines); err != nil {
			return err
		}
	}
	var sum []string
	for _, s := range hosts.States() {
		sum = append(sum, fmt.Sprintf("%s %d", text(d.lang, "hs_"+string(s)), states[s]))
	}
	fmt.Fprintln(d.out, strings.Join(sum, text(d.lang, "comma")))
	if states[hosts.Impersonated] > 0 {
		fmt.Fprintln(d.out, text(d.lang, "impersonated"))
	}
	if len(all) == 0 {
		fmt.Fprintln(d.out, text(d.lang, "hosts_none"))
	}
	return nil
}

// several is a list in a column.
func several(list []string) string {
	switch len(list) {
	case 0:
		return ""
	case 1:
		return short(list[0])
	}
	return fmt.Sprintf("%s +%d", short(list[0]), len(list)-1)
}

// behaviour is what the gateway saw, in a column.
func (d *hostsDesk) behaviour(r hosts.Row) string {
	var words []string
	for _, i := range r.Incidents {
		if i.Open() {
			words = append(words, fmt.Sprintf(text(d.lang, "hb_"+i.Why), i.Mails, i.Recipients))
		}
	}
	for _, i := range r.Impersonated {
		words = append(words, fmt.Sprintf(text(d.lang, "hb_abused"), i.Mails))
	}
	if len(words) == 0 && len(r.Incidents) > 0 {
		words = append(words, text(d.lang, "hb_cleared"))
	}
	if len(words) > 1 {
		return fmt.Sprintf("%s +%d", words[0], len(words)-1)
	}
	return strings.Join(words, "")
}

// emocheck is EmoCheck's word, in a column.
func (d *hostsDesk) emocheck(r hosts.Row) string {
	c := r.EmoCheck
	if c == nil {
		return text(d.lang, "unchecked")
	}
	key := "he_clean"
	if c.Infected {
		key = "he_infected"
	}
	words := text(d.lang, key) + " " + stamp(c.Scanned)
	if r.Before {
		words += " " + text(d.lang, "he_before")
	}
	return words
}

// explainHost prints everything about one row.
func (d *hostsDesk) explainHost(r hosts.Row) {
	line := func(key, format string, args ...any) {
		fmt.Fprintf(d.out, "%s: %s\n", text(d.lang, key), printable(fmt.Sprintf(format, args...)))
	}
	fmt.Fprintf(d.out, "%s  %s\n  %s\n", printable(r.Who()), text(d.lang, "hs_"+string(r.State)), text(d.lang, "hx_"+string(r.State)))
	if r.Host != "" {
		line("l_machine", "%s", r.Host)
	}
	for _, a := range r.Accounts {
		line("l_account", "%s", a)
	}
	for _, a := range r.Addresses {
		line("l_address", "%s", a)
	}
	if len(r.Hints) > 0 {
		line("l_hints", "%s", strings.Join(r.Hints, ", "))
	}
	if !r.Since.IsZero() {
		line("l_since", "%s – %s", stamp(r.Since), stamp(r.Last))
	}
	line("l_emocheck", "%s", d.emocheck(r))
	d.explainCheck(r.EmoCheck)
	for _, i := range r.Incidents {
		d.explainIncident(i)
	}
	for _, i := range r.Impersonated {
		fmt.Fprintf(d.out, "\n%s: %s\n", text(d.lang, "l_abused"), printable(i.Address))
		fmt.Fprintf(d.out, "  "+text(d.lang, "hb_abused")+"  %s – %s\n  %s\n", i.Mails, stamp(i.First), stamp(i.Last), text(d.lang, "impersonated"))
	}
	fmt.Fprintln(d.out)
}

func (d *hostsDesk) explainCheck(c *hosts.Check) {
	if c == nil {
		return
	}
	if c.Version != "" {
		fmt.Fprintf(d.out, "  EmoCheck %s\n", printable(c.Version))
	}
	if !c.Until.IsZero() {
		fmt.Fprintf(d.out, "  "+text(d.lang, "was_infected")+"\n", stamp(c.Since), stamp(c.Until))
	}
	for _, p := range c.Processes {
		fmt.Fprintf(d.out, "  %s\n", printable(strings.TrimSpace(fmt.Sprintf("%s (%s)  %s  %s", p.Name, p.ID, p.Path, p.Key))))
	}
}

// explainIncident says why, since when, and who received what.
func (d *hostsDesk) explainIncident(i hosts.Incident) {
	fmt.Fprintf(d.out, "\n%s: %s  %s – %s\n", text(d.lang, "l_incident"), printable(i.Who), stamp(i.First), stamp(i.Last))
	fmt.Fprintf(d.out, "  "+text(d.lang, "hb_"+i.Why)+"\n", i.Mails, i.Recipients)
	for _, k := range i.Findings {
		fmt.Fprintf(d.out, "  %s: %s\n", k, finding.Kind(k).Explain(d.lang))
	}
	if !i.Open() {
		fmt.Fprintf(d.out, "  "+text(d.lang, "hb_clearedby")+"\n", stamp(i.Cleared), printable(i.ClearedBy), printable(i.ClearedWhy))
	}
	for _, s := range i.Samples {
		state := text(d.lang, "s_stopped")
		switch {
		case s.Delivered:
			state = text(d.lang, "s_delivered")
		case s.QuarantineID != "":
			state = fmt.Sprintf(text(d.lang, "s_held"), s.QuarantineID)
		}
		fmt.Fprintf(d.out, "  %s  %s  %s  %s\n", stamp(s.Time), state, printable(s.MessageID), short(s.Subject))
		for _, r := range s.Rcpts {
			fmt.Fprintf(d.out, "      <%s>\n", printable(r))
		}
		if s.More > 0 {
			fmt.Fprintf(d.out, "      +%d\n", s.More)
		}
		if len(s.Files) > 0 {
			fmt.Fprintf(d.out, "      %s: %s\n", text(d.lang, "l_file"), printable(strings.Join(s.Files, ", ")))
		}
	}
	if i.Open() {
		fmt.Fprintf(d.out, text(d.lang, "host_next"), shellWord(printable(i.Who)))
	}
}

// imported prints the summary of an import: what was taken, and what was not where there is any.
func (d *hostsDesk) imported(s hosts.Summary) {
	fmt.Fprintf(d.out, text(d.lang, "hi_reports")+"\n", s.Reports, s.New, s.Infected)
	if s.Inventories > 0 {
		fmt.Fprintf(d.out, text(d.lang, "hi_inventory")+"\n", s.Machines, s.Inventories, s.Forgotten)
	}
	for _, c := range []struct {
		key string
		n   int
	}{
		{"hi_foreign", s.Foreign}, {"hi_unfinished", s.Unfinished}, {"hi_nameless", s.Nameless}, {"hi_undated", s.Undated},
		{"hi_large", s.TooLarge}, {"hi_unread", s.Unread}, {"hi_full", s.Full},
	} {
		if c.n > 0 {
			fmt.Fprintf(d.out, "  %d  %s\n", c.n, text(d.lang, c.key))
		}
	}
}

// csvHead are the columns of --csv: stable, new ones come behind.
const csvHead = "state,machine,accounts,addresses,since,last,findings,mails,recipients,abused,emocheck,emocheck_time,emocheck_version,checked_before,hints"

// hostsCSV writes RFC 4180. Lists stand in one cell with spaces between.
func hostsCSV(w io.Writer, rows []hosts.Row, bom bool) error {
	if bom {
		if _, err := io.WriteString(w, "\ufeff"); err != nil {
			return err
		}
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true // RFC 4180 2
	if err := out.Write(strings.Split(csvHead, ",")); err != nil {
		return err
	}
	for _, r := range rows {
		if err := out.Write(csvRow(r)); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func csvRow(r hosts.Row) []string {
	mails, rcpts, abused := 0, 0, 0
	var kinds []string
	for _, i := range r.Incidents {
		if i.Open() {
			mails, rcpts = max(mails, i.Mails), max(rcpts, i.Recipients) // the account's and the machine's are the same mails
			kinds = append(kinds, i.Findings...)
		}
	}
	for _, i := range r.Impersonated {
		abused += i.Mails
	}
	checked, at, version := "", "", ""
	if c := r.EmoCheck; c != nil {
		checked, at, version = "clean", rfc3339(c.Scanned), c.Version
		if c.Infected {
			checked = "infected"
		}
	}
	row := []string{
		string(r.State), r.Host, strings.Join(r.Accounts, " "), strings.Join(r.Addresses, " "), rfc3339(r.Since), rfc3339(r.Last), strings.Join(unique(kinds), " "),
		strconv.Itoa(mails), strconv.Itoa(rcpts), strconv.Itoa(abused), checked, at, version, strconv.FormatBool(r.Before), strings.Join(r.Hints, " "),
	}
	for i := range row {
		row[i] = cell(row[i])
	}
	return row
}

func rfc3339(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}

func unique(list []string) (once []string) {
	seen := map[string]bool{}
	for _, s := range list {
		if !seen[s] {
			seen[s] = true
			once = append(once, s)
		}
	}
	return once
}

// cell keeps a spreadsheet from taking a text for a formula (CWE-1236): an apostrophe before what begins one, in full width too.
func cell(s string) string {
	s = printable(s)
	if s != "" && strings.ContainsRune("=+-@＝＋－＠", []rune(s)[0]) {
		return "'" + s
	}
	return s
}
